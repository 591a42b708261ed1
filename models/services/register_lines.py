"""The register as the paper book has it: one line a number, with all of its columns, in three queries a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, and_, tuple_
from sqlmodel import Session, col, select

from models.db import Database
from models.rules.numbering import jakarta_date
from models.rules.stages import WITH_APPLICANT
from models.rules.working_time import Calendar, Interval
from models.services.clocks import pauses_in
from models.services.definitions import pinned_sop
from models.services.finding import all_words
from models.tables.cases import Application, Event, HolderData
from models.tables.letters import Blanko, Endorsement, HandOver, Licence, RegisterEntry

Place = tuple[str, int]
"""Series and sequence: where a line stands within its year."""

BATCH = 500
_AWAY = [stage.value for stage in WITH_APPLICANT]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a year: of a series, a month (1 to 12), a state ("active" or "void"), with words in the name."""

    year: int
    series: str = ""
    month: int = 0
    state: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the book. `working_days` None: not issued yet. `remark` says void, revoked, replaced, duplicate."""

    series: str
    seq: int
    application_id: UUID
    registration_number: str
    received_at: datetime | None
    name: str
    nik_tail: str
    birth_place: str
    birth_date: date
    address: str
    phone: str
    licence: str
    application_type: str
    str_number: str
    str_valid_until: date | None
    workplace_name: str
    workplace_address: str
    place_order: int
    complete_at: datetime | None
    blanko_at: datetime | None
    parafs: tuple[datetime, ...]
    signed_at: datetime | None
    number: str
    signed_on: date
    valid_until: date | None
    issued_at: datetime | None
    handed_over_at: datetime | None
    receiver: str
    proof: str
    working_days: int | None
    on_time: bool | None
    state: str
    remark: str


def lines_after(
    session: Session, calendar: Calendar, wanted: Wanted, after: Place | None, limit: int
) -> tuple[list[Line], bool]:
    """The lines after a place (None: from the first), and whether more follow."""
    place = tuple_(col(RegisterEntry.series), col(RegisterEntry.seq))
    found = _joined(wanted).order_by(col(RegisterEntry.series), col(RegisterEntry.seq))
    found = found.where(place > tuple_(*after)) if after else found
    rows = session.execute(found.limit(limit + 1)).all()
    return _lines(session, calendar, rows[:limit]), len(rows) > limit


def lines_before(
    session: Session, calendar: Calendar, wanted: Wanted, before: Place, limit: int
) -> tuple[list[Line], bool]:
    """The lines just before a place, in the book's order, and whether there are earlier ones."""
    place = tuple_(col(RegisterEntry.series), col(RegisterEntry.seq))
    found = _joined(wanted).where(place < tuple_(*before))
    found = found.order_by(col(RegisterEntry.series).desc(), col(RegisterEntry.seq).desc())
    rows = session.execute(found.limit(limit + 1)).all()
    return _lines(session, calendar, rows[:limit][::-1]), len(rows) > limit


def all_lines(db: Database, calendar: Calendar, wanted: Wanted) -> Iterator[Line]:
    """Every line, read in batches with a short transaction each: an export holds no lock and little memory."""
    after: Place | None = None
    more = True
    while more:
        with db.transaction() as session:
            lines, more = lines_after(session, calendar, wanted, after, BATCH)
        yield from lines
        after = (lines[-1].series, lines[-1].seq) if lines else None


