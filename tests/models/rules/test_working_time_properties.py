"""What must hold of working time whatever the day: order, sums, and there and back again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.rules.numbering import JAKARTA
from models.rules.working_time import Desk, Interval, clock_reading
from tests.models.rules.shipped import CALENDAR_2026

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
DESKS: st.SearchStrategy[Desk] = st.sampled_from(["counter", "back_office"])
MINUTES = st.integers(0, 60 * 24 * 60)
AMOUNTS = st.timedeltas(timedelta(0), timedelta(hours=40))
START_OF_2026 = datetime(2026, 1, 1, tzinfo=JAKARTA)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=300)).map(lambda offset: START_OF_2026 + offset)


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_days_add_up(start: date, n: int, m: int) -> None:
    in_two = CALENDAR_2026.add_working_days(CALENDAR_2026.add_working_days(start, n), m)
    assert in_two == CALENDAR_2026.add_working_days(start, n + m)


@given(DAYS, st.integers(0, 60))
def test_days_there_and_back(start: date, n: int) -> None:
    assert CALENDAR_2026.working_days_between(start, CALENDAR_2026.add_working_days(start, n)) == n


@given(DAYS, DAYS, st.integers(0, 40))
def test_a_later_start_never_ends_earlier(one: date, other: date, n: int) -> None:
    earlier, later = sorted((one, other))
    assert CALENDAR_2026.add_working_days(earlier, n) <= CALENDAR_2026.add_working_days(later, n)


@given(DAYS, st.integers(1, 40))
def test_counted_days_are_working_days(start: date, n: int) -> None:
    assert CALENDAR_2026.is_working_day(CALENDAR_2026.add_working_days(start, n))


@given(MOMENTS, AMOUNTS, AMOUNTS, DESKS)
def test_time_adds_up(start: datetime, one: timedelta, other: timedelta, desk: Desk) -> None:
    in_two = CALENDAR_2026.add_working_time(CALENDAR_2026.add_working_time(start, one, desk), other, desk)
    assert in_two == CALENDAR_2026.add_working_time(start, one + other, desk)


@given(MOMENTS, AMOUNTS, DESKS)
def test_time_there_and_back(start: datetime, amount: timedelta, desk: Desk) -> None:
    end = CALENDAR_2026.add_working_time(start, amount, desk)
    assert CALENDAR_2026.working_time_between(start, end, desk) == amount
    assert end >= start + amount


@given(MOMENTS, st.integers(0, 3000), DESKS)
def test_minutes_there_and_back(start: datetime, minutes: int, desk: Desk) -> None:
    end = CALENDAR_2026.add_working_minutes(start, minutes, desk)
    assert CALENDAR_2026.working_minutes_between(start, end, desk) == minutes


@given(st.lists(MOMENTS, min_size=3, max_size=3), DESKS)
def test_time_between_is_additive_and_signed(moments: list[datetime], desk: Desk) -> None:
    a, b, c = sorted(moments)
    between = CALENDAR_2026.working_time_between
    assert between(a, b, desk) + between(b, c, desk) == between(a, c, desk)
    assert between(c, a, desk) == -between(a, c, desk)


@given(MOMENTS, MOMENTS, AMOUNTS, DESKS)
def test_time_keeps_the_order(one: datetime, other: datetime, amount: timedelta, desk: Desk) -> None:
    earlier, later = sorted((one, other))
    assert CALENDAR_2026.add_working_time(earlier, amount, desk) <= CALENDAR_2026.add_working_time(later, amount, desk)


@given(MOMENTS, MOMENTS, st.integers(1, 10))
def test_the_promise_keeps_the_order_and_falls_in_office_hours(one: datetime, other: datetime, n: int) -> None:
    earlier, later = sorted((one, other))
    promised = [CALENDAR_2026.promised_at(moment, n) for moment in (earlier, later)]
    assert promised[0] <= promised[1]
    spans = CALENDAR_2026.spans(promised[0].date(), "counter")
    assert any(start <= promised[0] <= end for start, end in spans)


@given(MOMENTS, st.lists(st.tuples(MINUTES, MINUTES), max_size=5), MINUTES)
def test_the_office_and_the_applicant_share_the_whole_time(
    submitted: datetime, pauses: list[tuple[int, int]], length: int
) -> None:
    start = submitted.replace(second=0, microsecond=0)
    until = start + timedelta(minutes=length)
    intervals = [
        Interval(start + timedelta(minutes=begin), start + timedelta(minutes=begin + lasted))
        for begin, lasted in pauses
    ]
    reading = clock_reading(CALENDAR_2026, submitted=start, step_started=start, until=until, with_applicant=intervals)
    whole = CALENDAR_2026.working_minutes_between(start, until, "counter")
    assert reading.end_to_end + reading.applicant == whole
    assert reading.step == reading.end_to_end
    assert min(reading.applicant, reading.end_to_end) >= 0
