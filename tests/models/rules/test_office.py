"""The office's own data: hours, closures and special days, and what is refused."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from pydantic import ValidationError

from models.rules.office import HoursRow, Office, office_disagreements, parse_window
from tests.models.rules.shipped import CALENDAR_2026, at, office

WEEK = {"desk": "counter", "days": {"senin": "08.00-15.00"}}
BACK_WEEK = {"desk": "back_office", "days": {"senin": "07.30-16.00"}}


def changed(**values: Any) -> Office:
    return Office.model_validate({**office().model_dump(), **values})


@pytest.mark.parametrize(
    "text", ["8.00-15.00", "08:00-15:00", "08.00", "15.00-08.00", "08.00-08.00", "24.00-25.00", ""]
)
def test_hours_are_written_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"08\.00-15\.00|before it begins"):
        parse_window(text)


def test_a_window_is_two_times() -> None:
    assert parse_window("07.30-16.00") == (time(7, 30), time(16))


def test_the_shipped_office_agrees_with_itself() -> None:
    assert office_disagreements(office()) == ()
    assert (office().area_code, office().city) == ("1471", "Pekanbaru")


def test_the_shipped_hours_are_those_of_the_sop_calendar() -> None:
    calendar = office().calendar(CALENDAR_2026.holidays)
    for day in (date(2026, 6, 8), date(2026, 6, 12), date(2026, 6, 13), date(2026, 12, 25)):
        assert calendar.spans(day, "counter") == CALENDAR_2026.spans(day, "counter")
    assert calendar.spans(date(2026, 6, 8), "back_office")[0][0] == at(date(2026, 6, 8), 7, 30)
    assert calendar.spans(date(2026, 6, 8), "back_office")[-1][1] == at(date(2026, 6, 8), 16)


def test_ramadan_has_hours_of_its_own() -> None:
    calendar = office().calendar(frozenset())
    ends = [
        calendar.spans(day, "counter")[-1][1].time() for day in (date(2027, 2, 5), date(2027, 2, 8), date(2027, 3, 10))
    ]
    assert ends == [time(15), time(14), time(15)]


def test_rows_become_the_calendar() -> None:
    own = changed(
        closures=[{"first": date(2026, 6, 9), "last": date(2026, 6, 10), "reason": "Banjir"}],
        overrides=[
            {"day": date(2026, 6, 13), "worked": True, "hours": "08.00-12.00", "reason": "Layanan Sabtu"},
            {"day": date(2026, 6, 12), "worked": False, "reason": "Hari jadi kota"},
        ],
    )
    calendar = own.calendar(frozenset())
    worked = [day for day in range(8, 15) if calendar.is_working_day(date(2026, 6, day))]
    assert worked == [8, 11, 13]
    assert calendar.spans(date(2026, 6, 13), "counter") == ((at(date(2026, 6, 13), 8), at(date(2026, 6, 13), 12)),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**WEEK, "breaks": {"senin": ["14.30-15.30"]}}, "lies outside"),
        ({**WEEK, "breaks": {"selasa": ["12.00-13.00"]}}, "lies outside"),
        ({**WEEK, "valid_from": date(2026, 3, 1), "valid_until": date(2026, 3, 1)}, "exclusive"),
        ({**WEEK, "days": {}}, "at least 1"),
        ({**WEEK, "days": {"monday": "08.00-15.00"}}, "senin"),
        ({**WEEK, "desk": "kantin"}, "counter"),
        ({**WEEK, "days": {"senin": "pagi"}}, r"08\.00-15\.00"),
    ],
)
def test_hours_that_can_not_be_are_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        HoursRow.model_validate(row)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"overrides": [{"day": date(2026, 6, 12), "worked": False, "hours": "08.00-09.00", "reason": "x"}]},
            "day off",
        ),
        ({"closures": [{"first": date(2026, 6, 12), "last": date(2026, 6, 11), "reason": "x"}]}, "before first"),
        ({"area_code": "14.71"}, "area_code"),
        ({"kota": "Pekanbaru"}, "kota"),
    ],
)
def test_office_data_that_can_not_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        changed(**values)


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"hours": [WEEK, BACK_WEEK, WEEK]}, ("hours", 2)),
        ({"hours": [WEEK]}, ("hours",)),
        ({"hours": [WEEK, {**BACK_WEEK, "valid_until": date(2027, 1, 1)}]}, ("hours",)),
        (
            {
                "overrides": [
                    {"day": date(2026, 6, 12), "worked": False, "reason": "x"},
                    {"day": date(2026, 6, 12), "worked": True, "reason": "y"},
                ]
            },
            ("overrides", 1, "day"),
        ),
    ],
)
def test_rows_that_contradict_one_another_are_named(values: dict[str, Any], place: tuple[str | int, ...]) -> None:
    assert [found for found, _ in office_disagreements(changed(**values))] == [place]
