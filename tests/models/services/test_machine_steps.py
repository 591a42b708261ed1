"""Every machine step: delivered twice, late, to a failing world, through crashes and without its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url

from models.db import Database, DatabaseAway
from models.rules.errors import NotFound
from models.rules.stages import TASKS
from models.services.casework import lock_case
from models.services.machine import MAX_ATTEMPTS, Ticket, begin, retry
from models.services.number import assign_number
from models.tables.letters import Licence, RegisterEntry
from ops.embedded_postgres import plain
from tests.cases import an_application, drive, hand_in
from tests.conftest import Database as Urls
from tests.conftest import TestServers
from tests.factories import Office
from tests.fakes import Knob
from tests.models.services.probe import events, kinds, rows, standing, undone, work_of


@dataclass(frozen=True)
class Step:
    """A machine stage, where it leads, and the fake whose failure stops it (None: the database alone works)."""

    stage: str
    leads_to: str
    knob: Callable[[Office], Knob]
    paraf_next: int = 1


WORLDLY = [
    Step("checking", "verifying", lambda office: office.scanner.knob),
    Step("preparing", "awaiting_paraf", lambda office: office.press.knob),
    Step("applying_paraf", "awaiting_paraf", lambda office: office.signer.knob),
    Step("applying_paraf", "awaiting_signature", lambda office: office.signer.knob, 3),
    Step("applying_signature", "numbering", lambda office: office.signer.knob),
    Step("assembling", "ready", lambda office: office.press.knob),
    Step("archiving", "closed", lambda office: office.dossiers.knob),
]
NUMBERING = Step("numbering", "assembling", lambda office: Knob())
ALL = [*WORLDLY, NUMBERING]


def named(step: Step) -> str:
    return f"{step.stage}{step.paraf_next if step.stage == 'applying_paraf' else ''}"


every_step = pytest.mark.parametrize("step", ALL, ids=named)
every_worldly_step = pytest.mark.parametrize("step", WORLDLY, ids=named)


def at(office: Office, step: Step) -> UUID:
    return an_application(office, step.stage, paraf_next=step.paraf_next)


def test_all_machine_stages_are_tried_here() -> None:
    assert {step.stage for step in ALL} == {stage.value for stage in TASKS}


@every_step
def test_a_second_delivery_finds_nothing_to_do(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    assert office.perform(ticket) is True
    after, trail = standing(office, case_id), kinds(office, case_id)
    assert after[0] == step.leads_to
    assert office.perform(ticket) is False
    assert (standing(office, case_id), kinds(office, case_id)) == (after, trail)


@every_step
def test_a_message_of_another_generation_does_nothing(office: Office, step: Step) -> None:
    case_id = at(office, step)
    now, before = office.ticket(case_id), standing(office, case_id)
    for generation in (now.generation - 1, now.generation + 1):
        assert office.perform(Ticket(now.task, case_id, generation)) is False
    assert standing(office, case_id) == before
    assert office.perform(now) is True


@every_step
def test_a_forged_message_without_outbox_row_does_nothing(office: Office, step: Step) -> None:
    case_id = at(office, step)
    before = standing(office, case_id)
    for task in TASKS.values():
        if task != office.ticket(case_id).task:
            assert office.perform(Ticket(task, case_id, before[1])) is False
    assert standing(office, case_id) == before


@every_worldly_step
def test_two_deliveries_side_by_side_have_one_effect(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    # In the middle of the first delivery's work outside any transaction, the second one runs to its end.
    step.knob(office).before = lambda: office.perform(ticket)
    office.perform(ticket)
    stage, version, _, _ = standing(office, case_id)
    assert (stage, version) == (step.leads_to, ticket.generation + 1)
    assert len([event for event in events(office, case_id) if event.version == version and event.stage_from]) == 1
    assert [row for row in undone(office, case_id) if row.task == ticket.task and row.generation == version - 1] == []


@every_worldly_step
def test_a_temporary_failure_is_tried_again_after_a_growing_pause(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket, before = office.ticket(case_id), standing(office, case_id)
    step.knob(office).fail_temporarily(times=3)
    pauses = []
    for _ in range(3):
        assert office.perform(ticket) is False
        (row,) = undone(office, case_id)
        assert (row.task, row.sent_at, row.error) == (ticket.task, None, "the machine is busy")
        pauses.append(row.due_at - office.clock.now())
        assert ticket not in office.due()
        office.clock.set(row.due_at)
        assert ticket in office.due()
    assert pauses == [timedelta(seconds=3), timedelta(seconds=15), timedelta(seconds=60)]
    assert standing(office, case_id) == before
    assert office.perform(ticket) is True
    assert office.case(case_id).stage == step.leads_to
    assert "quarantine" not in kinds(office, case_id)


@every_worldly_step
def test_the_fifth_temporary_failure_sets_the_case_aside(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    step.knob(office).fail_temporarily(times=MAX_ATTEMPTS)
    assert [office.perform(ticket) for _ in range(MAX_ATTEMPTS)] == [False] * MAX_ATTEMPTS
    case = office.case(case_id)
    assert case.quarantined_at == office.clock.now()
    assert case.quarantine_reason == "5 attempts failed: the machine is busy"
    assert step.knob(office).calls >= MAX_ATTEMPTS
    assert office.perform(ticket) is False
    assert kinds(office, case_id)[-1] == "quarantine"


@every_worldly_step
def test_a_permanent_failure_sets_the_case_aside_and_an_operator_brings_it_back(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket, before = office.ticket(case_id), standing(office, case_id)
    step.knob(office).fail_permanently(message="the paper is torn")
    assert office.perform(ticket) is False
    case = office.case(case_id)
    assert case.quarantine_reason == "permanent: the paper is torn"
    assert standing(office, case_id) == before
    assert undone(office, case_id) == []
    operator = office.actor("operator")
    assert retry(office.db, office.clock, case_id, operator) == ticket.task
    assert events(office, case_id)[-1].actor_id == operator.person_id
    if case.stage.startswith("applying"):
        # The secret went with the failure: the official is asked for it, the case is not set aside again.
        assert office.perform(ticket) is False
        assert office.case(case_id).quarantined_at is None
    else:
        assert office.perform(ticket) is True
        assert office.case(case_id).stage == step.leads_to


@every_worldly_step
def test_five_crashes_set_the_case_aside_with_the_kind_of_error_alone(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    step.knob(office).crash(times=MAX_ATTEMPTS, message="NIK 1471000000000000 broke it")
    for _ in range(MAX_ATTEMPTS):
        assert office.case(case_id).quarantined_at is None
        with pytest.raises(RuntimeError, match="broke it"):
            office.perform(ticket)
    assert office.case(case_id).quarantine_reason == f"5 attempts failed: RuntimeError in {ticket.task}"
    assert undone(office, case_id) == []
    retry(office.db, office.clock, case_id)
    assert [row.attempts for row in undone(office, case_id)] == [0]
    assert office.perform(ticket) is True
    assert office.case(case_id).stage == step.leads_to


@every_step
def test_a_worker_that_dies_without_a_word_counts_too(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert begin(office.db, office.clock, ticket) is not None
        assert [row.attempts for row in undone(office, case_id)] == [attempt]
    assert begin(office.db, office.clock, ticket) is None
    assert office.case(case_id).quarantine_reason == "5 attempts failed: it crashed"


@every_step
def test_a_dead_worker_is_followed_by_one_that_finishes(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)
    begin(office.db, office.clock, ticket)
    assert office.perform(ticket) is True
    assert office.case(case_id).stage == step.leads_to


@every_worldly_step
def test_what_is_finished_late_leaves_quarantine(office: Office, step: Step) -> None:
    case_id = at(office, step)
    ticket = office.ticket(case_id)

    def others_use_up_the_attempts() -> None:
        for _ in range(MAX_ATTEMPTS):
            begin(office.db, office.clock, ticket)
        assert office.case(case_id).quarantined_at is not None

    step.knob(office).before = others_use_up_the_attempts
    office.perform(ticket)
    case = office.case(case_id)
    assert (case.stage, case.quarantined_at, case.quarantine_reason) == (step.leads_to, None, "")


class Plug:
    """Takes a database away from everyone, and gives it back."""

    def __init__(self, servers: TestServers, urls: Urls) -> None:
        self._superuser = plain(servers.superuser_url)
        self._name = str(make_url(urls.app_url).database)

    def pull(self) -> None:
        with psycopg.connect(self._superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(self._name)))
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
            )

    def put_back(self) -> None:
        with psycopg.connect(self._superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(self._name)))


@pytest.fixture
def plug(servers: TestServers, fresh_database: Urls) -> Iterator[Plug]:
    found = Plug(servers, fresh_database)
    yield found
    found.put_back()


@every_worldly_step
def test_a_database_that_goes_away_in_the_middle_costs_an_attempt_and_nothing_else(
    office: Office, plug: Plug, step: Step
) -> None:
    case_id = at(office, step)
    ticket, before = office.ticket(case_id), standing(office, case_id)
    step.knob(office).before = plug.pull
    with pytest.raises(DatabaseAway):
        office.perform(ticket)
    plug.put_back()
    assert standing(office, case_id) == before
    (row,) = undone(office, case_id)
    assert (row.attempts, row.error) == (1, "")
    assert office.perform(ticket) is True
    assert office.case(case_id).stage == step.leads_to


def test_a_database_that_can_not_be_reached_is_a_temporary_failure() -> None:
    away = Database("postgresql://paraf_app@127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseAway, match="nothing was lost"), away.transaction() as session:
        session.execute(text("SELECT 1"))


@contextmanager
def held(office: Office, case_id: UUID) -> Iterator[None]:
    """Someone else's transaction holds the case."""
    with office.db.transaction() as session:
        lock_case(session, case_id)
        yield


