"""Holidays of Indonesia: the package's list is the government's for 2026, and the office's calendar follows from it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.rules.working_time import Calendar
from tests.models.rules.shipped import BACK, COLLECTIVE_2026, COUNTER, NATIONAL_2026, office
from workers.adapters.holidays_id import closed_days, holiday_names


def test_2026_is_as_decreed() -> None:
    assert closed_days(2026, 2026) == NATIONAL_2026 | COLLECTIVE_2026


def test_several_years_are_one_set() -> None:
    assert closed_days(2025, 2027) == closed_days(2025, 2025) | closed_days(2026, 2026) | closed_days(2027, 2027)
    assert {day.year for day in closed_days(2025, 2027)} == {2025, 2026, 2027}


def test_days_have_indonesian_names() -> None:
    names = holiday_names([2026])
    assert names[date(2026, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"
    assert "Cuti Bersama" in names[date(2026, 12, 24)]


@pytest.mark.parametrize(
    "calendar", [Calendar((COUNTER, BACK), closed_days(2026, 2026)), office().calendar(closed_days(2026, 2027))]
)
def test_the_oracles_of_2026(calendar: Calendar) -> None:
    days = [date(2026, 1, 1) + timedelta(offset) for offset in range(365)]
    assert sum(calendar.is_working_day(day) for day in days) == 240
    assert calendar.add_working_days(date(2026, 3, 17), 3) == date(2026, 3, 27)
    assert calendar.add_working_days(date(2026, 5, 13), 2) == date(2026, 5, 19)
    assert calendar.add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 28)
