"""The relay: the one place that publishes. Reads the outbox, sends what is due, keeps few messages on the broker.

What was sent and not done is sent again after a while; the case's version makes the second delivery find nothing.
The backlog waits in PostgreSQL, in order of priority: a bulk sender can not fill the broker before the counter.
"""

from __future__ import annotations

import select as io_select
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError
from sqlmodel import col, func, select

from models.db import Database, DatabaseAway
from models.ports import Clock
from models.queues import RELAY_HEARTBEAT, Queue
from models.services import heartbeat
from models.tables.work import Outbox

IN_FLIGHT = 24
"""Messages of a queue on the broker at once: enough to keep its workers busy, few enough to lose."""

AGAIN_AFTER = timedelta(seconds=20)
"""Sent and not done for so long: sent again. Longer than a queue of IN_FLIGHT takes to be worked off."""

BATCH = 100
PULSE = timedelta(seconds=5)
log = structlog.get_logger()
Publish = Callable[[Outbox], None]


@dataclass(slots=True)
class Relay:
    """Sends due work; several may run, each row is locked by the one that sends it."""

    db: Database
    clock: Clock
    publish: Publish

    def sweep(self) -> int:
        """Send everything that may be sent now; returns how many messages went out."""
        return sum(self._sweep_queue(queue) for queue in Queue)

    def _sweep_queue(self, queue: Queue) -> int:
        now = self.clock.now()
        with self.db.transaction() as session:
            flying = session.exec(
                select(func.count())
                .select_from(Outbox)
                .where(Outbox.queue == queue.value, col(Outbox.done_at).is_(None))
                .where(col(Outbox.sent_at).is_not(None), Outbox.due_at > now)
            ).one()
            rows = session.exec(
                select(Outbox)
                .where(Outbox.queue == queue.value, col(Outbox.done_at).is_(None), Outbox.due_at <= now)
                .order_by(col(Outbox.priority), col(Outbox.id))
                .limit(max(0, min(BATCH, IN_FLIGHT - flying)))
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                self.publish(row)
                row.sent_at, row.sent_count, row.due_at = now, row.sent_count + 1, now + AGAIN_AFTER
                session.add(row)
            return len(rows)


def run(relay: Relay, listen_url: str, pause: float, stop: threading.Event) -> None:
    """Sweep when PostgreSQL tells of new work and every `pause` seconds, until `stop`; nothing makes it give up."""
    ear, pulse = _Ear(listen_url), _Pulse(relay)
    while not stop.is_set():
        try:
            sent = relay.sweep()
            pulse.beat()
            if sent:
                log.info("relayed", messages=sent)
                continue
        except (DatabaseAway, BrokerAway, RedisError, OSError) as error:
            log.warning("relay_waits", error=type(error).__name__)
            stop.wait(min(pause, 1.0))
            continue
        ear.wait(pause)
    ear.close()


class _Pulse:
    """Writes that the relay sweeps, at most every few seconds: a health check watches its age."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self._next = relay, datetime.min.replace(tzinfo=UTC)

    def beat(self) -> None:
        now = self._relay.clock.now()
        if now >= self._next:
            heartbeat.beat(self._relay.db, self._relay.clock, RELAY_HEARTBEAT)
            self._next = now + PULSE


class _Ear:
    """LISTEN on a connection of its own, opened again when it breaks; without it the pause alone decides."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, seconds: float) -> None:
        try:
            connection = self._open()
            ready, _, _ = io_select.select([connection.fileno()], [], [], seconds)
            if ready:
                for _ in connection.notifies(timeout=0):
                    pass
        except (psycopg.Error, OSError, ValueError):
            self.close()
            threading.Event().wait(min(seconds, 0.5))

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            self._connection.execute("LISTEN paraf_outbox")
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def main() -> None:
    """The process `python -m workers.relay`."""
    from workers import wiring

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = wiring.settings()
    relay = Relay(wiring.database(), wiring.clock(), wiring.publisher())
    log.info("relay_started")
    run(relay, settings.app_database, settings.relay_sweep_seconds, stop)
    log.info("relay_stopped")


if __name__ == "__main__":
    main()
