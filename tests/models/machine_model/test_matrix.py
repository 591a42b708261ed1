"""Every act by everybody at every stage: what the SOP forbids is refused with the right error and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlmodel import func, select

from models.db import Database
from models.rules.errors import ParafError
from models.rules.stages import TASKS, TRANSITIONS, Command, Stage
from models.services.withdraw import lapse_overdue
from models.tables.cases import Event
from models.tables.letters import Endorsement, PileItem
from models.tables.work import Outbox
from tests.cases import an_application, drive, hand_in
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from tests.models.machine_model.desk import ACTS
from tests.models.machine_model.model import EVERYBODY, HUMAN, MACHINE, STAGES, Model

PLACES = [(stage, ordinal) for stage in STAGES for ordinal in ((1, 2, 3) if stage.endswith("_paraf") else (1,))]
COMMANDS = {"paraf": Command.INITIAL, **{name: Command(name) for name in HUMAN if name in set(Command)}}
MACHINE_COMMANDS = {
    "checking": Command.FINISH_CHECK,
    "preparing": Command.FINISH_BLANKO,
    "applying_paraf": Command.FINISH_PARAF,
    "applying_signature": Command.FINISH_SIGNATURE,
    "numbering": Command.ASSIGN_NUMBER,
    "assembling": Command.FINISH_LICENCE,
    "archiving": Command.FINISH_DOSSIER,
}


@pytest.fixture(scope="module")
def office(new_database: Callable[[], Urls]) -> Iterator[Office]:
    db = Database(new_database().app_url)
    yield an_office(db)
    db.dispose()


def at(stage: str, ordinal: int) -> Model:
    past = stage in ("awaiting_signature", "applying_signature", "numbering", "assembling", "ready", "archiving")
    return Model(stage=stage, paraf_next=4 if past else ordinal)


def trace(office: Office, case: UUID) -> tuple[object, ...]:
    """Everything that an act could change of a case."""
    row = office.case(case)
    with office.db.transaction() as session:
        counts = [
            session.exec(select(func.count()).select_from(table).where(column == case)).one()
            for table, column in (
                (Event, Event.application_id),
                (Outbox, Outbox.subject_id),
                (Endorsement, Endorsement.application_id),
                (PileItem, PileItem.application_id),
            )
        ]
    return (row.stage, row.version, row.revision, row.paraf_next, row.round, *counts)


def test_the_models_table_and_the_offices_are_the_same() -> None:
    human = {
        (stage, COMMANDS[act]): target
        for act, ways in HUMAN.items()
        if act in COMMANDS
        for stage, target in ways.items()
    }
    machine = {(stage, MACHINE_COMMANDS[stage]): target for stage, target in MACHINE.items()}
    assert human | machine | {("returned", Command.LAPSE): "lapsed"} == {
        (stage.value, command): target.value for (stage, command), target in TRANSITIONS.items()
    }
    assert set(STAGES) == {stage.value for stage in Stage}
    assert set(MACHINE) == {stage.value for stage in TASKS}


@pytest.mark.parametrize(("stage", "ordinal"), PLACES, ids=[f"{stage}{n}" for stage, n in PLACES])
def test_whatever_is_forbidden_is_refused_and_changes_nothing(office: Office, stage: str, ordinal: int) -> None:
    case, model = an_application(office, stage, paraf_next=ordinal), at(stage, ordinal)
    before, version = trace(office, case), office.case(case).version
    refused = 0
    for name, act in ACTS.items():
        for who in EVERYBODY:
            expected = model.refusal(name, who)
            if not expected:
                continue
            with pytest.raises(ParafError) as error:
                act(office, case, who, version)
            assert type(error.value).__name__ == expected, (name, who, error.value)
            refused += 1
    assert trace(office, case) == before
    assert refused >= 100


ALLOWED = [(stage, ordinal, act) for stage, ordinal in PLACES for act in HUMAN if stage in HUMAN[act]]


@pytest.mark.parametrize(("stage", "ordinal", "act"), ALLOWED, ids=[f"{a}-{s}{n}" for s, n, a in ALLOWED])
def test_whatever_is_allowed_leads_where_the_table_says(office: Office, stage: str, ordinal: int, act: str) -> None:
    case, model = an_application(office, stage, paraf_next=ordinal), at(stage, ordinal)
    if stage == "draft":
        hand_in(office, case)
    before = office.case(case)
    who = next(who for who in EVERYBODY if not model.refusal(act, who))
    ACTS[act](office, case, who, before.version)
    model.version, model.revision = before.version, before.revision
    model.acted(act, office.clock.now())
    after = office.case(case)
    assert (after.stage, after.version, after.revision) == (model.stage, model.version, model.revision)
    assert after.paraf_next == model.paraf_next


@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_each_machine_stage_leads_on(office: Office, ordinal: int) -> None:
    case = an_application(office, "checking")
    seen = []
    while office.case(case).stage != "closed":
        stage = office.case(case).stage
        seen.append(stage)
        if stage in MACHINE:
            ticket = office.ticket(case)
            assert office.perform(ticket)
            assert not office.perform(ticket)
            continue
        following = {"verifying": "preparing", "ready": "archiving"}
        drive(office, case, following.get(stage, stage.replace("awaiting", "applying")), paraf_next=paraf(office, case))
    assert set(MACHINE) <= set(seen)
    assert seen.count("applying_paraf") == 3


def paraf(office: Office, case: UUID) -> int:
    return office.case(case).paraf_next


def test_a_berkas_lapses_only_where_it_was_returned(office: Office) -> None:
    returned, verifying = an_application(office, "returned"), an_application(office, "verifying")
    office.clock.advance(days=60)
    assert lapse_overdue(office.db, office.clock, office.calendar) >= 1
    assert (office.case(returned).stage, office.case(verifying).stage) == ("lapsed", "verifying")