def test_a_case_that_someone_holds_is_waited_for_not_skipped(office: Office) -> None:
    case_id = an_application(office, "numbering")
    ticket = office.ticket(case_id)
    with ThreadPoolExecutor(1) as pool:
        with held(office, case_id):
            waiting = pool.submit(assign_number, office.db, office.clock, ticket)
            assert not waiting.done()
        assert waiting.result(timeout=20) is True
    assert len(rows(office, RegisterEntry)) == 1


def test_an_unknown_case_is_nothing_to_do(office: Office) -> None:
    assert office.perform(Ticket("paraf.generate_blanko", uuid4(), 1)) is False


def test_only_what_is_set_aside_can_be_retried(office: Office) -> None:
    case_id = an_application(office, "preparing")
    with pytest.raises(NotFound, match="not in quarantine"):
        retry(office.db, office.clock, case_id)
    with pytest.raises(NotFound, match="no application"):
        retry(office.db, office.clock, uuid4())
    assert len([row for row in work_of(office, case_id) if row.task == "paraf.generate_blanko"]) == 1


def test_a_case_set_aside_is_left_alone_by_late_messages(office: Office) -> None:
    case_id = an_application(office, "preparing")
    ticket = office.ticket(case_id)
    office.press.knob.fail_permanently()
    office.perform(ticket)
    office.press.knob.heal()
    calls = office.press.knob.calls
    assert office.perform(ticket) is False
    assert office.press.knob.calls == calls


