"""Days and hours in words, in the office's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models.rules.moments import day_in_words, moment_in_words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 2), "Senin, 2 Maret 2026"),
        (date(2026, 3, 27), "Jumat, 27 Maret 2026"),
        (date(2026, 8, 16), "Minggu, 16 Agustus 2026"),
    ],
)
def test_a_day(day: date, words: str) -> None:
    assert day_in_words(day) == words


def test_an_hour_is_that_of_pekanbaru() -> None:
    assert moment_in_words(datetime(2026, 3, 4, 2, 5, tzinfo=UTC)) == "Rabu, 4 Maret 2026 pukul 09.05 WIB"


def test_late_in_utc_is_the_next_day_in_pekanbaru() -> None:
    assert moment_in_words(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == "Jumat, 1 Januari 2027 pukul 00.00 WIB"
