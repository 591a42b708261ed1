"""Calendar arithmetic and the long date as Indonesian letters write it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier), or the last day of that month when it is shorter."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 28 February in a year that has none."""
    return add_months(day, 12 * years)


def long_date(day: date) -> str:
    """`5 Mei 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def age_on(born: date, day: date) -> int:
    """Completed years of age on `day`; someone born on 29 February completes one on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
