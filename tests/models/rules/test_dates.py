"""Months, years, leap days, and the long date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.dates import add_months, add_years, age_on, long_date

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 1, 5), -1, date(2025, 12, 5)),
        (date(2026, 5, 13), 0, date(2026, 5, 13)),
    ],
)
def test_months_are_added_within_the_calendar(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_a_leap_day_ends_on_28_february_in_other_years() -> None:
    assert [add_years(date(2028, 2, 29), years) for years in (1, 4)] == [date(2029, 2, 28), date(2032, 2, 29)]


@given(DAYS, DAYS, st.integers(0, 240))
def test_adding_months_keeps_the_order_of_days(one: date, other: date, months: int) -> None:
    earlier, later = sorted((one, other))
    assert add_months(earlier, months) <= add_months(later, months)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 5, 13), date(2026, 5, 12), 25),
        (date(2000, 5, 13), date(2026, 5, 13), 26),
        (date(2004, 2, 29), date(2021, 2, 28), 16),
        (date(2004, 2, 29), date(2021, 3, 1), 17),
    ],
)
def test_age_counts_completed_years(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_long_dates_read_as_letters_write_them() -> None:
    assert [long_date(date(2026, month, 7)) for month in (1, 5, 8, 12)] == [
        "7 Januari 2026",
        "7 Mei 2026",
        "7 Agustus 2026",
        "7 Desember 2026",
    ]