def _joined(wanted: Wanted) -> Any:
    same = and_(
        col(Licence.series) == col(RegisterEntry.series),
        col(Licence.year) == col(RegisterEntry.year),
        col(Licence.seq) == col(RegisterEntry.seq),
    )
    revision = and_(
        col(Blanko.application_id) == col(RegisterEntry.application_id),
        col(Blanko.revision) == col(RegisterEntry.revision),
    )
    columns: tuple[Any, ...] = (RegisterEntry, Licence, Application, HolderData, HandOver, Blanko.made_at)
    return (
        sqlalchemy.select(*columns)
        .join(Licence, same)
        .join(Application, col(Application.id) == col(RegisterEntry.application_id))
        .join(HolderData, col(HolderData.application_id) == col(RegisterEntry.application_id))
        .outerjoin(HandOver, col(HandOver.licence_id) == col(Licence.id))
        .outerjoin(Blanko, revision)
        .where(*_conditions(wanted))
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield col(RegisterEntry.year) == wanted.year
    if wanted.series:
        yield col(RegisterEntry.series) == wanted.series
    if wanted.month:
        first = date(wanted.year, wanted.month, 1)
        yield col(RegisterEntry.signed_on) >= first
        yield col(RegisterEntry.signed_on) < next_month(first)
    if wanted.state:
        yield col(RegisterEntry.state) == wanted.state
    if wanted.name:
        yield all_words(RegisterEntry.name, wanted.name)


def next_month(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _lines(session: Session, calendar: Calendar, rows: Sequence[Any]) -> list[Line]:
    cases = [row[0].application_id for row in rows]
    acts, pauses = _acts(session, cases), pauses_by_case(session, cases)
    labels = _labels(session, {row[2].sop_id for row in rows})
    return [_line(row, acts, pauses.get(row[0].application_id, ()), labels, calendar) for row in rows]


def _acts(session: Session, cases: Sequence[UUID]) -> Mapping[tuple[UUID, int], list[Endorsement]]:
    found: dict[tuple[UUID, int], list[Endorsement]] = defaultdict(list)
    statement = select(Endorsement).where(col(Endorsement.application_id).in_(cases)).order_by(col(Endorsement.ordinal))
    for act in session.exec(statement):
        found[act.application_id, act.revision].append(act)
    return found


def pauses_by_case(session: Session, cases: Sequence[UUID]) -> Mapping[UUID, list[tuple[datetime, str, str]]]:
    """Of each case the changes of stage by which its berkas went to the applicant or came back, in order."""
    found: dict[UUID, list[tuple[datetime, str, str]]] = defaultdict(list)
    statement = (
        select(Event.application_id, Event.at, Event.stage_from, Event.stage_to)
        .where(col(Event.application_id).in_(cases))
        .where(col(Event.stage_from).in_(_AWAY) | col(Event.stage_to).in_(_AWAY))
        .where(Event.stage_from != "")
        .order_by(col(Event.id))
    )
    for case_id, at, left, entered in session.exec(statement):
        if case_id is not None:
            found[case_id].append((at, left, entered))
    return found


def _labels(session: Session, sop_ids: set[UUID | None]) -> Mapping[UUID | None, Mapping[str, str]]:
    kinds = {sop_id: pinned_sop(session, sop_id).application_types for sop_id in sop_ids if sop_id is not None}
    return {sop_id: {kind.code: kind.label for kind in types} for sop_id, types in kinds.items()}


def _line(
    row: Any,
    acts: Mapping[tuple[UUID, int], list[Endorsement]],
    passages: Sequence[tuple[datetime, str, str]],
    labels: Mapping[UUID | None, Mapping[str, str]],
    calendar: Calendar,
) -> Line:
    entry, licence, case, holder, handed, blanko_at = row
    done = acts.get((entry.application_id, entry.revision), [])
    kind = labels.get(case.sop_id, {}).get(case.application_type, case.application_type)
    return Line(
        series=entry.series,
        seq=entry.seq,
        application_id=entry.application_id,
        registration_number=case.registration_number or "",
        received_at=case.submitted_at,
        name=entry.name,
        nik_tail=holder.nik_tail,
        birth_place=holder.birth_place,
        birth_date=holder.birth_date,
        address=holder.address,
        phone=holder.phone,
        licence=case.licence_code,
        application_type=kind,
        str_number=holder.str_number,
        str_valid_until=holder.str_valid_until,
        workplace_name=holder.workplace_name,
        workplace_address=holder.workplace_address,
        place_order=holder.place_order,
        complete_at=case.complete_at,
        blanko_at=blanko_at,
        parafs=tuple(act.acted_at for act in done if act.kind == "paraf"),
        signed_at=next((act.acted_at for act in done if act.kind == "signature"), None),
        number=entry.number,
        signed_on=entry.signed_on,
        valid_until=licence.valid_until,
        issued_at=licence.issued_at,
        handed_over_at=handed.handed_over_at if handed else None,
        receiver=f"{handed.receiver} ({handed.relation})" if handed else "",
        proof=handed.proof_sha256[:8] if handed else "",
        working_days=_working_days(case, licence, passages, calendar),
        on_time=_on_time(case, licence),
        state=entry.state,
        remark=_remark(entry, licence, case),
    )


def _working_days(
    case: Application, licence: Licence, passages: Sequence[tuple[datetime, str, str]], calendar: Calendar
) -> int | None:
    """Working days from the day of receipt to that of issue, those with the applicant left out."""
    if case.submitted_at is None or licence.issued_at is None:
        return None
    whole = calendar.working_days_between(jakarta_date(case.submitted_at), jakarta_date(licence.issued_at))
    away = sum(_days(calendar, pause) for pause in pauses_in(passages, until=licence.issued_at))
    return max(whole - away, 0)


def _days(calendar: Calendar, pause: Interval) -> int:
    if pause.end is None:
        return 0
    return calendar.working_days_between(jakarta_date(pause.start), jakarta_date(pause.end))


def _on_time(case: Application, licence: Licence) -> bool | None:
    if case.promised_at is None or licence.issued_at is None:
        return None
    return licence.issued_at <= case.promised_at


def _remark(entry: RegisterEntry, licence: Licence, case: Application) -> str:
    if entry.state == "void":
        return f"Batal: {entry.void_reason}"
    if licence.status in ("revoked", "replaced"):
        word = "Dicabut" if licence.status == "revoked" else "Diganti"
        return f"{word}: {licence.status_reason}"
    return "Duplikat" if case.application_type == "duplikat" else ""
