"""The relay: the one place that publishes. Reads the outbox, sends what is due, keeps few messages on the broker.

What was sent and not done is sent again after a while; the case's version makes the second delivery find nothing.
The backlog waits in PostgreSQL, in order of priority: a bulk sender can not fill the broker before the counter.
Plain psycopg: it wakes for nearly every commit of the office, and one statement finds all that may go.
"""

from __future__ import annotations

import select as io_select
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from kombu.exceptions import OperationalError as BrokerAway
from psycopg.rows import class_row
from redis.exceptions import RedisError

from models.crash_points import crash_point
from models.ports import Clock
from models.queues import RELAY_HEARTBEAT, Queue
from workers import logs
from workers.adapters.clock import SystemClock
from workers.settings import Settings

IN_FLIGHT = 12
"""Messages of a lane on the broker at once: enough to keep its workers busy, few enough to lose."""

SLOW = {Queue.ARCHIVE: 4, Queue.WEBHOOKS: 4}
"""Queues with less room: one of their messages may take long, and all must be worked off before AGAIN_AFTER."""

LATER = 9
"""The priority of what waits for a quiet moment, and of all after it."""

LANES = ((0, 4), (5, 32767))
"""Priorities, first and last, that share a queue's room: whoever waits at the counter has room that no batch fills."""

AGAIN_AFTER = timedelta(seconds=20)
"""Sent and not done for so long: sent again. Longer than a queue of IN_FLIGHT takes to be worked off."""

PULSE = timedelta(seconds=5)
TOGETHER = 0.05
"""Seconds that a wake-up waits for its like: a pile of fifty letters is fifty commits and few sweeps."""

PATIENCE = timedelta(minutes=15)
"""Pictures of pages wait while berkas find no room at the intake, but not longer than this."""

