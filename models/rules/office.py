"""The office as data: name, address, hours by date range, closures, days that go against the calendar, contact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from models.rules import working_time
from models.rules.sop import Definition, Text

Weekday = Literal["senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu"]
WEEKDAYS: tuple[Weekday, ...] = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
Path = tuple[str | int, ...]

_WINDOW = re.compile(r"([01]\d|2[0-3])\.([0-5]\d)-([01]\d|2[0-3])\.([0-5]\d)")


def parse_window(text: str) -> working_time.Window:
    """`08.00-15.00` as two times; raises ValueError when it is not written so or ends before it begins."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"write hours as 08.00-15.00, not {text!r}")
    hours = [int(group) for group in found.groups()]
    opening, closing = time(hours[0], hours[1]), time(hours[2], hours[3])
    if opening >= closing:
        raise ValueError(f"{text!r} ends before it begins")
    return opening, closing


class HoursRow(Definition):
    """A desk's week for a date range (`valid_until` exclusive); windows are written 08.00-15.00."""

    desk: working_time.Desk
    valid_from: date | None = None
    valid_until: date | None = None
    note: str = ""
    days: dict[Weekday, str] = Field(min_length=1)
    breaks: dict[Weekday, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("days")
    @classmethod
    def _windows(cls, value: dict[Weekday, str]) -> dict[Weekday, str]:
        for text in value.values():
            parse_window(text)
        return value

    @model_validator(mode="after")
    def _breaks_inside(self) -> Self:
        for day, texts in self.breaks.items():
            for text in texts:
                start, end = parse_window(text)
                if day not in self.days or not _inside((start, end), parse_window(self.days[day])):
                    raise ValueError(f"the break {text} of {day} lies outside that day's hours")
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until is exclusive and must be later than valid_from")
        return self

    def hours(self) -> working_time.OfficeHours:
        """The same week for the calendar."""
        days = {WEEKDAYS.index(day): parse_window(text) for day, text in self.days.items()}
        breaks = {WEEKDAYS.index(day): tuple(map(parse_window, texts)) for day, texts in self.breaks.items()}
        return working_time.OfficeHours(self.desk, days, breaks, self.valid_from, self.valid_until)


class ClosureRow(Definition):
    """Closed from `first` to `last`, both included."""

    first: date
    last: date
    reason: Text

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last must not be before first")
        return self


class OverrideRow(Definition):
    """A day that goes against the calendar: `worked` true is a holiday that is worked, false an extra day off."""

    day: date
    worked: bool
    hours: str | None = None
    reason: Text

    @model_validator(mode="after")
    def _hours_only_when_worked(self) -> Self:
        if self.hours is not None:
            parse_window(self.hours)
            if not self.worked:
                raise ValueError("a day off has no hours: remove them or write worked = true")
        return self


class Contact(Definition):
    """How applicants reach the office; empty ones are not shown."""

    phone: str = ""
    whatsapp: str = ""
    email: str = ""
    website: str = ""
    complaints: str = ""


class Retention(Definition):
    """How many days each class of data lives. Licences, letters, blankos and the register have no end.

    `drafts`: berkas never handed in, after the last act. `ended`: rejected, withdrawn and lapsed ones. `originals`:
    what was uploaded, where a cleaned copy stands for it, `scans`: those copies and their pictures, and `dossiers`:
    the bound file that holds them once more, all after the hand-over. `sessions`: sign-ins that ended. `messages`:
    the note that a message went out.
    """

    drafts: int = Field(default=90, ge=7)
    ended: int = Field(default=365, ge=30)
    originals: int = Field(default=180, ge=30)
    scans: int = Field(default=1825, ge=365)
    dossiers: int = Field(default=3650, ge=365)
    sessions: int = Field(default=30, ge=1)
    messages: int = Field(default=365, ge=30)

    @model_validator(mode="after")
    def _copies_outlive_originals(self) -> Self:
        if self.scans < self.originals:
            raise ValueError("scans must live at least as long as originals")
        if self.dossiers < self.scans:
            raise ValueError("dossiers must live at least as long as scans")
        return self


class Office(Definition):
    """The office. `area_code`: the first four digits of a NIK issued here; `official_domain`: the only genuine one."""

    government: Text
    name: Text
    short_name: Text
    city: Text
    region: Text
    province: Text
    address: Text
    postal_code: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    area_code: Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
    official_domain: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")]
    contact: Contact = Contact()
    retention: Retention = Retention()
    hours: tuple[HoursRow, ...] = Field(min_length=1)
    closures: tuple[ClosureRow, ...] = ()
    overrides: tuple[OverrideRow, ...] = ()

    def calendar(self, holidays: frozenset[date]) -> working_time.Calendar:
        """The office's working time, given the national holidays and days of collective leave."""
        return working_time.Calendar(
            hours=tuple(row.hours() for row in self.hours),
            holidays=holidays,
            overrides=tuple(_override(row) for row in self.overrides),
            closures=tuple(working_time.Closure(row.first, row.last, row.reason) for row in self.closures),
        )


def office_disagreements(office: Office) -> tuple[tuple[Path, str], ...]:
    """Rows that contradict one another, as places and sentences; empty when all agree."""
    return (*_desks(office), *_days_twice(office))


def _desks(office: Office) -> Iterator[tuple[Path, str]]:
    seen: set[tuple[str, date | None]] = set()
    for index, row in enumerate(office.hours):
        if (row.desk, row.valid_from) in seen:
            yield ("hours", index), f"{row.desk} has two rows that begin on the same day: keep one."
        seen.add((row.desk, row.valid_from))
    for desk in ("counter", "back_office"):
        if not any(row.desk == desk and row.valid_until is None for row in office.hours):
            yield ("hours",), f"{desk} needs a row without valid_until: its usual week."


def _days_twice(office: Office) -> Iterator[tuple[Path, str]]:
    days = [row.day for row in office.overrides]
    for index, day in enumerate(days):
        if day in days[:index]:
            yield ("overrides", index, "day"), f"{day} stands here twice: keep one."


def _override(row: OverrideRow) -> working_time.Override:
    hours = parse_window(row.hours) if row.hours else None
    return working_time.Override(row.day, row.worked, hours, row.reason)


def _inside(inner: working_time.Window, outer: working_time.Window) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
