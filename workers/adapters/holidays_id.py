"""National holidays and collective leave (cuti bersama) of Indonesia, from the `holidays` package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from holidays.constants import GOVERNMENT, PUBLIC
from holidays.countries.indonesia import Indonesia


def holiday_names(years: Iterable[int]) -> dict[date, str]:
    """Each closed day of `years` with its name in Bahasa Indonesia; days the law has not fixed yet are estimates."""
    found = Indonesia(years=sorted(set(years)), categories=(PUBLIC, GOVERNMENT), language="id")
    return dict(found.items())


def closed_days(first_year: int, last_year: int) -> frozenset[date]:
    """All national holidays and days of collective leave from `first_year` to `last_year`, both included."""
    return frozenset(holiday_names(range(first_year, last_year + 1)))
