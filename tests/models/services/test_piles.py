"""A pile of letters under one passphrase: some fit and some do not, and the secret lives no longer than it must."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.rules.errors import (
    AlreadyDone,
    Forbidden,
    InvalidInput,
    NotFound,
    PermanentFailure,
    StaleVersion,
    WrongPassphrase,
    WrongStage,
)
from models.services.apply import apply_paraf
from models.services.casework import lock_case
from models.services.endorse import MAX_PILE, endorse_one, endorse_pile, pile_context, waits_for_person
from models.services.inputs import PileLetter
from models.services.machine import NeedsPerson, retry, run_step
from models.services.sweep import sweep
from models.tables.letters import Endorsement, Letter, Pile, PileItem, RegisterEntry
from tests.cases import an_application, drive, endorse, letter_of
from tests.factories import HEAD, Office, add_key, add_person, grant, passphrase_of
from tests.models.services.probe import events, kinds, only, rows, standing, undone


def piled(office: Office, count: int, stage: str = "awaiting_paraf") -> list[UUID]:
    return [an_application(office, stage) for _ in range(count)]


def scalar(office: Office, statement: str) -> object:
    """One value, read in a transaction of its own."""
    with office.db.transaction() as session:
        return session.execute(text(statement)).scalar_one()


def waits(office: Office, case_id: UUID) -> bool:
    with office.db.transaction() as session:
        return waits_for_person(session, office.case(case_id), office.clock.now())


def test_each_letter_stands_or_falls_alone(office: Office) -> None:
    good, other = piled(office, 2)
    stale = letter_of(office, an_application(office, "awaiting_paraf")).model_copy(update={"version": 1})
    elsewhere = an_application(office, "awaiting_paraf", paraf_next=2)
    early = an_application(office, "verifying")
    unknown = PileLetter(application_id=str(uuid4()), version=1, blanko_sha256="b" * 64)
    letters = [letter_of(office, good), stale, letter_of(office, elsewhere), letter_of(office, early), unknown]
    outcome = endorse(office, "muda", "paraf", *letters, other)
    assert [type(letter.error) for letter in outcome.letters] == [
        type(None), StaleVersion, Forbidden, WrongStage, NotFound, type(None)
    ]  # fmt: skip
    assert [str(letter.application_id) for letter in outcome.letters][:5] == [one.application_id for one in letters]
    assert {row.application_id for row in rows(office, PileItem, PileItem.pile_id == outcome.pile_id)} == {good, other}
    office.work()
    assert standing(office, good)[0::3] == standing(office, other)[0::3] == ("awaiting_paraf", 2)
    assert standing(office, elsewhere)[0::3] == ("awaiting_paraf", 2)
    assert only(office, Pile, Pile.id == outcome.pile_id).secret is None


def test_one_secret_serves_the_whole_pile_and_goes_with_its_last_letter(office: Office) -> None:
    cases = piled(office, 3)
    pile_id = endorse(office, "muda", "paraf", *cases).pile_id
    for case_id in cases:
        assert only(office, Pile, Pile.id == pile_id).secret is not None
        assert office.perform(office.ticket(case_id)) is True
    pile = only(office, Pile, Pile.id == pile_id)
    assert (pile.secret, pile.wiped_at) == (None, office.clock.now())
    items = rows(office, PileItem, PileItem.pile_id == pile_id)
    assert [(item.state, item.message) for item in items] == [("done", "")] * 3


def test_no_worker_sees_a_pile_before_all_its_letters_lie_in_it(office: Office) -> None:
    """A worker that finished the first letter too soon would find the pile done and wipe the others' secret."""
    cases = piled(office, 2)
    letters = [letter_of(office, case_id) for case_id in cases]
    muda, secret = office.actor("muda"), passphrase_of("muda")
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ThreadPoolExecutor(1) as pool:
        with office.db.transaction() as session:
            lock_case(session, cases[1])
            filling = pool.submit(endorse_pile, office.desk, muda, "paraf", letters, secret)
            while not scalar(office, blocked):
                assert not filling.done()
            # The first letter is endorsed, the second one waits: nothing of the pile is to be seen yet.
            assert office.due() == []
            assert rows(office, Pile) == []
        outcome = filling.result(timeout=20)
    assert [letter.error for letter in outcome.letters] == [None, None]
    assert {ticket.case_id for ticket in office.due()} == set(cases)


def test_a_pile_in_which_nothing_fits_keeps_no_secret(office: Office) -> None:
    case_id = an_application(office, "verifying")
    outcome = endorse(office, "muda", "paraf", case_id)
    assert isinstance(outcome.letters[0].error, WrongStage)
    assert only(office, Pile).secret is None
    assert rows(office, PileItem) == []


