"""Days and hours as the office says them to people: Bahasa Indonesia, Asia/Jakarta."""

from __future__ import annotations

from datetime import date, datetime

from models.rules.dates import long_date
from models.rules.numbering import JAKARTA

WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")


def day_in_words(day: date) -> str:
    """`Rabu, 4 Maret 2026`."""
    return f"{WEEKDAYS[day.weekday()]}, {long_date(day)}"


def moment_in_words(moment: datetime) -> str:
    """`Rabu, 4 Maret 2026 pukul 09.00 WIB`; `moment` is timezone-aware."""
    local = moment.astimezone(JAKARTA)
    return f"{day_in_words(local.date())} pukul {local:%H.%M} WIB"
