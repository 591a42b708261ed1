"""What the office's calendar has beside its file: closures, odd days and weeks that an admin entered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import document, moment, primary_uuid, words


class OfficeClosure(SQLModel, table=True):
    """Closed from `first` to `last`, both included; removed rows stay."""

    __tablename__ = "office_closure"
    __table_args__ = (CheckConstraint("first <= last", name="office_closure_order"),)

    id: UUID = primary_uuid()
    first: date
    last: date
    reason: str = words()
    entered_at: datetime = moment()
    entered_by: UUID | None = Field(default=None, foreign_key="person.id")
    removed_at: datetime | None = moment(optional=True)


class OfficeOverride(SQLModel, table=True):
    """A day against the calendar: worked (`hours` as 08.00-12.00, or empty) or off."""

    __tablename__ = "office_override"
    __table_args__ = (
        CheckConstraint("worked OR hours = ''", name="office_override_hours"),
        Index("office_override_day", "day", unique=True, postgresql_where=text("removed_at IS NULL")),
    )

    id: UUID = primary_uuid()
    day: date
    worked: bool
    hours: str = words("")
    reason: str = words()
    entered_at: datetime = moment()
    entered_by: UUID | None = Field(default=None, foreign_key="person.id")
    removed_at: datetime | None = moment(optional=True)


class OfficeWeek(SQLModel, table=True):
    """A desk's week for a date range (`valid_until` exclusive); `week` has `days` and `breaks` as office.toml."""

    __tablename__ = "office_week"

    id: UUID = primary_uuid()
    desk: str = words()
    valid_from: date
    valid_until: date
    week: dict[str, Any] = document()
    note: str = words("")
    entered_at: datetime = moment()
    entered_by: UUID | None = Field(default=None, foreign_key="person.id")
    removed_at: datetime | None = moment(optional=True)
