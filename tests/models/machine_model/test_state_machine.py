"""Anybody does anything at any time, messages come twice, late and never, workers die: the office stays with the model.

`PARAF_MODEL_STEPS=250000 pytest tests/models/machine_model/test_state_machine.py` runs that many steps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from models.db import Database
from models.rules.errors import NotFound, ParafError
from models.services.machine import Ticket, begin, retry
from models.services.sweep import sweep
from tests.cases import a_draft, hand_in
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from tests.fakes import MONDAY_MORNING, Knob
from tests.models.machine_model.desk import ACTS, knob_of
from tests.models.machine_model.model import EVERYBODY, HUMAN, MACHINE, STILL, Model
from tests.models.services.probe import events, lose_work

STEPS = int(os.environ.get("PARAF_MODEL_STEPS", "1200"))
STEPS_A_LIFE = 40
LONGEST_WAIT = 3
"""Times a life may wait for forty days: officials' keys end after two years."""

office: Office
"""One office for all lives: each life has cases of its own."""

ONWARD = {
    "draft": "submit",
    "returned": "submit",
    "lapsed": "submit",
    "verifying": "verify",
    "awaiting_paraf": "paraf",
    "awaiting_signature": "sign",
    "amending": "amend",
    "ready": "hand_over",
}
"""What the right person does when all goes well."""

taken: dict[str, int] = {}
"""How often each thing was done, over all lives."""


