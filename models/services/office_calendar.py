"""The office's working time: its file, and over it the closures, odd days and weeks that an admin entered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import AlreadyDone, InvalidInput, NotFound
from models.rules.office import WEEKDAYS, ClosureRow, HoursRow, OverrideRow, parse_window
from models.rules.roles import ADMIN, Actor, require_role
from models.rules.working_time import Calendar, Closure, OfficeHours, Override
from models.services.casework import record
from models.tables.office_days import OfficeClosure, OfficeOverride, OfficeWeek

FRESH = timedelta(seconds=15)
"""How long a process works with what it read: after that a change made elsewhere holds here too."""

Row = OfficeClosure | OfficeOverride | OfficeWeek
_ORDER: tuple[tuple[type[Row], str], ...] = (
    (OfficeClosure, "first"),
    (OfficeOverride, "day"),
    (OfficeWeek, "valid_from"),
)
_TABLES: dict[str, type[Row]] = {"closure": OfficeClosure, "override": OfficeOverride, "week": OfficeWeek}


@dataclass(frozen=True, slots=True)
class Entered:
    """What admins entered and nobody removed, by date."""

    closures: Sequence[OfficeClosure]
    overrides: Sequence[OfficeOverride]
    weeks: Sequence[OfficeWeek]


class OfficeCalendar:
    """The calendar as it holds now, for one process."""

    def __init__(self, db: Database, clock: Clock, usual: Calendar) -> None:
        self._db, self._clock, self._usual = db, clock, usual
        self._read: tuple[datetime, Calendar] | None = None

    def current(self) -> Calendar:
        """Read again once what was read is older than `FRESH`."""
        now, read = self._clock.now(), self._read
        if read is None or not timedelta() <= now - read[0] < FRESH:
            with self._db.transaction() as session:
                read = now, merged(self._usual, entered(session))
            self._read = read
        return read[1]

    def forget(self) -> None:
        """Read again at the next use: something was entered here."""
        self._read = None


def entered(session: Session) -> Entered:
    """Every row that holds, in one question: pages ask it often."""
    closures, overrides, weeks = session.execute(select(*(_all_of(table, order) for table, order in _ORDER))).one()
    return Entered(
        [OfficeClosure.model_validate(row) for row in closures],
        [OfficeOverride.model_validate(row) for row in overrides],
        [OfficeWeek.model_validate(row) for row in weeks],
    )


def _all_of(table: type[Row], order: str) -> Any:
    held = _holding(table).order_by(getattr(table, order), col(table.id)).subquery()
    return select(
        func.coalesce(func.jsonb_agg(func.to_jsonb(held.table_valued())), text("'[]'::jsonb"))
    ).scalar_subquery()


def _holding(table: Any) -> Any:
    return select(table).where(col(table.removed_at).is_(None))


def merged(usual: Calendar, rows: Entered) -> Calendar:
    """The usual calendar with what was entered over it: an entered day or week goes before the file's."""
    days = {row.day: Override(row.day, row.worked, _window(row.hours), row.reason) for row in rows.overrides}
    kept = tuple(one for one in usual.overrides if one.day not in days)
    return replace(
        usual,
        # Of weeks that begin on one day the first one counts, so what was entered stands first.
        hours=(*(_week(row) for row in rows.weeks), *usual.hours),
        overrides=(*kept, *days.values()),
        closures=(*usual.closures, *(Closure(row.first, row.last, row.reason) for row in rows.closures)),
    )


def _window(text: str) -> Any:
    return parse_window(text) if text else None


def _week(row: OfficeWeek) -> OfficeHours:
    return _hours_row(row.desk, row.valid_from, row.valid_until, row.week, row.note).hours()


def _hours_row(desk: str, first: date, until: date, week: dict[str, Any], note: str) -> HoursRow:
    return HoursRow.model_validate({"desk": desk, "valid_from": first, "valid_until": until, "note": note, **week})


def close_office(db: Database, clock: Clock, actor: Actor, first: date, last: date, reason: str) -> None:
    """Closed from `first` to `last`, both included. Raises Forbidden, InvalidInput."""
    _said(lambda: ClosureRow(first=first, last=last, reason=reason), "Hari terakhir tidak boleh sebelum hari pertama.")
    _enter(db, clock, actor, OfficeClosure(first=first, last=last, reason=reason, **_by(clock, actor)))


def override_day(db: Database, clock: Clock, actor: Actor, day: date, worked: bool, hours: str, reason: str) -> None:
    """One day against the calendar. Raises Forbidden, InvalidInput, AlreadyDone when the day has one."""
    _said(
        lambda: OverrideRow(day=day, worked=worked, hours=hours or None, reason=reason),
        "Tulis jam sebagai 08.00-12.00, hanya untuk hari yang masuk.",
    )
    with db.transaction() as session:
        if session.exec(_holding(OfficeOverride).where(OfficeOverride.day == day)).first() is not None:
            raise AlreadyDone("Hari ini sudah punya pengecualian. Hapus yang lama dahulu.")
    _enter(db, clock, actor, OfficeOverride(day=day, worked=worked, hours=hours, reason=reason, **_by(clock, actor)))


def set_week(
    db: Database, clock: Clock, actor: Actor, desk: str, first: date, until: date, hours: Sequence[str], note: str
) -> None:
    """A desk's week, Monday first ("" is a day off), until `until` (exclusive). Raises Forbidden, InvalidInput."""
    week = {"days": {day: text for day, text in zip(WEEKDAYS, hours, strict=True) if text}, "breaks": {}}
    _said(
        lambda: _hours_row(desk, first, until, week, note),
        "Tulis jam sebagai 08.00-14.00, paling sedikit satu hari, dan hari akhir sesudah hari pertama.",
    )
    row = OfficeWeek(desk=desk, valid_from=first, valid_until=until, week=week, note=note, **_by(clock, actor))
    _enter(db, clock, actor, row)


def remove_day(db: Database, clock: Clock, actor: Actor, kind: str, row_id: UUID) -> None:
    """Take an entered row back; it stays on record. Raises Forbidden, NotFound."""
    require_role(actor, ADMIN)
    with db.transaction() as session:
        row: Any = session.get(_TABLES[kind], row_id, with_for_update=True) if kind in _TABLES else None
        if row is None or row.removed_at is not None:
            raise NotFound("There is no such row in the calendar.")
        row.removed_at = clock.now()
        session.add(row)
        record(session, "calendar_removed", at=clock.now(), actor=actor, detail={"kind": kind, "id": str(row_id)})


def _by(clock: Clock, actor: Actor) -> dict[str, Any]:
    return {"entered_at": clock.now(), "entered_by": actor.person_id}


def _said(build: Any, sentence: str) -> None:
    try:
        build()
    except ValidationError as error:
        raise InvalidInput(sentence) from error


def _enter(db: Database, clock: Clock, actor: Actor, row: Row) -> None:
    require_role(actor, ADMIN)
    with db.transaction() as session:
        session.add(row)
        session.flush()
        detail = {"kind": row.__tablename__, "id": str(row.id), **_dates(row)}
        record(session, "calendar_entered", at=clock.now(), actor=actor, detail=detail)


def _dates(row: Row) -> dict[str, str]:
    names: Iterable[str] = ("first", "last", "day", "valid_from", "valid_until")
    return {name: getattr(row, name).isoformat() for name in names if hasattr(row, name)}
