"""Work beside the case: counted attempts, growing pauses, one effect, an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from models.db import Database, DatabaseAway
from models.rules.errors import InvalidInput, PermanentFailure, TemporaryFailure
from models.services.casework import enqueue
from models.services.side_job import PAUSES, run_job
from models.services.tracing import TRACEPARENT
from models.tables.cases import Event
from models.tables.work import Outbox
from tests.conftest import Database as Urls
from tests.fakes import FakeClock

TASK = "paraf.make_receipt"


class Desk:
    """One outbox row and the work that it asks for; `errors` are raised by the next runs."""

    def __init__(self, db: Database) -> None:
        self.db, self.clock, self.subject = db, FakeClock(), uuid4()
        self.runs = 0
        self.errors: list[BaseException] = []
        with db.transaction() as session:
            enqueue(session, TASK, self.subject, 1, self.clock.now())

    def work(self) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)

    def run(self, *, subject: UUID | None = None, generation: int = 1) -> bool:
        return run_job(self.db, self.clock, TASK, subject or self.subject, generation, self.work)

    def row(self) -> Outbox:
        with self.db.transaction() as session:
            return session.exec(select(Outbox).where(Outbox.subject_id == self.subject)).one()

    def given_up(self) -> list[Event]:
        with self.db.transaction() as session:
            return list(session.exec(select(Event).where(Event.kind == "side_job_given_up")))


@pytest.fixture
def desk(fresh_database: Urls) -> Iterator[Desk]:
    db = Database(fresh_database.app_url)
    yield Desk(db)
    db.dispose()


def test_work_runs_to_its_end_once(desk: Desk) -> None:
    assert desk.run()
    assert desk.row().done_at == desk.clock.now()
    assert desk.row().error == ""
    assert not desk.run(), "a second delivery finds nothing to do"
    assert desk.runs == 1
    assert desk.given_up() == []


def test_unknown_work_and_another_generation_are_nothing_to_do(desk: Desk) -> None:
    assert not desk.run(subject=uuid4())
    assert not desk.run(generation=2)
    assert desk.runs == 0
    assert desk.row().attempts == 0


def test_the_attempt_is_counted_before_the_work(desk: Desk) -> None:
    seen: list[int] = []
    run_job(desk.db, desk.clock, TASK, desk.subject, 1, lambda: seen.append(desk.row().attempts))
    assert seen == [1]


def test_a_temporary_failure_waits_longer_each_time(desk: Desk) -> None:
    pauses = []
    for _ in range(4):
        desk.errors = [TemporaryFailure("the mail server is away")]
        assert not desk.run()
        row = desk.row()
        assert row.done_at is None
        assert row.sent_at is None
        assert row.error == "the mail server is away"
        pauses.append(row.due_at - desk.clock.now())
        desk.clock.set(row.due_at)
    assert pauses == [timedelta(seconds=seconds) for seconds in PAUSES]
    assert pauses == sorted(pauses)
    assert desk.run(), "the fifth attempt may still do it"
    assert desk.runs == 5


def test_after_five_attempts_it_is_given_up_with_its_error(desk: Desk) -> None:
    desk.errors = [TemporaryFailure("still away") for _ in range(6)]
    for _ in range(7):
        desk.run()
    assert desk.runs == 5
    assert desk.row().done_at is not None
    assert desk.row().error == "still away"
    (event,) = desk.given_up()
    assert event.detail == {"task": TASK, "subject": str(desk.subject), "attempts": 5}


def test_a_worker_that_dies_each_time_is_stopped_too(desk: Desk) -> None:
    for _ in range(5):
        desk.errors = [SystemExit(1)]
        with pytest.raises(SystemExit):
            desk.run()
    assert desk.row().done_at is None
    assert not desk.run()
    assert desk.runs == 5
    assert desk.row().done_at is not None
    assert desk.row().error == "it crashed"
    assert len(desk.given_up()) == 1


@pytest.mark.parametrize("error", [PermanentFailure("no such address"), InvalidInput("not so")])
def test_what_can_not_be_mended_by_trying_ends_at_once(desk: Desk, error: Exception) -> None:
    desk.errors = [error]
    assert not desk.run()
    assert desk.row().done_at is not None
    assert str(error) in desk.row().error
    assert len(desk.given_up()) == 1
    assert not desk.run()
    assert desk.runs == 1


def test_a_bug_is_raised_and_tried_again(desk: Desk) -> None:
    desk.errors = [RuntimeError("secret words of a person")]
    with pytest.raises(RuntimeError):
        desk.run()
    assert desk.row().error == f"RuntimeError in {TASK}", "what a bug says may hold personal data"
    assert desk.row().due_at > desk.clock.now()
    assert desk.run()


def test_a_database_that_is_away_leaves_the_row_as_it_was(desk: Desk) -> None:
    desk.errors = [DatabaseAway("away")]
    with pytest.raises(DatabaseAway):
        desk.run()
    assert desk.row().done_at is None
    assert desk.row().error == ""
    assert desk.run()


def test_work_that_was_done_meanwhile_is_not_marked_again(desk: Desk) -> None:
    def twice() -> None:
        assert run_job(desk.db, desk.clock, TASK, desk.subject, 1, desk.work)
        desk.clock.advance(seconds=5)
        raise TemporaryFailure("the first delivery was quicker")

    began = desk.clock.now()
    assert not run_job(desk.db, desk.clock, TASK, desk.subject, 1, twice)
    assert desk.row().done_at == began
    assert desk.row().error == ""
    assert desk.given_up() == []


def test_the_trace_of_the_request_goes_on(desk: Desk) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    token = TRACEPARENT.set(trace)
    other = Desk(desk.db)
    TRACEPARENT.reset(token)
    seen: list[str] = []
    run_job(other.db, other.clock, TASK, other.subject, 1, lambda: seen.append(TRACEPARENT.get()))
    assert seen == [trace]
