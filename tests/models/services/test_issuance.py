"""The stop switch: within a step nothing is signed, numbered or issued; nothing is lost, no attempt is burned."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import col

from models.rules.errors import Forbidden, InvalidInput, WrongStage
from models.services.issuance import HELD, release, resume_issuance, state, stop_issuance, stopped_at
from models.services.sweep import sweep
from models.tables.audit import IssuanceStop
from models.tables.cases import Event
from models.tables.letters import RegisterEntry
from tests.cases import an_application, drive, endorse
from tests.factories import Office
from tests.models.services.probe import only, rows, undone

REASON = "Cap kantor sedang diganti."


def halted(office: Office) -> bool:
    with office.db.transaction() as session:
        return stopped_at(session, office.clock.now())


@pytest.mark.parametrize("stage", ["applying_signature", "numbering", "assembling"])
def test_what_issues_is_put_off_without_an_attempt_and_goes_on_afterwards(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    stop_issuance(office.db, office.clock, REASON, office.actor("kepala"))
    for _ in range(7):
        assert not office.perform(office.ticket(case_id))
    (work,) = undone(office, case_id)
    assert (work.attempts, work.sent_at, work.error) == (0, None, HELD)
    assert work.due_at > office.clock.now()
    assert office.work() == 0
    case = office.case(case_id)
    assert (case.stage, case.quarantined_at) == (stage, None)
    assert resume_issuance(office.db, office.clock, office.actor("kepala")) == 1
    office.work()
    assert office.case(case_id).stage == "ready"


@pytest.mark.parametrize("stage", ["checking", "preparing", "applying_paraf", "archiving"])
def test_what_does_not_issue_runs(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    stop_issuance(office.db, office.clock, REASON)
    assert office.perform(office.ticket(case_id))


def test_a_pile_that_was_signed_meanwhile_takes_its_numbers_in_order(office: Office) -> None:
    cases = [an_application(office, "awaiting_signature") for _ in range(3)]
    stop_issuance(office.db, office.clock, REASON)
    endorse(office, "kepala", "signature", *cases)
    office.work()
    assert rows(office, RegisterEntry) == []
    assert resume_issuance(office.db, office.clock) == 3
    office.work()
    assert sorted(row.seq for row in rows(office, RegisterEntry)) == [1, 2, 3]
    assert {office.case(case_id).stage for case_id in cases} == {"ready"}


def test_the_sweeper_leaves_it_alone(office: Office) -> None:
    case_id = an_application(office, "numbering")
    stop_issuance(office.db, office.clock, REASON)
    office.perform(office.ticket(case_id))
    assert sweep(office.db, office.clock, office.calendar).requeued == 0
    assert len(undone(office, case_id)) == 1


def test_it_looks_again_by_itself_if_letting_go_was_missed(office: Office) -> None:
    case_id = an_application(office, "numbering")
    stop_issuance(office.db, office.clock, REASON)
    office.perform(office.ticket(case_id))
    row = only(office, IssuanceStop)
    with office.db.transaction() as session:
        stop = session.get_one(IssuanceStop, row.id)
        stop.resumed_at = office.clock.now()
        session.add(stop)
    office.clock.advance(minutes=11)
    office.work()
    assert office.case(case_id).stage == "ready"


def test_what_is_held_is_not_let_go_while_it_stands(office: Office) -> None:
    case_id = an_application(office, "numbering")
    stop_issuance(office.db, office.clock, REASON)
    office.perform(office.ticket(case_id))
    with office.db.transaction() as session:
        assert release(session, office.clock.now()) == 0
    assert undone(office, case_id)[0].error == HELD


def test_who_stopped_it_why_and_when_is_kept(office: Office) -> None:
    stop_issuance(office.db, office.clock, f"  {REASON} ", office.actor("operator"))
    with office.db.transaction() as session:
        found = state(session, office.clock.now())
    assert (found.stopped, found.cause, found.reason, found.since) == (True, "person", REASON, office.clock.now())
    office.clock.advance(minutes=5)
    resume_issuance(office.db, office.clock, office.actor("kepala"))
    row = only(office, IssuanceStop)
    assert (row.stopped_by, row.resumed_by) == (office.people["operator"], office.people["kepala"])
    assert row.resumed_at == office.clock.now()
    told = rows(office, Event, col(Event.kind).in_(["issuance_stopped", "issuance_resumed"]))
    assert [(event.kind, event.detail) for event in told] == [("issuance_stopped", None), ("issuance_resumed", None)]
    stop_issuance(office.db, office.clock, "Sekali lagi dihentikan.")
    assert len(rows(office, IssuanceStop)) == 2


def _stop_as(username: str) -> Callable[[Office], object]:
    return lambda office: stop_issuance(office.db, office.clock, REASON, office.actor(username))


@pytest.mark.parametrize("username", ["loket", "blanko", "muda", "madya", "pemohon"])
def test_others_may_not_stop_it(office: Office, username: str) -> None:
    with pytest.raises(Forbidden):
        _stop_as(username)(office)
    assert not halted(office)


@pytest.mark.parametrize("username", ["operator", "admin", "kepala", "sekretaris"])
def test_these_may_stop_it(office: Office, username: str) -> None:
    _stop_as(username)(office)
    assert halted(office)


def test_the_secretary_may_stop_and_not_resume(office: Office) -> None:
    _stop_as("sekretaris")(office)
    with pytest.raises(Forbidden):
        resume_issuance(office.db, office.clock, office.actor("sekretaris"))


def test_it_needs_a_reason_and_stands_once(office: Office) -> None:
    with pytest.raises(InvalidInput):
        stop_issuance(office.db, office.clock, " tes ")
    with pytest.raises(WrongStage):
        resume_issuance(office.db, office.clock)
    stop_issuance(office.db, office.clock, REASON)
    with pytest.raises(WrongStage):
        stop_issuance(office.db, office.clock, REASON)


def test_a_stop_while_a_step_runs_does_not_undo_it(office: Office) -> None:
    case_id = drive(office, an_application(office), "assembling")
    office.press.knob.before = lambda: stop_issuance(office.db, office.clock, REASON)
    assert office.perform(office.ticket(case_id))
    assert office.case(case_id).stage == "ready"
    assert halted(office)
