"""The shipped SIKRO definition and office, and a calendar of 2026 written out by hand."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import templates
from models.catalogue import load_licence, load_office
from models.rules.numbering import JAKARTA
from models.rules.office import Office
from models.rules.requirements import RequiredItem, applicable
from models.rules.sop import Sop
from models.rules.working_time import Calendar, OfficeHours

TEMPLATES = Path(templates.__path__[0])

WEEKDAYS = range(5)
BACK = OfficeHours("back_office", {day: (time(7, 30), time(16)) for day in WEEKDAYS})
COUNTER = OfficeHours(
    "counter",
    {day: (time(8), time(15)) for day in WEEKDAYS},
    {**{day: ((time(12), time(13)),) for day in range(4)}, 4: ((time(11, 30), time(13)),)},
)

NATIONAL_2026 = frozenset(
    date(2026, month, day)
    for month, day in (
        *((1, 1), (1, 16), (2, 17), (3, 19), (3, 21), (3, 22), (4, 3), (4, 5), (5, 1), (5, 14)),
        *((5, 27), (5, 31), (6, 1), (6, 16), (8, 17), (8, 25), (12, 25)),
    )
)
COLLECTIVE_2026 = frozenset(
    date(2026, month, day) for month, day in ((2, 16), (3, 18), (3, 20), (3, 23), (3, 24), (5, 15), (5, 28), (12, 24))
)
CALENDAR_2026 = Calendar((COUNTER, BACK), NATIONAL_2026 | COLLECTIVE_2026)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment in Asia/Jakarta."""
    return datetime.combine(day, time(hour, minute), JAKARTA)


@cache
def sikro() -> Sop:
    return load_licence(TEMPLATES / "licences" / "sikro").sop


@cache
def office() -> Office:
    return load_office(TEMPLATES / "office.toml")


def required_item(code: str, *, required: bool = True) -> RequiredItem:
    """A requirement of SIKRO, as it would apply."""
    return RequiredItem(sikro().requirement(code), required)


def codes(application_type: str, on: date = date(2026, 3, 2), conditions: frozenset[str] = frozenset()) -> list[str]:
    """Codes of what is required and, with a question mark, of what is optional."""
    items = applicable(sikro(), application_type, on, conditions)
    return [item.requirement.code + ("" if item.required else "?") for item in items]
