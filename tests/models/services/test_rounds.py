"""Returned, corrected, lapsed, taken up again: only what was missing is mended, and the office's clock stands still."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import col

from models.rules.errors import Forbidden, WrongStage
from models.rules.numbering import JAKARTA
from models.rules.working_time import Interval, clock_reading
from models.services.clocks import passages, pauses_of
from models.services.inputs import ReturnItem
from models.services.submit import submit
from models.services.verify import return_to_applicant, verify
from models.services.withdraw import lapse_overdue
from models.tables.cases import CompletenessCheck, Deficiency, Document, Verification
from models.tables.work import MailMessage
from tests.cases import a_draft, an_application, attach_file, drive
from tests.factories import Office
from tests.models.services.probe import events, kinds, only, rows, standing, undone

KTP = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
STR = ReturnItem(requirement="strro", note="Halaman kedua belum ada.")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 in Pekanbaru; the second is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=JAKARTA)


def test_each_requirement_comes_back_with_its_reason(office: Office) -> None:
    case_id = an_application(office, "verifying")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [KTP, STR], note="dua hal")
    assert office.case(case_id).stage == "returned"
    found = {row.requirement: (row.reason, row.note, row.round) for row in rows(office, Deficiency)}
    assert found == {"ktp": ("ktp_tidak_terbaca", "", 1), "strro": ("", "Halaman kedua belum ada.", 1)}
    assert events(office, case_id)[-1].detail == {"round": 1, "requirements": ["ktp", "strro"]}
    assert [row.kind for row in rows(office, MailMessage)] == ["received", "returned"]
    assert undone(office, case_id) == []


def test_only_the_missing_thing_is_mended_and_all_else_stays(office: Office) -> None:
    case_id = an_application(office, "returned")
    kept = {row.requirement: row.id for row in rows(office, Document) if row.requirement != "ktp"}
    number = office.case(case_id).registration_number
    seen = len(office.scanner.seen)
    attach_file(office, case_id, "ktp", "taken again in daylight")
    drive(office, case_id, "verifying")
    current = {row.requirement: row.id for row in rows(office, Document, col(Document.replaced_at).is_(None))}
    assert {code: document for code, document in current.items() if code != "ktp"} == kept
    assert [name for name, _ in office.scanner.seen[seen:]] == ["ktp.pdf"]
    case = office.case(case_id)
    assert (case.round, case.registration_number) == (2, number)
    assert sorted(check.round for check in rows(office, CompletenessCheck)) == [1, 2]
    assert all(row.resolved_at is not None for row in rows(office, Deficiency))
    verify(office.db, office.clock, office.actor("loket"), case_id)
    decisions = sorted((row.round, row.decision) for row in rows(office, Verification))
    assert decisions == [(1, "returned"), (2, "complete")]


def test_the_promise_moves_by_the_working_time_at_the_applicants(office: Office) -> None:
    office.clock.set(at(2, 9))
    case_id = an_application(office, "verifying")
    first = office.case(case_id).promised_at
    assert first == at(4, 9, 1)
    office.clock.set(at(2, 10))
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [KTP])
    # Two hours of Monday, six of Tuesday and one of Wednesday at the counter, breaks taken out.
    office.clock.set(at(4, 9))
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    promised = office.case(case_id).promised_at
    assert promised is not None
    paused = office.calendar.working_time_between(at(2, 10), at(4, 9), "counter")
    assert paused == timedelta(hours=4 + 6 + 1)
    assert promised == office.calendar.add_working_time(at(4, 9, 1), paused, "counter")


def test_the_clocks_read_the_pauses_from_the_events(office: Office) -> None:
    case_id = an_application(office, "verifying")
    office.clock.set(at(2, 10))
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [KTP])
    with office.db.transaction() as session:
        assert pauses_of(session, case_id, until=at(2, 11)) == [Interval(at(2, 10), at(2, 11))]
    office.clock.set(at(2, 11))
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    with office.db.transaction() as session:
        pauses = pauses_of(session, case_id, until=at(2, 14))
        moved = [(left, entered) for _, left, entered in passages(session, case_id)]
    assert pauses == [Interval(at(2, 10), at(2, 11))]
    assert moved == [
        ("draft", "checking"),
        ("checking", "verifying"),
        ("verifying", "returned"),
        ("returned", "checking"),
    ]
    handed_in = office.case(case_id).submitted_at
    assert handed_in is not None
    reading = clock_reading(
        office.calendar, submitted=handed_in, step_started=at(2, 11), until=at(2, 14), with_applicant=pauses
    )
    assert (reading.applicant, reading.step, reading.end_to_end) == (60, 120, 59 + 120)


def test_time_in_a_draft_is_no_pause(office: Office) -> None:
    case_id = a_draft(office)
    office.clock.advance(days=3)
    drive(office, case_id, "verifying")
    with office.db.transaction() as session:
        assert pauses_of(session, case_id, until=office.clock.now()) == []


def test_three_rounds_leave_three_checks_and_two_pauses(office: Office) -> None:
    case_id = an_application(office, "verifying")
    for hour in (10, 13):
        office.clock.set(at(2, hour))
        return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [KTP])
        office.clock.advance(minutes=30)
        attach_file(office, case_id, "ktp", f"again at {hour}")
        drive(office, case_id, "verifying")
    assert office.case(case_id).round == 3
    assert len(rows(office, CompletenessCheck)) == 3
    with office.db.transaction() as session:
        assert len(pauses_of(session, case_id, until=office.clock.now())) == 2
    assert [row.kind for row in rows(office, MailMessage)].count("returned") == 2


def test_a_stranger_can_not_hand_in_the_correction(office: Office) -> None:
    case_id = an_application(office, "returned")
    with pytest.raises(Forbidden):
        submit(office.db, office.clock, office.calendar, office.actor("pemohon_lain"), case_id)
    assert office.case(case_id).stage == "returned"


# ---------------------------------------------------------------- lapsing
def lapse(office: Office) -> int:
    return lapse_overdue(office.db, office.clock, office.calendar)


def test_a_berkas_lapses_after_the_last_correction_day_not_on_it(office: Office) -> None:
    office.clock.set(at(2, 9))
    case_id = an_application(office, "returned")
    last = office.calendar.add_working_days(at(2, 9).date(), 14)
    office.clock.set(datetime(last.year, last.month, last.day, 23, 59, tzinfo=JAKARTA))
    assert lapse(office) == 0
    office.clock.advance(minutes=1)
    assert lapse(office) == 1
    assert office.case(case_id).stage == "lapsed"
    assert (events(office, case_id)[-1].kind, events(office, case_id)[-1].actor) == ("lapse", "system")
    assert lapse(office) == 0
    assert [row.kind for row in rows(office, MailMessage)].count("lapsed") == 1


def test_what_was_corrected_in_time_does_not_lapse(office: Office) -> None:
    case_id = an_application(office, "returned")
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    office.clock.advance(days=60)
    assert lapse(office) == 0
    assert office.case(case_id).stage == "checking"


def test_a_lapsed_berkas_is_taken_up_again_under_its_number(office: Office) -> None:
    case_id = an_application(office, "lapsed")
    number = office.case(case_id).registration_number
    attach_file(office, case_id, "ktp", "at last")
    attach_file(office, case_id, "surat_sehat", "renewed")
    drive(office, case_id, "awaiting_paraf")
    case = office.case(case_id)
    assert (case.registration_number, case.round, case.revision) == (number, 2, 1)
    with office.db.transaction() as session:
        (pause,) = pauses_of(session, case_id, until=office.clock.now())
    assert pause.end is not None
    assert pause.end - pause.start > timedelta(days=39)


def test_a_lapsed_berkas_is_not_for_the_officer_to_decide(office: Office) -> None:
    case_id = an_application(office, "lapsed")
    with pytest.raises(WrongStage, match="lapsed"):
        verify(office.db, office.clock, office.actor("loket"), case_id)


def test_one_odd_case_does_not_keep_the_others_from_lapsing(office: Office) -> None:
    cases = [an_application(office, "returned") for _ in range(3)]
    office.clock.set(datetime(2020, 1, 1, 3, 0, tzinfo=JAKARTA))
    # Before any definition was in force no rules are known: nothing lapses, nothing breaks.
    assert lapse(office) == 0
    office.clock.set(datetime(2026, 6, 1, 9, 0, tzinfo=JAKARTA))
    assert lapse(office) == 3
    assert {office.case(case_id).stage for case_id in cases} == {"lapsed"}


def test_a_correction_without_any_change_is_checked_again(office: Office) -> None:
    case_id = an_application(office, "returned")
    before = standing(office, case_id)
    drive(office, case_id, "verifying")
    assert standing(office, case_id)[1] == before[1] + 2
    assert kinds(office, case_id)[-2:] == ["submit", "finish_check"]
    assert only(office, CompletenessCheck, CompletenessCheck.round == 2).complete is True
