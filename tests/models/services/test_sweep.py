"""The sweeper reads stages: lost work comes back, whatever lost it, and what waits for a person is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col

from models.db import Database, DatabaseAway
from models.rules.stages import TASKS
from models.services import sweep as sweeping
from models.services.heartbeat import beat
from models.services.sweep import HEARTBEAT, KEEP_DONE, SweepReport, sweep
from models.tables.letters import Pile
from models.tables.work import Heartbeat, Outbox
from tests.cases import an_application, drive, endorse
from tests.factories import Office
from tests.models.services.probe import kinds, lose_work, only, rows, standing, undone, work_of


def swept(office: Office) -> SweepReport:
    return sweep(office.db, office.clock, office.calendar)


@pytest.mark.parametrize("stage", [stage.value for stage in TASKS])
def test_lost_work_of_every_machine_stage_comes_back(office: Office, stage: str) -> None:
    case_id = an_application(office, stage, channel="counter")
    lose_work(office, case_id)
    before = standing(office, case_id)
    assert swept(office).requeued == 1
    (row,) = undone(office, case_id)
    assert (row.task, row.generation, row.attempts) == (office.ticket(case_id).task, before[1], 0)
    assert row.priority == 3
    assert standing(office, case_id) == before
    assert kinds(office, case_id)[-1] == "requeued"
    assert swept(office).requeued == 0
    assert office.perform(office.ticket(case_id)) is True


def test_there_is_no_upper_window(office: Office) -> None:
    case_id = an_application(office, "preparing")
    lose_work(office, case_id)
    office.clock.advance(days=2000)
    assert swept(office).requeued == 1
    assert len(undone(office, case_id)) == 1


def test_work_that_waits_or_failed_for_a_while_is_not_doubled(office: Office) -> None:
    case_id = an_application(office, "preparing")
    office.press.knob.fail_temporarily()
    office.perform(office.ticket(case_id))
    office.clock.advance(hours=5)
    assert swept(office).requeued == 0
    assert len(work_of(office, case_id)) == 2


def test_undone_work_of_another_generation_does_not_count(office: Office) -> None:
    case_id = an_application(office, "checking")
    lose_work(office, case_id)
    with office.db.transaction() as session:
        session.add(_row(office, case_id, generation=1))
    assert swept(office).requeued == 1
    assert sorted(row.generation for row in undone(office, case_id)) == [1, 2]


def _row(office: Office, case_id: UUID, generation: int) -> Outbox:
    now = office.clock.now()
    return Outbox(
        task="paraf.check_completeness",
        queue="intake",
        subject_id=case_id,
        generation=generation,
        created_at=now,
        due_at=now,
    )


@pytest.mark.parametrize("stage", ["draft", "verifying", "returned", "awaiting_paraf", "ready", "closed"])
def test_what_a_person_must_do_is_left_alone(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before = standing(office, case_id)
    report = swept(office)
    assert (report.requeued, report.waiting, report.lapsed) == (0, 0, 0)
    assert standing(office, case_id) == before


def test_what_was_set_aside_waits_for_its_operator(office: Office) -> None:
    case_id = an_application(office, "preparing")
    office.press.knob.fail_permanently()
    office.perform(office.ticket(case_id))
    assert swept(office).requeued == 0
    assert undone(office, case_id) == []
    assert office.case(case_id).quarantined_at is not None


@pytest.mark.parametrize("stage", ["applying_paraf", "applying_signature"])
def test_a_case_that_waits_for_a_passphrase_does_not_spin(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    office.clock.advance(minutes=16)
    office.work()
    for _ in range(3):
        report = swept(office)
        assert (report.requeued, report.waiting) == (0, 1)
        assert undone(office, case_id) == []
    assert "requeued" not in kinds(office, case_id)


def test_lost_work_with_a_live_secret_comes_back_in_time(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    lose_work(office, case_id)
    assert swept(office).requeued == 1
    office.work()
    assert office.case(case_id).stage == "ready"


def test_expired_secrets_are_wiped_and_live_ones_kept(office: Office) -> None:
    an_application(office, "applying_paraf")
    office.clock.advance(minutes=10)
    case_id = an_application(office, "awaiting_paraf")
    live = endorse(office, "muda", "paraf", case_id).pile_id
    office.clock.advance(minutes=6)
    assert swept(office).wiped == 1
    kept = {pile.id for pile in rows(office, Pile, col(Pile.secret).is_not(None))}
    assert kept == {live}
    gone = only(office, Pile, col(Pile.secret).is_(None))
    assert gone.wiped_at == office.clock.now()
    assert swept(office).wiped == 0


def test_returned_berkas_lapse_by_the_sweeper(office: Office) -> None:
    case_id = an_application(office, "returned")
    office.clock.advance(days=40)
    assert swept(office).lapsed == 1
    assert office.case(case_id).stage == "lapsed"


def test_old_finished_work_goes_and_waiting_work_stays_however_old(office: Office) -> None:
    done, waiting = an_application(office, "verifying"), an_application(office, "checking")
    office.clock.advance(seconds=KEEP_DONE.total_seconds(), hours=-1)
    assert swept(office).pruned == 0
    office.clock.advance(hours=2)
    assert swept(office).pruned == 1
    assert work_of(office, done) == []
    assert len(undone(office, waiting)) == 1
    assert kinds(office, done)[-1] == "finish_check"


def test_its_last_success_is_written_down(office: Office) -> None:
    case_id = an_application(office, "preparing")
    lose_work(office, case_id)
    swept(office)
    row = only(office, Heartbeat, Heartbeat.name == HEARTBEAT)
    assert row.succeeded_at == office.clock.now()
    assert "requeued=1" in row.detail
    office.clock.advance(seconds=10)
    swept(office)
    assert only(office, Heartbeat, Heartbeat.name == HEARTBEAT).succeeded_at == office.clock.now()
    beat(office.db, office.clock, "other")
    assert {row.name for row in rows(office, Heartbeat)} == {HEARTBEAT, "other"}


@contextmanager
def another_sweep(db: Database) -> Iterator[None]:
    with sweeping._alone(db) as mine:
        assert mine
        yield


def test_two_sweeps_never_run_at_once_and_the_lock_is_given_back(office: Office) -> None:
    case_id = an_application(office, "preparing")
    lose_work(office, case_id)
    with another_sweep(office.db):
        assert swept(office) == SweepReport(ran=False)
        assert rows(office, Heartbeat) == []
    assert swept(office).requeued == 1


def test_a_sweep_that_breaks_gives_the_lock_back(office: Office) -> None:
    with pytest.raises(RuntimeError, match="in the middle"), another_sweep(office.db):
        raise RuntimeError("in the middle")
    assert swept(office).ran is True
    with office.db.transaction() as session:
        # The server's other databases belong to tests that run beside this one.
        held = session.execute(
            text(
                """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE l.locktype = 'advisory' AND d.datname = current_database()"""
            )
        ).scalar_one()
    assert held == 0


def test_without_a_database_the_next_sweep_does_it(office: Office) -> None:
    away = Database("postgresql://paraf_app@127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseAway):
        sweep(away, office.clock, office.calendar)


def test_sweeps_that_race_give_each_case_one_row(office: Office) -> None:
    first, second = an_application(office, "preparing"), an_application(office, "preparing")
    for case_id in (first, second):
        lose_work(office, case_id)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: swept(office), range(2)))
    assert sum(report.requeued for report in reports) == 2
    assert [len(undone(office, case_id)) for case_id in (first, second)] == [1, 1]
    office.work()
    assert {office.case(case_id).stage for case_id in (first, second)} == {"awaiting_paraf"}


def test_a_swept_office_finishes_every_case_whatever_was_lost(office: Office) -> None:
    cases = [
        an_application(office, stage) for stage in ("checking", "preparing", "numbering", "assembling", "archiving")
    ]
    for case_id in cases:
        lose_work(office, case_id)
    assert swept(office).requeued == len(cases)
    office.work()
    for case_id in cases:
        drive(office, case_id, "closed")
    assert {office.case(case_id).stage for case_id in cases} == {"closed"}