def test_a_photo_that_is_gone_from_the_vault_sets_the_case_aside(office: Office) -> None:
    case_id = an_application(office, "preparing")
    office.vault.objects.clear()
    assert office.perform(office.ticket(case_id)) is False
    assert office.case(case_id).quarantine_reason.startswith("not-found: ")


def test_a_damaged_letter_is_never_signed(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    for sha256 in list(office.vault.objects):
        office.vault.damage(sha256)
    assert office.perform(office.ticket(case_id)) is False
    assert office.case(case_id).quarantine_reason.startswith("damaged-object: ")


def test_a_signer_that_rewrites_the_letter_is_refused(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    office.signer.rewrites = True
    assert office.perform(office.ticket(case_id)) is False
    assert "changed bytes" in office.case(case_id).quarantine_reason
    assert office.case(case_id).stage == "applying_signature"


def test_a_licence_that_the_lint_refuses_is_not_issued(office: Office) -> None:
    case_id = an_application(office, "assembling")
    office.press.faults = ["a font is not embedded"]
    assert office.perform(office.ticket(case_id)) is False
    assert office.case(case_id).quarantine_reason == (
        "permanent: The finished licence is not right: a font is not embedded"
    )
    (licence,) = rows(office, Licence)
    assert (licence.status, licence.sha256, licence.issued_at) == ("intended", "", None)
    office.press.faults = []
    retry(office.db, office.clock, case_id)
    office.work()
    assert office.case(case_id).stage == "ready"
    assert len(rows(office, RegisterEntry)) == 1


def test_each_document_is_inspected_once_however_often_the_check_is_begun(office: Office) -> None:
    case_id = an_application(office, "draft")
    attached = hand_in(office, case_id)
    drive(office, case_id, "checking")
    office.scanner.knob.before = lambda: office.scanner.knob.fail_temporarily()
    assert office.perform(office.ticket(case_id)) is False
    assert office.perform(office.ticket(case_id)) is True
    assert sorted(name.partition(".")[0] for name, _ in office.scanner.seen) == sorted(attached)
