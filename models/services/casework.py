"""What every act on a case shares: lock, check the version, move by the table, record, enqueue."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from models.queues import queue_of
from models.rules.errors import NotFound, StaleVersion
from models.rules.roles import Actor
from models.rules.stages import Command, Position, Stage, decide
from models.services.tracing import TRACEPARENT
from models.tables.cases import Application, Event, HolderData
from models.tables.work import Outbox

SYSTEM = Actor("system")


def lock_case(session: Session, application_id: UUID) -> Application:
    """The case, locked until the transaction ends; raises NotFound."""
    case = session.exec(
        select(Application)
        .where(Application.id == application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
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
    session.add(
        Event(
            at=at,
            kind=kind,
            application_id=case.id if case else None,
            actor_id=actor.person_id,
            actor=actor.client or ("" if actor.person_id else "link" if actor.link_to else actor.name),
            stage_from=stage_from,
            stage_to=case.stage if case else "",
            revision=case.revision if case else None,
            version=case.version if case else None,
            detail=detail,
            trace=TRACEPARENT.get(),
        )
    )


def enqueue(
    session: Session, task: str, subject_id: UUID, generation: int, now: datetime, *, priority: int = 5
) -> None:
    """Ask for a task; it is sent once this transaction is committed, never before."""
    session.add(
        Outbox(
            task=task,
            queue=queue_of(task),
            subject_id=subject_id,
            generation=generation,
            priority=priority,
            created_at=now,
            due_at=now,
            trace=TRACEPARENT.get(),
        )
    )


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
