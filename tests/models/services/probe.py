"""What a test reads of an office's database, in a line."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlmodel import SQLModel, col, select

from models.rules.stages import TASKS
from models.tables.cases import Event
from models.tables.work import Outbox
from tests.factories import Office

T = TypeVar("T", bound=SQLModel)


def rows(office: Office, table: type[T], *conditions: object) -> list[T]:
    """Every row of a table that fits."""
    with office.db.transaction() as session:
        return list(session.exec(select(table).where(*conditions)))  # type: ignore[arg-type]


def only(office: Office, table: type[T], *conditions: object) -> T:
    """The one row that fits."""
    found = rows(office, table, *conditions)
    assert len(found) == 1, f"{len(found)} rows of {table.__name__}"
    return found[0]


def events(office: Office, case_id: UUID) -> list[Event]:
    """The case's audit trail, oldest first."""
    with office.db.transaction() as session:
        return list(session.exec(select(Event).where(Event.application_id == case_id).order_by(col(Event.id))))


def kinds(office: Office, case_id: UUID) -> list[str]:
    """What happened, in order."""
    return [event.kind for event in events(office, case_id)]


def work_of(office: Office, case_id: UUID) -> list[Outbox]:
    """The machine steps that were asked for a case, oldest first; receipts and messages are not among them."""
    steps = select(Outbox).where(Outbox.subject_id == case_id, col(Outbox.task).in_(list(TASKS.values())))
    with office.db.transaction() as session:
        return list(session.exec(steps.order_by(col(Outbox.id))))


def undone(office: Office, case_id: UUID) -> list[Outbox]:
    """The case's work that still waits."""
    return [row for row in work_of(office, case_id) if row.done_at is None]


def standing(office: Office, case_id: UUID) -> tuple[str, int, int, int]:
    """Stage, version, revision and the paraf that is next: equal before and after when nothing moved."""
    case = office.case(case_id)
    return case.stage, case.version, case.revision, case.paraf_next


def lose_work(office: Office, case_id: UUID) -> None:
    """Mark a case's work as done though it was not: what a lost message or a bug would leave behind."""
    with office.db.transaction() as session:
        for row in session.exec(select(Outbox).where(Outbox.subject_id == case_id, col(Outbox.done_at).is_(None))):
            row.done_at = office.clock.now()
            session.add(row)
