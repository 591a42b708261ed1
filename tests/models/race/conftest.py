"""An office whose database bears many threads at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from models.db import Database
from tests.conftest import Database as Urls
from tests.factories import Office, an_office

RACERS = 10
T = TypeVar("T")


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    """An office with connections enough for every racer."""
    db = Database(fresh_database.app_url, pool_size=RACERS)
    yield an_office(db)
    db.dispose()


def together(acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Start all acts at the same moment, a thread each; what each returned or raised, in the order given."""
    line = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        line.wait(timeout=30)
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
