"""Number formats: known tokens, padding, roman months, and the year a series belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.errors import InvalidInput
from models.rules.numbering import (
    JAKARTA,
    NumberFacts,
    jakarta_date,
    parse_format,
    render_number,
    roman_month,
    series_year,
)

FACTS = NumberFacts(251, date(2025, 4, 9), "500.16.7.2", "DPMPTSP", "SIPA", place_order=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("503/{seq:04}/DPMPTSP/SIKRO/{year}", "503/0251/DPMPTSP/SIKRO/2025"),
        ("{classification}/{seq}/{licence_code}-{place_order}/{unit}/{year}", "500.16.7.2/251/SIPA-1/DPMPTSP/2025"),
        ("{seq:03}-{unit}/{roman_month}/{year}", "251-DPMPTSP/IV/2025"),
        ("{seq}/{month}/{year}", "251/04/2025"),
        ("{seq:02}/{place_order:02}/{year}", "251/01/2025"),
        ("{{x}}/{seq}/{year}", "{x}/251/2025"),
    ],
)
def test_formats_that_offices_use(text: str, number: str) -> None:
    assert render_number(text, FACTS) == number


@pytest.mark.parametrize(
    ("text", "part_of_message"),
    [
        ("503/{seq:04}/{yaer}", "{yaer} is no known token"),
        ("503/{seq:04}", "{year} exactly once"),
        ("503/{year}", "{seq} exactly once"),
        ("{seq}/{seq}/{year}", "{seq} exactly once"),
        ("{seq:x}/{year}", "a width is written"),
        ("{seq:4}/{year}", "a width is written"),
        ("{seq:099}/{year}", "a width is written"),
        ("{seq}/{year:04}", "a width is written"),
        ("{seq!r}/{year}", "takes no conversion"),
        ("{seq/{year}", "no number format"),
        ("{}/{seq}/{year}", "{} is no known token"),
        ("{seq.real}/{year}", "{seq.real} is no known token"),
        ("{seq}/{year}}", "no number format"),
    ],
)
def test_a_format_that_is_none_is_refused(text: str, part_of_message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_format(text)
    assert part_of_message in str(refused.value)


@pytest.mark.parametrize(("seq", "place_order"), [(0, 1), (-3, 1), (1, 0)])
def test_series_and_places_count_from_one(seq: int, place_order: int) -> None:
    with pytest.raises(InvalidInput, match="count from 1"):
        render_number("{seq}/{year}", NumberFacts(seq, date(2026, 1, 1), place_order=place_order))


def test_all_roman_months() -> None:
    romans = [roman_month(month) for month in range(1, 13)]
    assert romans == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]


@pytest.mark.parametrize("month", [0, 13, -1])
def test_no_thirteenth_month(month: int) -> None:
    with pytest.raises(InvalidInput, match="no month"):
        roman_month(month)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.dates(date(2000, 1, 1)), st.dates(date(2000, 1, 1)))
def test_two_letters_share_a_number_only_within_one_series_place(one: int, other: int, on: date, later: date) -> None:
    text = "503/{seq:04}/DPMPTSP/SIKRO/{year}"
    same = render_number(text, NumberFacts(one, on)) == render_number(text, NumberFacts(other, later))
    assert same == (one == other and on.year == later.year)


@pytest.mark.parametrize(
    ("signed_at", "year"),
    [
        (datetime(2026, 12, 31, 16, 59, 59, 999999, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), 2027),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=JAKARTA), 2026),
        (datetime(2027, 1, 1, 0, 0, tzinfo=JAKARTA), 2027),
    ],
)
def test_the_series_year_turns_at_midnight_in_jakarta(signed_at: datetime, year: int) -> None:
    assert series_year(signed_at) == year


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        jakarta_date(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
