"""What every act on a case shares: lock, check the version, move by the table, record, enqueue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, text
from sqlmodel import Session, col, select

from models.queues import queue_of
from models.rules.errors import NotFound, StaleVersion
from models.rules.roles import Actor
from models.rules.stages import Command, Position, Stage, decide
from models.services.tracing import TRACEPARENT
from models.services.webhook_events import PRIORITY, note_of_case
from models.services.webhook_events import TASK as WEBHOOK
from models.tables.cases import Application, Event, HolderData
from models.tables.columns import table_of
from models.tables.work import Outbox

SYSTEM = Actor("system")

# What every step does several times is written once, without the object mapper: half of a step's CPU was its own.
_EVENTS, _OUTBOX = table_of(Event), table_of(Outbox)
_ADD_EVENT = insert(_EVENTS).inline()
_ADD_WORK = insert(_OUTBOX).inline()
_OPEN = """SELECT id FROM outbox
    WHERE subject_id = :subject AND task = :task AND generation = :generation AND done_at IS NULL
    ORDER BY id FOR UPDATE"""
_LOCK_WORK = text(_OPEN)
_LOCK_CASE = (
    select(Application)
    .where(Application.id == bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_COUNT_ATTEMPT = text(
    f"""WITH open AS MATERIALIZED ({_OPEN})
    UPDATE outbox o SET attempts = o.attempts + 1, due_at = coalesce(CAST(:due_at AS timestamptz), o.due_at)
      FROM open WHERE o.id = open.id RETURNING o.attempts, o.error, o.trace"""  # noqa: S608 - no value is put in
)
_END_WORK = text(
    f"""WITH open AS MATERIALIZED ({_OPEN})
    UPDATE outbox o SET done_at = :now, error = :error FROM open WHERE o.id = open.id"""  # noqa: S608 - the same
)


def lock_case(session: Session, application_id: UUID) -> Application:
    """The case, locked until the transaction ends; raises NotFound."""
    case = session.exec(_LOCK_CASE, params={"id": application_id}).one_or_none()
    if case is None:
        raise NotFound("There is no application with this id.")
    return case


def read_case(session: Session, application_id: UUID) -> Application:
    """The case as it stands, not locked; raises NotFound."""
    case = session.get(Application, application_id)
    if case is None:
        raise NotFound("There is no application with this id.")
    return case


def holder_of(session: Session, application_id: UUID) -> HolderData:
    holder = session.get(HolderData, application_id)
    if holder is None:
        raise NotFound("The application has no data yet.")
    return holder


def expect_version(case: Application, version: int | None) -> None:
    """Raises StaleVersion unless `version` is the case's present one (None: the caller does not care)."""
    if version is not None and version != case.version:
        raise StaleVersion(
            f"The case changed since you looked at it (you saw version {version}, it is now {case.version}):"
            " reload it, look again, and repeat the act if it is still right."
        )


def position_of(case: Application) -> Position:
    return Position(Stage(case.stage), case.revision, case.paraf_next, case.paraf_count)


def move(
    session: Session,
    case: Application,
    command: Command,
    actor: Actor,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take the case where `command` leads, write the event, enqueue the task that follows; raises WrongStage."""
    decision = decide(position_of(case), command)
    was = case.stage
    case.stage = decision.position.stage.value
    case.revision = decision.position.revision
    case.paraf_next = decision.position.paraf_next
    case.version += 1
    case.stage_since = now
    session.add(case)
    session.flush()
    record(session, command.value, at=now, case=case, actor=actor, stage_from=was, detail=detail)
    if decision.task:
        enqueue(session, decision.task, case.id, case.version, now, priority=case.priority)


def record(
    session: Session,
    kind: str,
    *,
    at: datetime,
    case: Application | None = None,
    actor: Actor = SYSTEM,
    stage_from: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one audit event. `detail` holds codes, hashes and counts, never personal values."""
    values = {
        "at": at,
        "kind": kind,
        "application_id": case.id if case else None,
        "actor_id": actor.person_id,
        "actor": actor.client or ("" if actor.person_id else "link" if actor.link_to else actor.name),
        "stage_from": stage_from,
        "stage_to": case.stage if case else "",
        "revision": case.revision if case else None,
        "version": case.version if case else None,
        "detail": detail,
        "trace": TRACEPARENT.get(),
    }
    session.connection().execute(_ADD_EVENT, values)
    if case is not None and case.client_id is not None:
        for message_id in note_of_case(session, case, kind, stage_from, at):
            enqueue(session, WEBHOOK, message_id, 1, at, priority=PRIORITY)


def enqueue(
    session: Session, task: str, subject_id: UUID, generation: int, now: datetime, *, priority: int = 5
) -> None:
    """Ask for a task; it is sent once this transaction is committed, never before."""
    values = {
        "task": task,
        "queue": queue_of(task).value,
        "subject_id": subject_id,
        "generation": generation,
        "priority": priority,
        "created_at": now,
        "due_at": now,
        "sent_count": 0,
        "attempts": 0,
        "error": "",
        "trace": TRACEPARENT.get(),
    }
    session.connection().execute(_ADD_WORK, values)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work as its outbox rows name it: the task, its subject, and the subject's version or round."""

    task: str
    subject_id: UUID
    generation: int

    def values(self) -> dict[str, Any]:
        return {"task": self.task, "subject": self.subject_id, "generation": self.generation}


@dataclass(frozen=True, slots=True)
class Attempt:
    """How often open work was taken up, this time included; the error of the time before; the trace it belongs to."""

    number: int
    error: str
    trace: str


def count_attempt(session: Session, work: Work, due_at: datetime | None = None) -> Attempt | None:
    """Count an attempt on each open outbox row, locked oldest first; None when all is done.

    `due_at`: when the message is to be sent again, unless it is done by then.
    """
    rows = session.connection().execute(_COUNT_ATTEMPT, {**work.values(), "due_at": due_at}).all()
    if not rows:
        return None
    return Attempt(max(row.attempts for row in rows), rows[0].error, rows[0].trace)


def lock_work(session: Session, work: Work) -> None:
    """Lock the open outbox rows of a piece of work, oldest first."""
    session.connection().execute(_LOCK_WORK, work.values())


def end_work(session: Session, work: Work, now: datetime, error: str = "") -> None:
    """Mark every open outbox row of a piece of work as done."""
    session.connection().execute(_END_WORK, {**work.values(), "now": now, "error": error[:500]})


def open_work(session: Session, task: str, subject_id: UUID, generation: int) -> list[Outbox]:
    """The outbox rows of one piece of work that are not done, locked, oldest first."""
    statement = (
        select(Outbox)
        .where(Outbox.subject_id == subject_id, Outbox.task == task, Outbox.generation == generation)
        .where(col(Outbox.done_at).is_(None))
        # In one order for all: two deliveries of doubled work must not wait for each other.
        .order_by(col(Outbox.id))
        .with_for_update()
    )
    return list(session.exec(statement))