def test_an_odd_pile_is_refused_before_anything_moves(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    letter, muda, secret = letter_of(office, case_id), office.actor("muda"), passphrase_of("muda")
    shouted = letter.model_copy(update={"application_id": str(case_id).upper()})
    bad_id = letter.model_copy(update={"application_id": "0"})
    many = [letter.model_copy(update={"application_id": str(uuid4())}) for _ in range(MAX_PILE + 1)]
    for pile, sentence in (
        ([], "1 to 100"),
        ([letter, shouted], "twice"),
        ([letter, bad_id], "no id"),
        (many, "1 to 100"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            endorse_pile(office.desk, muda, "paraf", pile, secret)
    assert rows(office, Pile) == []
    assert rows(office, Endorsement) == []
    assert standing(office, case_id)[0] == "awaiting_paraf"


def test_two_piles_with_the_same_letters_in_other_orders_do_not_lock_each_other_out(office: Office) -> None:
    letters = [letter_of(office, case_id) for case_id in piled(office, 4)]
    muda = office.actor("muda")

    def take(pile: list[PileLetter]) -> list[bool]:
        outcome = endorse_pile(office.desk, muda, "paraf", pile, passphrase_of("muda"))
        return [letter.error is None for letter in outcome.letters]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(take, [letters, letters[::-1]])
    assert [a != b for a, b in zip(first, second[::-1], strict=True)] == [True] * 4
    assert len(rows(office, Endorsement)) == 4


def test_a_passphrase_lies_nowhere_readable(office: Office) -> None:
    case_id = an_application(office, "applying_paraf")
    secret = passphrase_of("muda")
    with office.db.transaction() as session:
        for table in ("pile", "outbox", "event", "signing_key", "endorsement", "pile_item"):
            dump = session.execute(text(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")).scalar_one()
            assert secret not in dump
            assert secret.encode().hex() not in dump
    assert undone(office, case_id)[0].task == "paraf.apply_paraf"


def test_a_secret_is_sealed_for_its_pile_alone(office: Office) -> None:
    an_application(office, "applying_paraf")
    pile = only(office, Pile)
    assert pile.secret is not None
    assert office.unsealer.open(pile.secret, pile_context(pile.id)) == passphrase_of("muda")
    with pytest.raises(PermanentFailure):
        office.unsealer.open(pile.secret, pile_context(uuid4()))


# ---------------------------------------------------------------- the secret runs out
def test_an_expired_secret_waits_for_the_same_person_who_gives_it_again(office: Office) -> None:
    case_id = an_application(office, "applying_paraf")
    ticket = office.ticket(case_id)
    office.clock.advance(minutes=16)
    assert office.perform(ticket) is False
    assert undone(office, case_id) == []
    assert office.case(case_id).quarantined_at is None
    assert waits(office, case_id)
    before = standing(office, case_id)
    endorse(office, "muda", "paraf", case_id)
    assert standing(office, case_id) == before
    assert kinds(office, case_id)[-1] == "renew_passphrase"
    assert events(office, case_id)[-1].actor_id == office.people["muda"]
    assert not waits(office, case_id)
    assert len(rows(office, Endorsement)) == 1
    office.work()
    assert standing(office, case_id)[0::3] == ("awaiting_paraf", 2)
    sweep(office.db, office.clock, office.calendar)
    assert all(pile.secret is None for pile in rows(office, Pile))


def test_nobody_else_renews_it_not_even_in_the_same_post(office: Office) -> None:
    add_person(office, "muda_lain", ("ahli_muda",), name="Galjaya Karlana, S.IP.")
    add_key(office, "muda_lain")
    case_id = an_application(office, "applying_paraf")
    office.clock.advance(minutes=16)
    office.work()
    outcome = endorse(office, "muda_lain", "paraf", case_id)
    assert isinstance(outcome.letters[0].error, WrongStage)
    with pytest.raises(WrongPassphrase):
        endorse(office, "muda", "paraf", case_id, passphrase="wrong")
    assert waits(office, case_id)


def test_a_renewal_names_the_blanko_that_was_looked_at(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    office.clock.advance(minutes=16)
    office.work()
    wrong = letter_of(office, case_id).model_copy(update={"blanko_sha256": "c" * 64})
    assert endorse(office, HEAD, "signature", wrong).letters[0].error is not None
    assert waits(office, case_id)
    assert endorse(office, HEAD, "signature", case_id).letters[0].error is None
    office.work()
    assert office.case(case_id).stage == "ready"


def test_what_is_being_applied_needs_no_renewal(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    with pytest.raises(AlreadyDone):
        endorse_one(office.desk, office.actor(HEAD), "signature", letter_of(office, case_id), passphrase_of(HEAD))
    assert len(undone(office, case_id)) == 1


def test_a_renewal_that_crosses_the_workers_answer_is_not_lost(office: Office) -> None:
    case_id = an_application(office, "applying_paraf")
    ticket = office.ticket(case_id)
    office.clock.advance(minutes=16)

    def too_late(_case: object) -> None:
        endorse(office, "muda", "paraf", case_id)
        raise NeedsPerson("the secret had run out when the worker looked")

    assert run_step(office.db, office.clock, ticket, too_late) is False
    assert [row.attempts for row in undone(office, case_id)] == [0]
    office.work()
    assert standing(office, case_id)[0::3] == ("awaiting_paraf", 2)


def test_a_passphrase_that_only_the_worker_can_judge_is_never_tried_twice(office: Office) -> None:
    add_person(office, "tamu", name="Banhanti Suratama, S.H.")
    add_key(office, "tamu", passphrase="the right one", checked=False)
    grant(office, "tamu", "ahli_muda", acting="Plh.", decree="SK 3/2026")
    case_id = an_application(office, "awaiting_paraf")
    endorse(office, "tamu", "paraf", case_id, passphrase="a wrong one")
    office.work()
    assert office.signer.knob.calls == 1
    assert office.case(case_id).quarantined_at is None
    item = only(office, PileItem)
    assert (item.state, item.message) == ("failed", "The passphrase does not open the key.")
    assert only(office, Pile).secret is None
    sweep(office.db, office.clock, office.calendar)
    office.work()
    assert office.signer.knob.calls == 1
    endorse(office, "tamu", "paraf", case_id, passphrase="the right one")
    office.work()
    assert standing(office, case_id)[0::3] == ("awaiting_paraf", 2)


def test_a_letter_that_fails_tells_its_pile_and_the_others_go_on(office: Office) -> None:
    bad, good = piled(office, 2)
    pile_id = endorse(office, "muda", "paraf", bad, good).pile_id
    office.signer.knob.fail_permanently(message="the field is missing")
    for case_id in (bad, good):
        office.perform(office.ticket(case_id))
    items = {row.application_id: (row.state, row.message) for row in rows(office, PileItem)}
    assert items == {bad: ("failed", "the field is missing"), good: ("done", "")}
    assert only(office, Pile, Pile.id == pile_id).secret is None
    assert office.case(bad).quarantined_at is not None
    retry(office.db, office.clock, bad)
    office.work()
    assert waits(office, bad)
    endorse(office, "muda", "paraf", bad)
    office.work()
    assert standing(office, bad)[0::3] == ("awaiting_paraf", 2)


@dataclass
class SeenRing:
    """Notes the piles that the signing room turns to, and those that it is done with."""

    turns: list[UUID] = field(default_factory=list)
    gone: list[UUID | None] = field(default_factory=list)

    def turn_to(self, pile_id: UUID) -> None:
        self.turns.append(pile_id)

    def let_go(self, pile_id: UUID | None) -> None:
        self.gone.append(pile_id)


def sign_with(office: Office, ring: SeenRing, case_id: UUID) -> bool:
    return apply_paraf(office.db, office.clock, replace(office.signing_room, ring=ring), office.ticket(case_id))


def test_an_opened_key_is_kept_for_the_pile_and_let_go_with_its_last_letter(office: Office) -> None:
    first, second = piled(office, 2)
    ring, pile_id = SeenRing(), endorse(office, "muda", "paraf", first, second).pile_id
    assert sign_with(office, ring, first)
    assert (ring.turns, ring.gone) == ([pile_id], [])
    assert sign_with(office, ring, second)
    assert (ring.turns, ring.gone) == ([pile_id, pile_id], [pile_id])


def test_a_passphrase_that_does_not_open_the_key_lets_go_of_it(office: Office) -> None:
    case_id = an_application(office, "applying_paraf")
    office.signer.knob.fail_with(WrongPassphrase("it does not open the key"))
    ring = SeenRing()
    assert sign_with(office, ring, case_id) is False
    assert ring.turns == ring.gone == [only(office, Pile).id]


def test_a_temporary_failure_keeps_the_secret_for_the_next_try(office: Office) -> None:
    case_id = an_application(office, "applying_signature")
    office.signer.knob.fail_temporarily()
    assert office.perform(office.ticket(case_id)) is False
    assert only(office, Pile, Pile.kind == "signature").secret is not None
    office.clock.advance(seconds=3)
    office.work()
    assert office.case(case_id).stage == "ready"
    assert len(rows(office, Letter)) == 4


def test_the_lifetime_of_a_secret_is_the_desks(office: Office) -> None:
    an_application(office, "applying_paraf")
    pile = only(office, Pile)
    assert pile.expires_at - pile.created_at == office.desk.lifetime == timedelta(minutes=15)


def test_a_pile_of_signatures_ends_in_licences_with_numbers_in_a_row(office: Office) -> None:
    cases = piled(office, 3, "awaiting_signature")
    endorse(office, HEAD, "signature", *cases)
    office.work()
    assert {office.case(case_id).stage for case_id in cases} == {"ready"}
    assert sorted(row.seq for row in rows(office, RegisterEntry)) == [1, 2, 3]
    drive(office, cases[0], "closed")
    assert office.case(cases[0]).stage == "closed"
