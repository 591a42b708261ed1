"""What operators look at: queues by age and length, workers by progress, cases set aside, schedules, the backup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from models.queues import RELAY_HEARTBEAT, SCHEDULE, Queue, heartbeat, pause_mark
from models.rules.stages import TASKS, Stage
from models.tables.cases import Application
from models.tables.work import Heartbeat

BACKUP: Final = "backup"
BACKUP_SECONDS: Final = 26 * 3600
LATE: Final = 60
"""Seconds without progress after which a worker counts as away."""

SET_ASIDE: Final = 50
_QUEUES: Final = text(
    """SELECT queue, count(*) FILTER (WHERE sent_at IS NULL OR due_at <= :now),
              count(*) FILTER (WHERE sent_at IS NOT NULL AND due_at > :now),
              extract(epoch FROM CAST(:now AS timestamptz) - min(created_at))::int, count(*) FILTER (WHERE error <> '')
         FROM outbox WHERE done_at IS NULL GROUP BY queue"""
)
_GIVEN_UP: Final = text(
    """SELECT task, count(*) FROM outbox WHERE done_at > CAST(:now AS timestamptz) - interval '24 hours'
          AND error <> '' AND error NOT IN ('paused', 'cancelled') AND task <> ALL(:steps)
        GROUP BY task ORDER BY 2 DESC LIMIT 20"""
)
_SCHEDULES: Final = [name for name in SCHEDULE if not name.startswith("canary-")]


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: what waits, what workers have, the oldest in seconds, and when its worker last made progress."""

    queue: Queue
    waiting: int
    sent: int
    age: int
    failing: int
    paused: bool
    progress: datetime | None

    def away(self, now: datetime) -> bool:
        """Whether its worker seems to stand still."""
        return self.progress is None or (now - self.progress).total_seconds() > LATE


@dataclass(frozen=True, slots=True)
class Aside:
    """A case that a machine gave up, and the task that a retry runs again."""

    id: UUID
    number: str
    stage: Stage
    task: str
    reason: str
    since: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Room:
    """Everything on the operators' page."""

    queues: list[QueueState]
    relay: datetime | None
    schedules: list[tuple[str, datetime | None]]
    backup: datetime | None
    aside: list[Aside]
    given_up: list[tuple[str, int]]


def room(session: Session, now: datetime) -> Room:
    """The page in a fixed number of queries."""
    beats = {row.name: row for row in session.exec(select(Heartbeat))}
    found = {row[0]: row[1:] for row in session.execute(_QUEUES, {"now": now})}
    return Room(
        queues=[_queue(queue, found.get(queue.value, (0, 0, 0, 0)), beats) for queue in Queue],
        relay=_last(beats, RELAY_HEARTBEAT),
        schedules=[(name, _last(beats, name)) for name in _SCHEDULES],
        backup=_last(beats, BACKUP),
        aside=_aside(session),
        given_up=[
            (task, int(number))
            for task, number in session.execute(_GIVEN_UP, {"now": now, "steps": list(TASKS.values())})
        ],
    )


def _queue(queue: Queue, row: Sequence[int], beats: dict[str, Heartbeat]) -> QueueState:
    mark = beats.get(pause_mark(queue))
    paused = mark is not None and mark.succeeded_at is None
    return QueueState(queue, row[0], row[1], max(row[2], 0), row[3], paused, _last(beats, heartbeat(queue)))


def _last(beats: dict[str, Heartbeat], name: str) -> datetime | None:
    return beats[name].succeeded_at if name in beats else None


def _aside(session: Session) -> list[Aside]:
    rows = session.exec(
        select(Application)
        .where(col(Application.quarantined_at).is_not(None))
        .order_by(col(Application.quarantined_at))
        .limit(SET_ASIDE)
    )
    return [aside_of(case) for case in rows]


def aside_of(case: Application) -> Aside:
    """A case as the page lists it."""
    stage = Stage(case.stage)
    return Aside(
        case.id,
        case.registration_number or str(case.id),
        stage,
        TASKS.get(stage, ""),
        case.quarantine_reason,
        case.quarantined_at,
        case.version,
    )
