"""Dates and words as they stand on Indonesian papers."""

from __future__ import annotations

from datetime import date

_MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
SEX = {"L": "Laki-laki", "P": "Perempuan"}
LIFELONG = "Seumur hidup"


def long_date(day: date) -> str:
    """`date(2026, 11, 3)` as "3 November 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def lifelong_or(day: date | None) -> str:
    """The day in words, or that there is no end."""
    return LIFELONG if day is None else long_date(day)
