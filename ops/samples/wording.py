"""Words as they stand on the papers of a berkas."""

from __future__ import annotations

from datetime import date

from models.rules.dates import long_date

SEX = {"L": "Laki-laki", "P": "Perempuan"}
LIFELONG = "Seumur hidup"


def lifelong_or(day: date | None) -> str:
    """The day in words, or that there is no end."""
    return LIFELONG if day is None else long_date(day)
