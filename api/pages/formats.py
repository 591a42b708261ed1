"""How values are written on Indonesian screens: moments, working time, sizes, masked numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from models.rules.masking import mask_email, mask_nik, mask_phone
from models.rules.numbering import JAKARTA

LOCALE = "id_ID"
_SIZES = ("byte", "KB", "MB", "GB")


def moment(at: datetime | None) -> str:
    """`Kamis, 26 November 2026, 10.05 WIB`; a dash for none."""
    return f"{_day(local(at).date(), 'EEEE, d MMMM y')}, {_time(at)} WIB" if at else "-"


def short_moment(at: datetime | None) -> str:
    """`26 Nov 2026, 10.05`, for tables; a dash for none."""
    return f"{_day(local(at).date(), 'd MMM y')}, {_time(at)}" if at else "-"


def day(on: date | datetime | None) -> str:
    """`26 November 2026`; a dash for none."""
    return _day(_date(on), "d MMMM y") if on else "-"


def weekday(on: date | datetime | None) -> str:
    """`Kamis, 26 November 2026`; a dash for none."""
    return _day(_date(on), "EEEE, d MMMM y") if on else "-"


def time_of_day(at: datetime | None) -> str:
    """`10.05 WIB`; a dash for none."""
    return f"{_time(at)} WIB" if at else "-"


def iso(at: datetime | date | None) -> str:
    """The machine-readable form, for `<time datetime>`."""
    return at.isoformat() if at else ""


def local(at: datetime) -> datetime:
    """The moment in Asia/Jakarta."""
    return at.astimezone(JAKARTA)


def working_time(minutes: int) -> str:
    """`1 jam 20 menit` of working time, without a sign; hours are not folded into days, whose length differs."""
    hours, rest = divmod(abs(minutes), 60)
    parts = [f"{hours} jam" if hours else "", f"{rest} menit" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def size(count: int) -> str:
    """`1,2 MB`; a kilobyte is 1,000 bytes, as phones show it."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{format_decimal(amount, '0.#' if unit > 1 else '0', LOCALE)} {_SIZES[unit]}"


def number(value: float) -> str:
    """`1.234,5`."""
    return format_decimal(value, locale=LOCALE)


def percent(share: float) -> str:
    """`96,5 %` of a share between 0 and 1."""
    return f"{format_decimal(share * 100, '0.#', LOCALE)} %"


FILTERS: dict[str, Callable[..., Any]] = {
    "moment": moment,
    "short_moment": short_moment,
    "day": day,
    "weekday": weekday,
    "time_of_day": time_of_day,
    "iso": iso,
    "working_time": working_time,
    "size": size,
    "number": number,
    "percent": percent,
    "nik": mask_nik,
    "phone": mask_phone,
    "email": mask_email,
}
"""Every filter that templates have beside Jinja's own."""


def _date(on: date | datetime) -> date:
    return local(on).date() if isinstance(on, datetime) else on


def _time(at: datetime | None) -> str:
    return f"{local(at):%H.%M}" if at else ""


@lru_cache(maxsize=4096)
def _day(on: date, pattern: str) -> str:
    return format_date(on, pattern, locale=LOCALE)