class Life(RuleBasedStateMachine):
    """The life of one case."""

    def __init__(self) -> None:
        super().__init__()
        office.clock.set(MONDAY_MORNING)
        self.case = a_draft(office)
        hand_in(office, self.case)
        self.model = Model()
        self.old: list[Ticket] = []
        self.waits = 0

    # ------------------------------------------------------------ people
    @rule(act=st.sampled_from(sorted(ACTS)), who=st.sampled_from(EVERYBODY))
    def anybody_does_anything(self, act: str, who: str) -> None:
        self.act(act, who)

    @rule(choice=st.integers(0, 100))
    def the_right_person_does_the_right_thing(self, choice: int) -> None:
        acts = [act for act in sorted(HUMAN) if self.model.stage in HUMAN[act] and act not in STILL]
        if acts:
            self.right(acts[choice % len(acts)])

    @rule(steps=st.integers(1, 9))
    def all_goes_well_for_a_while(self, steps: int) -> None:
        """Lives would hardly get to their end else."""
        for _ in range(steps):
            if self.model.stage in ONWARD:
                self.right(ONWARD[self.model.stage])
            elif self.model.stage in MACHINE:
                self.deliver("")

    def right(self, act: str) -> None:
        self.act(act, next(who for who in EVERYBODY if not self.model.refusal(act, who)))

    def act(self, act: str, who: str) -> None:
        now, expected = office.clock.now(), self.model.refusal(act, who)
        done(act if not expected else f"{act} refused")
        if self.model.renews(act, who, now):
            ACTS[act](office, self.case, who, self.model.version)
            self.model.renewed(now)
        elif expected:
            self.refused(act, who, self.model.version, expected)
        else:
            ACTS[act](office, self.case, who, self.model.version)
            self.model.acted(act, now)

    def refused(self, act: str, who: str, version: int, expected: str) -> None:
        with pytest.raises(ParafError) as error:
            ACTS[act](office, self.case, who, version)
        assert type(error.value).__name__ == expected, (act, who, self.model, error.value)

    @rule(act=st.sampled_from(sorted(set(ACTS) - {"claim"})))
    def somebody_acts_on_what_he_saw_before(self, act: str) -> None:
        if self.model.stage not in HUMAN[act]:
            return
        done("stale")
        who = next(who for who in EVERYBODY if not self.model.refusal(act, who))
        self.refused(act, who, self.model.version - 1 or 99, "StaleVersion")

    # ------------------------------------------------------------ machines
    @precondition(lambda self: self.model.stage in MACHINE)
    @rule(failure=st.sampled_from(("", "", "", "", "temporary", "permanent", "crash")))
    def a_message_arrives(self, failure: str) -> None:
        self.deliver(failure)

    def deliver(self, failure: str) -> None:
        ticket, stage = self.ticket(), self.model.stage
        self.old.append(ticket)
        knob = knob_of(office, stage)
        _break(knob, failure)
        expected = self.model.delivered(failure, office.clock.now())
        done(f"{stage} {failure or 'well'}")
        try:
            assert office.perform(ticket) is expected, self.model
        except RuntimeError:
            assert failure == "crash"
        finally:
            knob.heal()

    @precondition(lambda self: self.model.stage in MACHINE)
    @rule()
    def a_message_arrives_twice_at_once(self) -> None:
        ticket, knob = self.ticket(), knob_of(office, self.model.stage)
        self.old.append(ticket)
        done("twice at once")
        inner = self.model.can_fail() and self.model.stage in MACHINE
        knob.before = (lambda: office.perform(ticket)) if inner else None
        before = self.model.stage
        self.model.delivered("", office.clock.now())
        office.perform(ticket)
        if knob.before is not None:  # the step never got so far
            knob.before = None
        elif inner and self.model.stage == before and max(self.model.rows, default=0):
            self.model.rows = [attempts + 1 for attempts in self.model.rows]

    @precondition(lambda self: self.old)
    @rule(choice=st.integers(0, 1000))
    def an_old_message_arrives_late(self, choice: int) -> None:
        ticket = self.old[choice % len(self.old)]
        if ticket.generation != self.model.version:
            done("late")
            assert office.perform(ticket) is False

    @precondition(lambda self: self.model.stage in MACHINE)
    @rule()
    def a_worker_dies(self) -> None:
        done("died")
        expected = self.model.taken_up()
        assert (begin(office.db, office.clock, self.ticket()) is not None) is expected

    @precondition(lambda self: self.model.set_aside)
    @rule()
    def the_operator_tries_again(self) -> None:
        done("retry")
        assert self.model.retried()
        retry(office.db, office.clock, self.case, office.actor("operator"))

    @precondition(lambda self: self.model.stage in ("ready", "closed", "numbering") and not self.model.set_aside)
    @rule()
    def the_operator_finds_nothing_to_try(self) -> None:
        done("retry refused")
        with pytest.raises(NotFound):
            retry(office.db, office.clock, self.case)

    @precondition(lambda self: self.model.rows)
    @rule()
    def a_message_gets_lost_for_good(self) -> None:
        done("lost")
        lose_work(office, self.case)
        self.model.rows = []

    # ------------------------------------------------------------ time
    @rule()
    def the_sweeper_comes(self) -> None:
        done("swept")
        sweep(office.db, office.clock, office.calendar)
        self.model.swept(office.clock.now())

    @rule(minutes=st.sampled_from((1, 5, 20)))
    def time_passes(self, minutes: int) -> None:
        office.clock.advance(minutes=minutes)

    @precondition(lambda self: self.model.stage == "returned" and self.waits < LONGEST_WAIT)
    @rule()
    def nobody_mends_the_berkas(self) -> None:
        done("lapse")
        self.waits += 1
        office.clock.advance(days=40)
        sweep(office.db, office.clock, office.calendar)
        self.model.lapsed()

    def ticket(self) -> Ticket:
        return office.ticket(self.case)

    # ------------------------------------------------------------ what always holds
    @invariant()
    def the_office_stands_where_the_model_stands(self) -> None:
        row = office.case(self.case)
        seen = (row.stage, row.version, row.revision, row.paraf_next, row.quarantined_at is not None)
        model = self.model
        assert seen == (model.stage, model.version, model.revision, model.paraf_next, model.set_aside)

    def teardown(self) -> None:
        trail = [event for event in events(office, self.case) if event.stage_from]
        stages = ["draft", *(event.stage_to for event in trail)]
        assert [event.stage_from for event in trail] == stages[:-1]
        assert [event.version for event in trail] == list(range(2, self.model.version + 1))


def done(what: str) -> None:
    taken[what] = taken.get(what, 0) + 1


def _break(knob: Knob, failure: str) -> None:
    knob.heal()
    if failure == "temporary":
        knob.fail_temporarily()
    elif failure == "permanent":
        knob.fail_permanently()
    elif failure == "crash":
        knob.crash()


@pytest.fixture
def one_office(fresh_database: Urls) -> Iterator[Office]:
    global office
    db = Database(fresh_database.app_url)
    office = an_office(db)
    taken.clear()
    yield office
    db.dispose()


def test_the_office_and_the_model_never_part(one_office: Office) -> None:
    lives = settings(
        max_examples=max(1, STEPS // STEPS_A_LIFE),
        stateful_step_count=STEPS_A_LIFE,
        deadline=None,
        derandomize=STEPS < 10_000,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=lives)
    assert sum(taken.values()) > STEPS // 2
    print(f"{sum(taken.values())} things were done", dict(sorted(taken.items())))
    stages = {key.split()[0] for key in taken}
    assert set(MACHINE) <= stages
    assert set(ONWARD.values()) <= set(taken)
    assert {"died", "lost", "swept", "late", "stale", "twice at once"} <= set(taken)
