"""Figures that everybody asks for and that need not be of this second: counted once in a while, shown to all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptFor(Generic[T]):
    """One value that is made anew once it is older than `age`; while one thread makes it the others wait."""

    def __init__(self, age: timedelta) -> None:
        self._age = age
        self._guard = threading.Lock()
        self._kept: tuple[datetime, T] | None = None

    def get(self, now: datetime, make: Callable[[], T]) -> T:
        """The value as of at most `age` before `now`."""
        with self._guard:
            if self._kept is None or not timedelta() <= now - self._kept[0] < self._age:
                self._kept = (now, make())
            return self._kept[1]
