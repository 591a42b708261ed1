"""The back office's table: the next number of each series, the numbers of a day, blankos and their prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from api.views.turns import all_sops
from models.rules.errors import NotFound
from models.rules.numbering import JAKARTA
from models.rules.sop import Sop
from models.services.concept_prints import PRINTED_AT, TASK
from models.tables.backoffice import ConceptPrint
from models.tables.cases import Application, HolderData
from models.tables.letters import Blanko, HandOver, Licence, NumberSeries, RegisterEntry
from models.tables.work import Outbox

LINES = 50
VOIDABLE = frozenset({"assembling", "ready"})


@dataclass(frozen=True, slots=True)
class NextNumber:
    """What the next signed letter of a licence will be called, if it is signed this year."""

    licence: str
    series: str
    number: str
    last: int


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number that was taken on a day."""

    application_id: UUID
    number: str
    name: str
    assigned_at: datetime
    state: str
    void_reason: str
    licence_status: str
    handed_over_at: datetime | None
    voidable: bool


@dataclass(frozen=True, slots=True)
class BlankoRow:
    """A letter that is not signed yet; `prints` of its present revision."""

    application_id: UUID
    registration_number: str
    name: str
    stage: str
    revision: int
    sha256: str
    made_at: datetime
    prints: int


@dataclass(frozen=True, slots=True)
class PrintState:
    """A print that was asked for. `failed`: nobody works on it any more and it is not made."""

    id: UUID
    application_id: UUID
    registration_number: str
    name: str
    revision: int
    copy_number: int
    requested_at: datetime
    sha256: str
    failed: bool


def next_numbers(session: Session, today: date) -> list[NextNumber]:
    """Of every series whose licence is in force today."""
    rows = session.exec(select(NumberSeries).where(NumberSeries.year == today.year)).all()
    last = {row.series: row.last_seq for row in rows}
    return [_next(sop, last.get(sop.number.series, 0), today) for sop in _in_force(session, today)]


def _in_force(session: Session, today: date) -> list[Sop]:
    newest: dict[str, Sop] = {}
    for sop in sorted(all_sops(session).values(), key=lambda one: one.effective_on):
        if sop.effective_on <= today:
            newest[sop.licence_code] = sop
    return [newest[code] for code in sorted(newest)]


def _next(sop: Sop, last: int, today: date) -> NextNumber:
    return NextNumber(sop.licence_name, sop.number.series, sop.number.render(last + 1, today), last)


def numbers_of(session: Session, day: date, page: int = 1) -> tuple[list[NumberRow], bool]:
    """The numbers taken on a day, the last first, and whether there are more."""
    begins = datetime.combine(day, time(), JAKARTA)
    at = col(RegisterEntry.assigned_at)
    same = and_(
        col(Licence.series) == col(RegisterEntry.series),
        col(Licence.year) == col(RegisterEntry.year),
        col(Licence.seq) == col(RegisterEntry.seq),
    )
    columns: tuple[Any, ...] = (
        RegisterEntry,
        HolderData.name,
        Licence.status,
        HandOver.handed_over_at,
        Application.stage,
    )
    statement = (
        sqlalchemy.select(*columns)
        .join(Licence, same)
        .join(Application, col(Application.id) == col(RegisterEntry.application_id))
        .join(HolderData, col(HolderData.application_id) == col(RegisterEntry.application_id))
        .outerjoin(HandOver, col(HandOver.licence_id) == col(Licence.id))
        .where(at >= begins, at < begins + timedelta(days=1))
        .order_by(at.desc(), col(RegisterEntry.series), col(RegisterEntry.seq).desc())
    )
    rows = session.execute(statement.offset((page - 1) * LINES).limit(LINES + 1)).all()
    return [_number(*row) for row in rows[:LINES]], len(rows) > LINES


def _number(entry: RegisterEntry, name: str, status: str, handed: datetime | None, stage: str) -> NumberRow:
    kept = {"application_id", "number", "assigned_at", "state", "void_reason"}
    voidable = entry.state == "active" and stage in VOIDABLE
    return NumberRow(
        **entry.model_dump(include=kept), name=name, licence_status=status, handed_over_at=handed, voidable=voidable
    )


