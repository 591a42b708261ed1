"""Working minutes in each step, read from changes of stage; months counted when they are old and not before."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from models.rules.numbering import JAKARTA
from models.services.figures import bounds, count_months, months_back, step_minutes
from tests.cases import an_application
from tests.factories import Office, office_calendar, sikro_definition

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=JAKARTA)


def after(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def test_each_step_has_the_minutes_between_its_changes() -> None:
    changes = [
        (after(0), "draft", "checking"),
        (after(1), "checking", "verifying"),
        (after(21), "verifying", "preparing"),
        (after(22), "preparing", "awaiting_paraf"),
        (after(27), "awaiting_paraf", "applying_paraf"),
        (after(28), "applying_paraf", "awaiting_paraf"),
        (after(38), "awaiting_paraf", "applying_paraf"),
        (after(39), "applying_paraf", "awaiting_signature"),
    ]
    found = step_minutes(office_calendar(), sikro_definition().sop, changes, after(60))
    assert found == {"check": 21, "blanko": 1, "paraf_1": 6, "paraf_2": 11}


def test_time_with_the_applicant_and_at_night_belongs_to_no_step() -> None:
    changes = [
        (after(0), "draft", "checking"),
        (after(10), "checking", "verifying"),
        (after(20), "verifying", "returned"),
        (after(3 * 24 * 60), "returned", "checking"),
        (after(3 * 24 * 60 + 5), "checking", "verifying"),
        (after(4 * 24 * 60 + 5), "verifying", "preparing"),
    ]
    sop, calendar = sikro_definition().sop, office_calendar()
    day = calendar.working_minutes_between(after(3 * 24 * 60 + 5), after(4 * 24 * 60 + 5), "counter")
    assert 0 < day < 24 * 60
    assert step_minutes(calendar, sop, changes, after(5 * 24 * 60)) == {"check": 20 + 5 + day}


def test_a_revision_begins_its_parafs_anew() -> None:
    changes = [
        (after(0), "preparing", "awaiting_paraf"),
        (after(5), "awaiting_paraf", "applying_paraf"),
        (after(6), "applying_paraf", "awaiting_paraf"),
        (after(10), "awaiting_paraf", "amending"),
        (after(20), "amending", "preparing"),
        (after(21), "preparing", "awaiting_paraf"),
        (after(24), "awaiting_paraf", "applying_paraf"),
    ]
    found = step_minutes(office_calendar(), sikro_definition().sop, changes, after(60))
    assert found == {"paraf_1": 6 + 3, "paraf_2": 4, "blanko": 11}


def test_a_month_ends_where_the_next_begins_in_jakarta() -> None:
    (first, last), (following, _) = bounds(date(2026, 12, 1)), bounds(date(2027, 1, 1))
    assert first.isoformat() == "2026-12-01T00:00:00+07:00"
    assert last == following
    assert months_back(date(2026, 1, 1), 3) == [date(2026, 1, 1), date(2025, 12, 1), date(2025, 11, 1)]


def test_months_are_counted_when_they_are_old_and_a_missing_one_at_a_time(office: Office) -> None:
    an_application(office, "ready")
    march, february, january = months_back(date(2026, 3, 1), 3)
    assert count_months(office.db, office.clock, office.calendar) == [march, february, january]
    assert count_months(office.db, office.clock, office.calendar) == [date(2025, 12, 1)]
    office.clock.advance(minutes=30)
    assert count_months(office.db, office.clock, office.calendar) == [march, february, date(2025, 11, 1)]
