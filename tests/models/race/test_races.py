"""Ten threads at once for one paraf, for numbers, for one task: the database lets one effect through."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from sqlmodel import col, select

from models.rules.errors import ParafError
from models.services.endorse import endorse_one
from models.services.number import assign_number
from models.services.send_back import send_back
from models.services.submit import submit
from models.tables.cases import Application, Event
from models.tables.letters import Blanko, Endorsement, Letter, Licence, Pile, RegisterEntry
from models.tables.work import Outbox
from tests.cases import a_draft, an_application, endorse, hand_in, letter_of
from tests.factories import HEAD, Office, passphrase_of
from tests.models.race.conftest import RACERS, together


def test_of_ten_racers_for_one_paraf_one_wins(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    actor, looked_at = office.actor("muda"), letter_of(office, case_id)
    act = partial(endorse_one, office.desk, actor, "paraf", looked_at, passphrase_of("muda"))
    outcomes = together([act] * RACERS)
    losers = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(losers) == RACERS - 1
    assert [loser for loser in losers if not isinstance(loser, ParafError)] == []
    with office.db.transaction() as session:
        assert len(session.exec(select(Endorsement)).all()) == 1
        assert len(session.exec(select(Event).where(Event.kind == "initial")).all()) == 1
        assert len(session.exec(select(Outbox).where(Outbox.task == "paraf.apply_paraf")).all()) == 1
        # Whoever lost keeps no passphrase behind.
        assert len(session.exec(select(Pile).where(col(Pile.secret).is_not(None))).all()) == 1
    office.work()
    assert office.case(case_id).paraf_next == 2


def test_two_piles_with_the_same_letters_in_opposite_order_do_not_block_each_other(office: Office) -> None:
    cases = [an_application(office, "awaiting_paraf") for _ in range(4)]
    letters = [letter_of(office, case_id) for case_id in cases]
    outcomes = together([lambda: endorse(office, "muda", "paraf", *letters),
                         lambda: endorse(office, "muda", "paraf", *reversed(letters))])  # fmt: skip
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    with office.db.transaction() as session:
        acts = session.exec(select(Endorsement.application_id)).all()
    assert Counter(acts) == Counter(cases)


def test_ten_letters_numbered_at_once_get_ten_numbers_without_a_gap(office: Office) -> None:
    cases = [an_application(office, "numbering") for _ in range(RACERS)]
    tickets = [office.ticket(case_id) for case_id in cases]
    outcomes = together([partial(assign_number, office.db, office.clock, ticket) for ticket in tickets])
    assert outcomes == [True] * RACERS
    with office.db.transaction() as session:
        entries = session.exec(select(RegisterEntry).order_by(col(RegisterEntry.seq))).all()
        assert [entry.seq for entry in entries] == list(range(1, RACERS + 1))
        assert {entry.application_id for entry in entries} == set(cases)
        assert len({entry.number for entry in entries}) == RACERS
        assert len(session.exec(select(Licence)).all()) == RACERS


def test_ten_berkas_handed_in_at_once_get_ten_registrations_without_a_gap(office: Office) -> None:
    cases = [a_draft(office) for _ in range(RACERS)]
    for case_id in cases:
        hand_in(office, case_id)
    actor = office.actor("pemohon")
    receipts = together([partial(submit, office.db, office.clock, office.calendar, actor, one) for one in cases])
    numbers = sorted(receipt.registration_number for receipt in receipts if not isinstance(receipt, Exception))
    assert numbers == [f"REG/{seq:05}/SIKRO/2026" for seq in range(1, RACERS + 1)]


DELIVERIES = {
    "checking": 0,
    "preparing": 1,
    "applying_paraf": 1,
    "applying_signature": 4,
    "numbering": 4,
    "assembling": 4,
    "archiving": 4,
}
"""Machine stages, and the letters (parafs and signature applied, blanko aside) that are there after the step."""


@pytest.mark.parametrize("stage", DELIVERIES)
def test_a_task_delivered_ten_times_at_once_has_one_effect(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before, ticket = office.case(case_id), office.ticket(case_id)
    outcomes = together([partial(office.perform, ticket)] * RACERS)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    after = office.case(case_id)
    assert after.version == before.version + 1
    assert after.stage != before.stage
    assert after.quarantined_at is None
    with office.db.transaction() as session:
        moves = session.exec(select(Event).where(Event.application_id == case_id, Event.version == after.version))
        assert len([event for event in moves if event.stage_from]) == 1
        open_rows = session.exec(
            select(Outbox).where(
                Outbox.subject_id == case_id, Outbox.task == ticket.task, col(Outbox.done_at).is_(None)
            )
        ).all()
        assert list(open_rows) == []
        assert len(session.exec(select(Blanko)).all()) == (stage != "checking")
        letters = session.exec(select(Letter)).all()
        assert len(letters) == (DELIVERIES[stage] if stage != "preparing" else 0)


def test_a_case_that_two_officials_want_at_once_is_signed_or_sent_back_but_not_both(office: Office) -> None:
    case_id = an_application(office, "awaiting_signature")
    head, looked_at = office.actor(HEAD), letter_of(office, case_id)
    outcomes = together([
        lambda: str(endorse_one(office.desk, head, "signature", looked_at, passphrase_of(HEAD)).pile_id),
        lambda: str(send_back(office.db, office.clock, head, case_id, "Alamat salah.", "blanko", looked_at.version)),
    ])  # fmt: skip
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 1
    assert isinstance(refused[0], ParafError)
    with office.db.transaction() as session:
        case = session.get_one(Application, case_id)
        signed = session.exec(select(Endorsement).where(Endorsement.kind == "signature")).all()
    assert (case.stage, len(signed)) in {("applying_signature", 1), ("amending", 0)}