def number_of_case(session: Session, application_id: UUID) -> tuple[RegisterEntry, Licence, Application, HolderData]:
    """The active number of a case; raises NotFound when it has none."""
    same = and_(
        col(Licence.series) == col(RegisterEntry.series),
        col(Licence.year) == col(RegisterEntry.year),
        col(Licence.seq) == col(RegisterEntry.seq),
    )
    columns: tuple[Any, ...] = (RegisterEntry, Licence, Application, HolderData)
    found = session.execute(
        sqlalchemy.select(*columns)
        .join(Licence, same)
        .join(Application, col(Application.id) == col(RegisterEntry.application_id))
        .join(HolderData, col(HolderData.application_id) == col(RegisterEntry.application_id))
        .where(col(RegisterEntry.application_id) == application_id, col(RegisterEntry.state) == "active")
    ).first()
    if found is None:
        raise NotFound("This case has no number in use.")
    return found[0], found[1], found[2], found[3]


def blankos(session: Session, page: int = 1) -> tuple[list[BlankoRow], bool]:
    """Letters on their way to the signature, those that wait longest first, and whether there are more."""
    order = (col(Application.stage_since), col(Application.id))
    here = select(Application.id).where(col(Application.stage).in_([stage.value for stage in PRINTED_AT]))
    # The page is chosen first, so that only its rows are looked up in the other tables.
    leaf = here.order_by(*order).offset((page - 1) * LINES).limit(LINES + 1).subquery()
    rows = session.execute(_blankos().join(leaf, leaf.c.id == col(Application.id)).order_by(*order)).all()
    return [BlankoRow(*row) for row in rows[:LINES]], len(rows) > LINES


def blanko_of(session: Session, application_id: UUID) -> BlankoRow:
    """The present blanko of a case; raises NotFound when there is none."""
    row = session.execute(_blankos().where(col(Application.id) == application_id)).first()
    if row is None:
        raise NotFound("There is no blanko of this case yet.")
    return BlankoRow(*row)


def _blankos() -> Any:
    printed = (
        sqlalchemy.select(func.count())
        .select_from(ConceptPrint)
        .where(col(ConceptPrint.application_id) == col(Application.id))
        .where(col(ConceptPrint.revision) == col(Application.revision))
        .scalar_subquery()
    )
    columns: tuple[Any, ...] = (
        Application.id,
        Application.registration_number,
        HolderData.name,
        Application.stage,
        Application.revision,
        Blanko.sha256,
        Blanko.made_at,
        printed,
    )
    present = and_(col(Blanko.application_id) == col(Application.id), col(Blanko.revision) == col(Application.revision))
    return (
        sqlalchemy.select(*columns)
        .join(Blanko, present)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
    )


def last_prints(session: Session) -> list[PrintState]:
    """The prints that were asked for last."""
    rows = session.execute(_prints().order_by(col(ConceptPrint.requested_at).desc()).limit(10))
    return [_print(row) for row in rows]


def print_state(session: Session, print_id: UUID) -> PrintState:
    """One print; raises NotFound."""
    row = session.execute(_prints().where(col(ConceptPrint.id) == print_id)).first()
    if row is None:
        raise NotFound("There is no such print.")
    return _print(row)


def _prints() -> Any:
    open_work = sqlalchemy.exists().where(
        col(Outbox.subject_id) == col(ConceptPrint.id), col(Outbox.task) == TASK, col(Outbox.done_at).is_(None)
    )
    columns: tuple[Any, ...] = (ConceptPrint, Application.registration_number, HolderData.name, open_work)
    return (
        sqlalchemy.select(*columns)
        .join(Application, col(Application.id) == col(ConceptPrint.application_id))
        .join(HolderData, col(HolderData.application_id) == col(ConceptPrint.application_id))
    )


def _print(row: Any) -> PrintState:
    found, number, name, working = row
    kept = {"id", "application_id", "revision", "copy_number", "requested_at", "sha256"}
    failed = found.made_at is None and not working
    return PrintState(**found.model_dump(include=kept), registration_number=number or "", name=name, failed=failed)
