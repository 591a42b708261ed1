"""Working days and minutes against dates worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from models.rules.errors import InvalidInput
from models.rules.working_time import (
    Calendar,
    ClockReading,
    Closure,
    Desk,
    Interval,
    OfficeHours,
    Override,
    clock_reading,
)
from tests.models.rules.shipped import BACK, CALENDAR_2026, COLLECTIVE_2026, COUNTER, NATIONAL_2026, at

MON, TUE, WED, THU, FRI, SAT = (date(2026, 6, day) for day in range(8, 14))
DAYS_OF_2026 = [date(2026, 1, 1) + timedelta(offset) for offset in range(365)]


def test_2026_has_240_working_days() -> None:
    assert (len(NATIONAL_2026), len(COLLECTIVE_2026)) == (17, 8)
    assert sum(CALENDAR_2026.is_working_day(day) for day in DAYS_OF_2026) == 240


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (date(2026, 3, 17), 3, date(2026, 3, 27)),
        (date(2026, 5, 13), 2, date(2026, 5, 19)),
        (date(2026, 12, 23), 1, date(2026, 12, 28)),
        (MON, 2, WED),
        (FRI, 1, date(2026, 6, 15)),
        (SAT, 1, date(2026, 6, 15)),
        (SAT, 0, SAT),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
    ],
)
def test_working_days_are_added(start: date, n: int, expected: date) -> None:
    assert CALENDAR_2026.add_working_days(start, n) == expected


@pytest.mark.parametrize(
    ("a", "b", "n"),
    [(date(2026, 3, 17), date(2026, 3, 27), 3), (MON, MON, 0), (FRI, SAT, 0), (MON, FRI, 4), (FRI, MON, -4)],
)
def test_working_days_are_counted(a: date, b: date, n: int) -> None:
    assert CALENDAR_2026.working_days_between(a, b) == n


def test_days_and_time_do_not_run_backwards() -> None:
    with pytest.raises(InvalidInput, match="forward"):
        CALENDAR_2026.add_working_days(MON, -1)
    with pytest.raises(InvalidInput, match="forward"):
        CALENDAR_2026.add_working_minutes(at(MON, 9), -1, "counter")


@pytest.mark.parametrize(
    ("a", "b", "desk", "minutes"),
    [
        (at(MON, 9), at(MON, 10), "counter", 60),
        (at(MON, 7), at(MON, 8, 30), "counter", 30),
        (at(MON, 11, 30), at(MON, 13, 30), "counter", 60),
        (at(MON, 11, 30), at(MON, 13, 30), "back_office", 120),
        (at(MON, 0), at(TUE, 0), "counter", 360),
        (at(FRI, 0), at(SAT, 0), "counter", 330),
        (at(MON, 0), at(TUE, 0), "back_office", 510),
        (at(FRI, 14, 30), at(date(2026, 6, 15), 8, 30), "counter", 60),
        (at(date(2026, 3, 17), 14), at(date(2026, 3, 25), 9), "counter", 120),
        (at(MON, 10), at(MON, 9), "counter", -60),
        (at(SAT, 9), at(SAT, 12), "counter", 0),
    ],
)
def test_working_minutes_are_counted(a: datetime, b: datetime, desk: Desk, minutes: int) -> None:
    assert CALENDAR_2026.working_minutes_between(a, b, desk) == minutes


@pytest.mark.parametrize(
    ("start", "minutes", "desk", "expected"),
    [
        (at(MON, 9), 35, "counter", at(MON, 9, 35)),
        (at(MON, 11, 45), 35, "counter", at(MON, 13, 20)),
        (at(MON, 14), 60, "counter", at(MON, 15)),
        (at(MON, 14), 61, "counter", at(TUE, 8, 1)),
        (at(FRI, 15, 58), 5, "back_office", at(date(2026, 6, 15), 7, 33)),
        (at(SAT, 10), 3, "counter", at(date(2026, 6, 15), 8, 3)),
        (at(MON, 9), 0, "counter", at(MON, 9)),
        (at(MON, 8), 720, "counter", at(TUE, 15)),
    ],
)
def test_working_minutes_are_added(start: datetime, minutes: int, desk: Desk, expected: datetime) -> None:
    assert CALENDAR_2026.add_working_minutes(start, minutes, desk) == expected


def test_moments_in_other_zones_are_the_same_moments() -> None:
    assert CALENDAR_2026.add_working_minutes(datetime(2026, 6, 8, 2, tzinfo=UTC), 35, "counter") == at(MON, 9, 35)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        CALENDAR_2026.promised_at(datetime(2026, 6, 8, 9), 2)  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("submitted", "promised"),
    [
        (at(MON, 9, 17), at(WED, 9, 17)),
        (at(date(2026, 3, 17), 10), at(date(2026, 3, 26), 10)),
        (at(MON, 20), at(THU, 8)),
        (at(MON, 15), at(THU, 8)),
        (at(MON, 6), at(WED, 8)),
        (at(SAT, 11), at(date(2026, 6, 18), 8)),
        (at(MON, 12, 30), at(WED, 13)),
        (at(WED, 11, 45), at(FRI, 13)),
    ],
)
def test_the_promise_has_a_day_and_an_hour(submitted: datetime, promised: datetime) -> None:
    assert CALENDAR_2026.promised_at(submitted, 2) == promised


def test_the_promised_hour_keeps_to_shorter_hours_that_day() -> None:
    ramadan = OfficeHours("counter", {day: (time(8), time(12)) for day in range(5)}, {}, WED, THU)
    calendar = Calendar((COUNTER, BACK, ramadan))
    assert calendar.promised_at(at(MON, 14), 2) == at(WED, 12)
    assert calendar.promised_at(at(TUE, 14), 2) == at(THU, 14)


def test_the_deadline_moves_on_by_the_time_with_the_applicant() -> None:
    pauses = [Interval(at(MON, 10), at(TUE, 9)), Interval(at(MON, 14), at(TUE, 10))]
    assert CALENDAR_2026.working_minutes_between(at(MON, 10), at(TUE, 10), "counter") == 360
    assert CALENDAR_2026.deadline(at(MON, 9), 2, pauses) == at(THU, 9)
    assert CALENDAR_2026.deadline(at(MON, 9), 2, [Interval(at(MON, 10))]) == at(WED, 9)


@pytest.mark.parametrize(
    ("minutes", "working_days", "due"), [(35, None, at(MON, 15)), (40, None, at(TUE, 8, 5)), (None, 1, at(TUE, 14, 25))]
)
def test_a_step_is_due_by_its_standard(minutes: int | None, working_days: int | None, due: datetime) -> None:
    assert CALENDAR_2026.step_due(at(MON, 14, 25), minutes, working_days, "counter") == due


def test_hours_in_force_are_those_that_began_last() -> None:
    short = OfficeHours("counter", {day: (time(8), time(14)) for day in range(5)}, {}, TUE, THU)
    calendar = Calendar((short, COUNTER))
    lengths = [calendar.working_minutes_between(at(day, 0), at(day, 23), "counter") for day in (MON, TUE, WED, THU)]
    assert lengths == [360, 360, 360, 360]
    assert [calendar.spans(day, "counter")[-1][1] for day in (MON, TUE, WED, THU)] == [
        at(MON, 15),
        at(TUE, 14),
        at(WED, 14),
        at(THU, 15),
    ]


def test_a_disaster_closes_the_office_for_a_range_of_days() -> None:
    calendar = Calendar((COUNTER, BACK), closures=(Closure(TUE, THU, "Banjir"),))
    assert [calendar.is_working_day(day) for day in (MON, TUE, WED, THU, FRI)] == [True, False, False, False, True]
    assert calendar.add_working_days(MON, 1) == FRI
    assert calendar.add_working_minutes(at(MON, 14, 50), 20, "counter") == at(FRI, 8, 10)


def test_an_override_goes_both_ways() -> None:
    worked = Override(date(2026, 12, 24), worked=True)
    off = Override(date(2026, 12, 28), worked=False)
    calendar = Calendar((COUNTER, BACK), CALENDAR_2026.holidays, (worked, off))
    assert calendar.add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 24)
    assert calendar.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 29)


def test_an_override_is_stronger_than_a_closure() -> None:
    calendar = Calendar((COUNTER,), overrides=(Override(WED, worked=True),), closures=(Closure(TUE, THU),))
    assert [calendar.is_working_day(day) for day in (TUE, WED, THU)] == [False, True, False]


def test_a_saturday_that_is_worked_takes_its_hours_or_mondays() -> None:
    with_hours = Calendar((COUNTER,), overrides=(Override(SAT, worked=True, hours=(time(9), time(11))),))
    without = Calendar((COUNTER,), overrides=(Override(SAT, worked=True),))
    assert with_hours.spans(SAT, "counter") == ((at(SAT, 9), at(SAT, 11)),)
    assert without.spans(SAT, "counter") == ((at(SAT, 8), at(SAT, 15)),)


def test_breaks_cut_the_day_however_they_lie() -> None:
    breaks = ((time(14), time(15)), (time(10), time(11)), (time(10, 30), time(11, 30)), (time(8), time(8, 10)))
    calendar = Calendar((OfficeHours("counter", {0: (time(8), time(15))}, {0: breaks}),))
    assert calendar.spans(MON, "counter") == (
        (at(MON, 8, 10), at(MON, 10)),
        (at(MON, 11, 30), at(MON, 14)),
    )


@pytest.mark.parametrize(
    "hours", [(), (OfficeHours("counter", {}),), (OfficeHours("counter", {0: (time(8), time(9))}, {}, None, MON),)]
)
def test_an_office_that_never_opens_is_an_error_not_a_loop(hours: tuple[OfficeHours, ...]) -> None:
    calendar = Calendar(hours)
    assert not calendar.is_working_day(MON)
    with pytest.raises(InvalidInput, match="no working day in the ten years"):
        calendar.add_working_days(MON, 1)
    with pytest.raises(InvalidInput, match="no working day in the ten years"):
        calendar.add_working_minutes(at(MON, 9), 1, "counter")


def test_three_clocks_while_nothing_is_returned() -> None:
    reading = clock_reading(CALENDAR_2026, submitted=at(MON, 9), step_started=at(MON, 11), until=at(MON, 14))
    assert reading == ClockReading(step=120, end_to_end=240, applicant=0)


def test_the_offices_clocks_stop_while_the_berkas_is_with_the_applicant() -> None:
    reading = clock_reading(
        CALENDAR_2026,
        submitted=at(MON, 9),
        step_started=at(MON, 9),
        until=at(TUE, 10),
        with_applicant=[Interval(at(MON, 9, 30), at(TUE, 9)), Interval(at(MON, 10), at(MON, 11))],
    )
    assert reading == ClockReading(step=90, end_to_end=90, applicant=330)


def test_while_it_is_still_with_the_applicant_only_his_clock_runs() -> None:
    pause = [Interval(at(MON, 9, 30))]
    readings = [
        clock_reading(CALENDAR_2026, submitted=at(MON, 9), step_started=at(MON, 9), until=until, with_applicant=pause)
        for until in (at(MON, 10), at(WED, 10))
    ]
    assert readings == [ClockReading(30, 30, 30), ClockReading(30, 30, 750)]


def test_a_step_may_run_by_another_desks_hours() -> None:
    reading = clock_reading(
        CALENDAR_2026, submitted=at(MON, 9), step_started=at(MON, 14), until=at(MON, 17), step_desk="back_office"
    )
    assert reading == ClockReading(step=120, end_to_end=300, applicant=0)


def test_a_pause_before_the_step_does_not_touch_its_clock() -> None:
    pause = [Interval(at(MON, 9, 30), at(MON, 10))]
    reading = clock_reading(
        CALENDAR_2026, submitted=at(MON, 9), step_started=at(MON, 10), until=at(MON, 11), with_applicant=pause
    )
    assert reading == ClockReading(step=60, end_to_end=90, applicant=30)
