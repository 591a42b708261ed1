"""Workers tell Flower of their tasks together, and lose no word when the broker's connection does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from workers import consumer


class Hub:
    """Keeps what is to be called later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, Callable[[], Any]]] = []

    def call_later(self, seconds: float, work: Callable[[], Any]) -> None:
        self.later.append((seconds, work))


class Dispatcher:
    """Counts how often it was told to send."""

    def __init__(self) -> None:
        self.sent = 0

    def flush(self) -> None:
        self.sent += 1


@pytest.fixture
def worker() -> Any:
    made = consumer.Consumer.__new__(consumer.Consumer)
    made.hub, made.event_dispatcher = Hub(), Dispatcher()
    return made


def test_events_of_one_moment_are_told_together(worker: Any) -> None:
    for _ in range(5):
        worker.on_send_event_buffered()
    assert [seconds for seconds, _ in worker.hub.later] == [consumer.TOGETHER]
    worker.hub.later[0][1]()
    assert worker.event_dispatcher.sent == 1


def test_timers_that_a_lost_connection_took_along_are_set_again(worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.on_send_event_buffered()
    worker.hub = Hub()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2 * consumer.TOGETHER)
    worker.on_send_event_buffered()
    assert len(worker.hub.later) == 1


def test_without_a_loop_nothing_is_planned(worker: Any) -> None:
    worker.hub = None
    worker.on_send_event_buffered()
    assert worker.event_dispatcher.sent == 0