_DUE = """
WITH rush AS (
    SELECT EXISTS (SELECT FROM outbox WHERE queue = 'intake' AND priority < %(later)s
                      AND done_at IS NULL AND sent_at IS NULL AND due_at <= %(now)s - interval '1 second')
       AND NOT EXISTS (SELECT FROM outbox WHERE queue = 'archive' AND priority >= %(later)s
                          AND done_at IS NULL AND sent_at IS NULL AND due_at <= %(overdue)s)
       AND NOT EXISTS (SELECT FROM heartbeat WHERE name = 'paused.intake' AND succeeded_at IS NULL) AS on
), flying AS (
    SELECT queue, priority, count(*) AS n FROM outbox
     WHERE done_at IS NULL AND sent_at IS NOT NULL AND due_at > %(now)s GROUP BY queue, priority
), lane AS (
    SELECT l.queue, l.low, CASE WHEN rush.on THEN least(l.high, %(later)s - 1) ELSE l.high END AS high,
           l.room - coalesce(sum(f.n), 0)::int AS room
      FROM unnest(%(queues)s::text[], %(lows)s::int[], %(highs)s::int[], %(rooms)s::int[]) AS l (queue, low, high, room)
      CROSS JOIN rush LEFT JOIN flying f ON f.queue = l.queue AND f.priority BETWEEN l.low AND l.high
     WHERE NOT EXISTS (SELECT FROM heartbeat h WHERE h.name = 'paused.' || l.queue AND h.succeeded_at IS NULL)
     GROUP BY l.queue, l.low, l.high, l.room, rush.on
), due AS MATERIALIZED (
    SELECT picked.id, picked.priority FROM lane CROSS JOIN LATERAL (
        SELECT o.id, o.priority FROM outbox o
         WHERE o.queue = lane.queue AND o.priority BETWEEN lane.low AND lane.high
           AND o.done_at IS NULL AND o.due_at <= %(now)s
         ORDER BY o.priority, o.id LIMIT greatest(0, lane.room)
           FOR UPDATE SKIP LOCKED) AS picked
)
UPDATE outbox o SET sent_at = %(now)s, sent_count = o.sent_count + 1, due_at = %(again)s
  FROM due WHERE o.id = due.id
RETURNING o.id, o.task, o.queue, o.subject_id::text AS subject_id, o.generation, o.priority, o.trace
"""
_PLACES = [(queue, low, high) for queue in Queue for low, high in LANES]
_LANES = {
    "queues": [queue.value for queue, _, _ in _PLACES],
    "lows": [low for _, low, _ in _PLACES],
    "highs": [high for _, _, high in _PLACES],
    "rooms": [SLOW.get(queue, IN_FLIGHT) for queue, _, _ in _PLACES],
}
_BEAT = """
INSERT INTO heartbeat (name, succeeded_at, detail) VALUES (%s, %s, '')
ON CONFLICT (name) DO UPDATE SET succeeded_at = excluded.succeeded_at
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """One outbox row that is to be sent now."""

    id: int
    task: str
    queue: str
    subject_id: str
    generation: int
    priority: int
    trace: str


Publish = Callable[[Due], None]


@dataclass(slots=True)
class Relay:
    """Sends due work over one connection, opened again when it breaks; several relays may run."""

    url: str
    clock: Clock
    publish: Publish
    _connection: psycopg.Connection[Any] | None = field(default=None, init=False)
    _beat_due: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    def sweep(self) -> int:
        """Send everything that may be sent now; returns how many messages went out.

        A message that the broker does not take rolls all back: those before it are sent twice, none is lost.
        """
        now, connection = self.clock.now(), self._open()
        values = {"now": now, "again": now + AGAIN_AFTER, "overdue": now - PATIENCE, "later": LATER, **_LANES}
        with connection.transaction(), connection.cursor(row_factory=class_row(Due)) as cursor:
            rows = sorted(cursor.execute(_DUE, values).fetchall(), key=lambda row: (row.priority, row.id))
            for row in rows:
                self.publish(row)
            self._pulse(connection, now)
            crash_point("relay.sweep.before_commit")
        crash_point("relay.sweep.after_commit")
        return len(rows)

    def _pulse(self, connection: psycopg.Connection[Any], now: datetime) -> None:
        # A health check watches the age of this row: progress, not presence.
        if now >= self._beat_due:
            connection.execute(_BEAT, (RELAY_HEARTBEAT, now))
            self._beat_due = now + PULSE

    def wait(self, seconds: float) -> None:
        """Until PostgreSQL tells of new work or of work done, at most `seconds`."""
        connection = self._open()
        # News that came during the sweep lies in the connection already: the socket would stay silent about it.
        if not _heard(connection):
            ready, _, _ = io_select.select([connection.fileno()], [], [], seconds)
            if not ready:
                return
        threading.Event().wait(TOGETHER)
        _heard(connection)

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            url = self.url.replace("postgresql+psycopg://", "postgresql://", 1)
            self._connection = psycopg.connect(
                url, autocommit=True, connect_timeout=5, application_name="paraf-relay", options="-c lock_timeout=10s"
            )
            self._connection.execute("LISTEN paraf_outbox")
        return self._connection

    def close(self) -> None:
        """Let the connection go; the next use opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _heard(connection: psycopg.Connection[Any]) -> bool:
    return len(list(connection.notifies(timeout=0))) > 0


def run(relay: Relay, pause: float, stop: threading.Event) -> None:
    """Sweep when there is news and every `pause` seconds, until `stop`; nothing makes it give up."""
    while not stop.is_set():
        try:
            sent = relay.sweep()
            if sent:
                log.info("relayed", messages=sent)
            relay.wait(pause)
        except (BrokerAway, RedisError) as error:
            log.warning("relay_waits", error=type(error).__name__)
            stop.wait(min(pause, 1.0))
        except (psycopg.Error, OSError) as error:
            log.warning("relay_waits", error=type(error).__name__)
            relay.close()
            stop.wait(min(pause, 1.0))
    relay.close()


def publisher() -> Publish:
    """Puts one outbox row on the broker: a task name, an id and a generation, nothing else."""
    from workers.app import app

    def publish(row: Due) -> None:
        arguments = {"id": row.subject_id, "generation": row.generation}
        headers = {"traceparent": row.trace} if row.trace else {}
        crash_point("relay.publish.before", row.task)
        app.send_task(row.task, kwargs=arguments, queue=row.queue, headers=headers, priority=row.priority)
        crash_point("relay.publish.after", row.task)

    return publish


def main() -> None:
    """The process `python -m workers.relay`."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = Settings()
    logs.configure(settings)
    relay = Relay(settings.app_database, SystemClock(), publisher())
    log.info("relay_started")
    run(relay, settings.relay_sweep_seconds, stop)
    log.info("relay_stopped")


if __name__ == "__main__":
    main()
