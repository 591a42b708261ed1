"""Step-up as the use cases ask for it: for piles, mandates and wordings, by secret or passkey, before anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest

from models.catalogue import LicenceDefinition
from models.rules.errors import Forbidden, InvalidInput, WrongPassphrase
from models.services import passkeys, step_up
from models.services.definitions import load_definitions
from models.services.endorse import Kind, PileOutcome
from models.services.inputs import PileLetter
from models.services.new_wording import put_in_force, wording_subject
from models.services.people_desk import Mandate, PeopleDesk, grant_mandate
from models.services.pile_step_up import (
    endorse_pile_by_passkey,
    keep_passphrase,
    kept_state,
    passkey_suffices,
    pile_subject,
    withdraw_passphrase,
)
from models.services.sign_in import SignInRoom
from models.services.step_up import Shown
from models.tables.cases import Event
from models.tables.definitions import SopVersion
from models.tables.letters import Pile
from models.tables.people import Person, RoleGrant, SigningKey
from tests.cases import an_application, letter_of
from tests.factories import HEAD, Office, passphrase_of, sikro_definition
from tests.models.services.probe import rows, standing
from tests.models.services.test_sign_in import room_of
from tests.passkey_device import PasskeyDevice

Act = Callable[[Office, SignInRoom, Shown], None]


@dataclass
class Holder:
    """Somebody with a passkey."""

    office: Office
    username: str
    room: SignInRoom
    device: PasskeyDevice

    def shows(self, subject: str) -> Shown:
        """His passkey, asked for this subject."""
        token, options = step_up.ask_passkey(self.room, self.office.actor(self.username), subject)
        return Shown(token=token, answer=self.device.get(options))

    def puts(self, letters: list[PileLetter], shown: Shown | None = None) -> PileOutcome:
        """A paraf, or the signature of the head, on these letters."""
        kind, actor = kind_of(self.username), self.office.actor(self.username)
        shown = shown or self.shows(pile_subject(kind, letters))
        return endorse_pile_by_passkey(self.office.desk, self.room, actor, kind, letters, shown)


def kind_of(username: str) -> Kind:
    return "signature" if username == HEAD else "paraf"


def holder(office: Office, username: str) -> Holder:
    room, device = room_of(office), PasskeyDevice("http://localhost:8000", "localhost")
    actor = office.actor(username)
    token, options = passkeys.begin_registration(room, actor)
    passkeys.register(room, actor, token, device.create(options), "Ponsel")
    return Holder(office, username, room, device)


def give_password(office: Office, username: str) -> None:
    with office.db.transaction() as session:
        person = session.get_one(Person, office.people[username])
        person.password_hash = office.hasher.hash("kata-sandi-admin")
        session.add(person)


def a_mandate(office: Office) -> Mandate:
    first = office.today + timedelta(days=1)
    return Mandate(office.people["sekretaris"], "kepala_dinas", "Plh.", "800/17/2026", first, first)


def new_definition() -> LicenceDefinition:
    shipped = sikro_definition()
    sop = shipped.sop.model_copy(update={"version": "2026.2", "effective_on": date(2026, 1, 1)})
    return LicenceDefinition(sop, shipped.wording, shipped.layout, "a" * 64)


def give_mandate(office: Office, room: SignInRoom, shown: Shown) -> None:
    desk = PeopleDesk(office.db, office.clock, office.hasher)
    grant_mandate(desk, room, office.actor("admin"), a_mandate(office), shown)


def change_wording(office: Office, room: SignInRoom, shown: Shown) -> None:
    put_in_force(room, office.actor("admin"), new_definition(), shown)


def moved(office: Office) -> tuple[int, int]:
    return len(rows(office, RoleGrant)), len(rows(office, SopVersion))


def kinds_of(office: Office) -> list[str]:
    return [event.kind for event in sorted(rows(office, Event), key=lambda one: one.id)]


@pytest.mark.parametrize("act", [give_mandate, change_wording])
def test_mandates_and_wordings_ask_first(office: Office, act: Act) -> None:
    give_password(office, "admin")
    admin, before = holder(office, "admin"), moved(office)
    mandate, wording = a_mandate(office).subject, wording_subject(new_definition())
    right, other = (mandate, wording) if act is give_mandate else (wording, mandate)
    for wrong in (Shown(), Shown("salah"), admin.shows(other), Shown(token="x", answer="{}")):
        with pytest.raises(WrongPassphrase):
            act(office, admin.room, wrong)
    assert moved(office) == before
    assert "step_up" not in kinds_of(office)
    act(office, admin.room, admin.shows(right))
    assert moved(office) != before
    assert kinds_of(office)[-2] == "step_up"


@pytest.mark.parametrize("act", [give_mandate, change_wording])
def test_the_password_is_as_good(office: Office, act: Act) -> None:
    give_password(office, "admin")
    before = moved(office)
    act(office, room_of(office), Shown("kata-sandi-admin"))
    assert moved(office) != before
    assert [event.actor_id for event in rows(office, Event)][-2:] == [office.people["admin"]] * 2


def test_only_admins_change_wordings(office: Office) -> None:
    loket = holder(office, "loket")
    with pytest.raises(Forbidden):
        put_in_force(
            loket.room, office.actor("loket"), new_definition(), loket.shows(wording_subject(new_definition()))
        )


def test_a_key_that_opens_by_passphrase_wants_it(office: Office) -> None:
    case, muda = an_application(office, "awaiting_paraf"), holder(office, "muda")
    before = standing(office, case)
    assert not suffices(muda, case)
    with pytest.raises(Forbidden, match="dibuka dengan kata sandinya"):
        muda.puts([letter_of(office, case)])
    assert (standing(office, case), rows(office, Pile)) == (before, [])


@pytest.mark.parametrize("username", ["muda", HEAD])
def test_a_passphrase_that_is_kept_makes_a_passkey_enough(office: Office, username: str) -> None:
    stage = "awaiting_signature" if username == HEAD else "awaiting_paraf"
    cases = [an_application(office, stage) for _ in range(2)]
    official = holder(office, username)
    keep_passphrase(office.desk, office.actor(username), passphrase_of(username))
    assert suffices(official, *cases)
    outcome = official.puts([letter_of(office, case) for case in cases])
    assert [one.error for one in outcome.letters] == [None, None]
    (pile,) = [row for row in rows(office, Pile) if row.id == outcome.pile_id]
    assert (pile.means, passphrase_of(username).encode() in (pile.secret or b"")) == ("passkey", False)
    office.work()
    found = {(office.case(case).stage, office.case(case).paraf_next) for case in cases}
    assert found == ({("ready", 4)} if username == HEAD else {("awaiting_paraf", 2)})
    assert [row.secret for row in rows(office, Pile) if row.id == outcome.pile_id] == [None]


def test_a_passkey_is_for_the_pile_that_was_shown_and_once(office: Office) -> None:
    one, two = (an_application(office, "awaiting_paraf") for _ in range(2))
    muda = holder(office, "muda")
    keep_passphrase(office.desk, office.actor("muda"), passphrase_of("muda"))
    mine, other = [letter_of(office, one)], [letter_of(office, two)]
    shown, before = muda.shows(pile_subject("paraf", mine)), standing(office, two)
    for letters, given in ((other, shown), ([*mine, *other], shown), (other, Shown()), (other, Shown("x"))):
        with pytest.raises(WrongPassphrase):
            muda.puts(letters, given)
    assert standing(office, two) == before
    assert muda.puts(mine, shown).letters[0].error is None
    office.work()
    with pytest.raises(WrongPassphrase):
        muda.puts(mine, shown)


def test_a_stranger_s_passkey_opens_nothing(office: Office) -> None:
    case = an_application(office, "awaiting_paraf")
    muda, thief = holder(office, "muda"), holder(office, "loket")
    keep_passphrase(office.desk, office.actor("muda"), passphrase_of("muda"))
    letters = [letter_of(office, case)]
    with pytest.raises(WrongPassphrase):
        muda.puts(letters, thief.shows(pile_subject("paraf", letters)))
    assert office.case(case).stage == "awaiting_paraf"


def test_keeping_wants_the_passphrase_and_a_passkey_and_ends_when_it_is_withdrawn(office: Office) -> None:
    case, desk, actor = an_application(office, "awaiting_paraf"), office.desk, office.actor("muda")
    assert state(office) == "asked"
    with pytest.raises(InvalidInput, match="belum mempunyai passkey"):
        keep_passphrase(desk, actor, passphrase_of("muda"))
    muda = holder(office, "muda")
    with pytest.raises(WrongPassphrase):
        keep_passphrase(desk, actor, "salah")
    with pytest.raises(Forbidden):
        keep_passphrase(desk, office.actor("loket"), "apa saja")
    assert [row.kept_secret for row in rows(office, SigningKey)] == [None] * 4
    keep_passphrase(desk, actor, passphrase_of("muda"))
    assert state(office) == "kept"
    withdraw_passphrase(desk, actor)
    assert (state(office), suffices(muda, case)) == ("asked", False)
    with pytest.raises(Forbidden):
        muda.puts([letter_of(office, case)])


def test_a_paraf_that_is_only_recorded_needs_no_key(office: Office) -> None:
    shipped = sikro_definition()
    changes = {"paraf_mode": "recorded", "version": "2026.r", "effective_on": date(2026, 1, 1)}
    sop = shipped.sop.model_copy(update=changes)
    load_definitions(office.db, office.clock, [LicenceDefinition(sop, shipped.wording, shipped.layout, "f" * 64)])
    case, muda = an_application(office, "awaiting_paraf"), holder(office, "muda")
    assert suffices(muda, case)
    muda.puts([letter_of(office, case)])
    office.work()
    assert office.case(case).paraf_next == 2


def suffices(official: Holder, *cases: UUID) -> bool:
    office = official.office
    kind = kind_of(official.username)
    with office.db.transaction() as session:
        return passkey_suffices(session, office.people[official.username], kind, cases, office.clock.now())


def state(office: Office) -> str:
    with office.db.transaction() as session:
        return kept_state(session, office.people["muda"], office.clock.now())
