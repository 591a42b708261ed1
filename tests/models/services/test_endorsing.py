"""Steps 4 to 7: parafs in their order, the signature, one person once, and the right person only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from models.catalogue import LicenceDefinition
from models.rules.errors import (
    AlreadyDone,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    ParafError,
    StaleVersion,
    WrongPassphrase,
    WrongStage,
)
from models.rules.roles import Actor
from models.services.definitions import load_definitions
from models.services.endorse import active_key, endorse_one
from models.services.inputs import Amendment, PileLetter
from models.services.people import actor_of, post_of
from models.services.send_back import amend, send_back
from models.tables.letters import Blanko, Endorsement, Letter, Pile
from models.tables.people import Person, RoleGrant, SigningKey
from tests.cases import an_application, drive, endorse, letter_of
from tests.factories import (
    HEAD,
    INITIALLERS,
    Office,
    add_key,
    add_person,
    end_grants,
    grant,
    passphrase_of,
    sikro_definition,
)
from tests.models.services.probe import events, kinds, only, rows, standing, undone

TITLES = ("JF Analis Kebijakan Ahli Muda", "JF Analis Kebijakan Ahli Madya", "Sekretaris")


def paraf(office: Office, username: str, case_id: UUID, *, passphrase: str | None = None) -> UUID:
    secret = passphrase or passphrase_of(username)
    return endorse_one(office.desk, office.actor(username), "paraf", letter_of(office, case_id), secret).pile_id


def sign(office: Office, username: str, case_id: UUID) -> UUID:
    letter = letter_of(office, case_id)
    return endorse_one(office.desk, office.actor(username), "signature", letter, passphrase_of(username)).pile_id


@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_each_paraf_is_its_officials_alone(office: Office, ordinal: int) -> None:
    case_id = an_application(office, "awaiting_paraf", paraf_next=ordinal)
    before = standing(office, case_id)
    for username in (*INITIALLERS, HEAD):
        if username != INITIALLERS[ordinal - 1]:
            with pytest.raises(Forbidden, match=TITLES[ordinal - 1]):
                paraf(office, username, case_id)
    assert standing(office, case_id) == before
    paraf(office, INITIALLERS[ordinal - 1], case_id)
    assert standing(office, case_id) == ("applying_paraf", before[1] + 1, 1, ordinal)
    assert [row.task for row in undone(office, case_id)] == ["paraf.apply_paraf"]
    act = only(office, Endorsement, Endorsement.application_id == case_id, Endorsement.ordinal == ordinal)
    assert act.blanko_sha256 == letter_of(office, case_id).blanko_sha256


def test_the_event_of_a_paraf_tells_which_bytes_and_in_what_post(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    paraf(office, "muda", case_id)
    letter = letter_of(office, case_id)
    assert events(office, case_id)[-1].detail == {
        "ordinal": 1,
        "blanko_sha256": letter.blanko_sha256,
        "role": "ahli_muda",
        "acting": "",
    }


@pytest.mark.parametrize("username", INITIALLERS)
def test_the_head_alone_signs(office: Office, username: str) -> None:
    case_id = an_application(office, "awaiting_signature")
    with pytest.raises(Forbidden, match="Kepala Dinas"):
        sign(office, username, case_id)
    assert office.case(case_id).stage == "awaiting_signature"


def test_who_has_no_key_or_no_sign_in_can_not_act(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    with pytest.raises(Forbidden, match="signing key"):
        paraf(office, "loket", case_id)
    machine = Actor("", frozenset({"ahli_muda"}), client="key")
    with pytest.raises(NotSignedIn):
        endorse_one(office.desk, machine, "paraf", letter_of(office, case_id), "x")
    assert rows(office, Pile, Pile.person_id == office.people["loket"]) == []


@pytest.mark.parametrize("stage", ["verifying", "preparing", "awaiting_signature", "amending", "numbering", "ready"])
def test_there_is_no_paraf_elsewhere(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before = standing(office, case_id)
    with pytest.raises(WrongStage, match=stage):
        paraf(office, "muda", case_id)
    assert standing(office, case_id) == before
    assert all(pile.secret is None for pile in rows(office, Pile))


@pytest.mark.parametrize("stage", ["awaiting_paraf", "applying_paraf", "numbering", "closed"])
def test_there_is_no_signature_elsewhere(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before = standing(office, case_id)
    with pytest.raises(WrongStage, match=stage):
        sign(office, HEAD, case_id)
    assert standing(office, case_id) == before


def test_a_letter_that_changed_since_it_was_looked_at_is_refused(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    seen, before = letter_of(office, case_id), standing(office, case_id)
    muda, secret = office.actor("muda"), passphrase_of("muda")
    with pytest.raises(StaleVersion, match="version"):
        endorse_one(office.desk, muda, "paraf", seen.model_copy(update={"version": seen.version - 1}), secret)
    with pytest.raises(StaleVersion, match="open it again"):
        endorse_one(office.desk, muda, "paraf", seen.model_copy(update={"blanko_sha256": "a" * 64}), secret)
    assert standing(office, case_id) == before
    assert rows(office, Endorsement) == []


def test_an_unknown_letter_and_a_bad_id(office: Office) -> None:
    muda, secret = office.actor("muda"), passphrase_of("muda")
    unknown = PileLetter(application_id=str(uuid4()), version=1, blanko_sha256="a" * 64)
    with pytest.raises(NotFound):
        endorse_one(office.desk, muda, "paraf", unknown, secret)
    with pytest.raises(InvalidInput, match="no id"):
        endorse_one(office.desk, muda, "paraf", unknown.model_copy(update={"application_id": "12"}), secret)


def test_a_wrong_passphrase_moves_nothing(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    before, trail = standing(office, case_id), kinds(office, case_id)
    with pytest.raises(WrongPassphrase, match="nothing has moved"):
        paraf(office, "muda", case_id, passphrase="guess")
    assert (standing(office, case_id), kinds(office, case_id)) == (before, trail)
    assert rows(office, Pile) == []
    assert rows(office, Endorsement) == []


def test_a_double_click_is_one_paraf(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    seen = letter_of(office, case_id)
    muda, secret = office.actor("muda"), passphrase_of("muda")
    endorse_one(office.desk, muda, "paraf", seen, secret)
    with pytest.raises(AlreadyDone, match="being applied"):
        endorse_one(office.desk, muda, "paraf", seen, secret)
    office.work()
    with pytest.raises(StaleVersion):
        endorse_one(office.desk, muda, "paraf", seen, secret)
    assert len(rows(office, Endorsement)) == len(rows(office, Letter)) == 1
    assert kinds(office, case_id).count("initial") == 1
    assert all(pile.secret is None for pile in rows(office, Pile))


def test_ten_threads_race_for_one_paraf(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    seen, muda = letter_of(office, case_id), office.actor("muda")

    def try_it(_: int) -> type[ParafError] | None:
        try:
            endorse_one(office.desk, muda, "paraf", seen, passphrase_of("muda"))
        except ParafError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(try_it, range(10)))
    assert sorted(answers, key=str) == [*[AlreadyDone] * 9, None]
    assert len(rows(office, Endorsement)) == 1
    assert len(undone(office, case_id)) == 1
    office.work()
    assert standing(office, case_id)[0::3] == ("awaiting_paraf", 2)
    assert all(pile.secret is None for pile in rows(office, Pile))


def test_one_person_acts_once_on_a_revision_whatever_posts_he_holds(office: Office) -> None:
    grant(office, "muda", "ahli_madya", acting="Plt.", decree="SK 12/2026")
    grant(office, "muda", "kepala_dinas", acting="Plh.", decree="SK 13/2026", since=date(2027, 1, 1))
    case_id = an_application(office, "awaiting_paraf", paraf_next=2)
    before = standing(office, case_id)
    with pytest.raises(AlreadyDone, match="another official"):
        paraf(office, "muda", case_id)
    assert standing(office, case_id) == before
    paraf(office, "madya", case_id)
    assert office.case(case_id).stage == "applying_paraf"


def test_the_head_by_mandate_can_not_sign_what_he_initialled(office: Office) -> None:
    grant(office, "sekretaris", "kepala_dinas", acting="Plt.", decree="SK 14/2026")
    case_id = an_application(office, "awaiting_signature")
    with pytest.raises(AlreadyDone):
        sign(office, "sekretaris", case_id)
    assert office.case(case_id).stage == "awaiting_signature"


# ---------------------------------------------------------------- mandates
def test_an_acting_official_stands_in_between_the_days_of_his_decree(office: Office) -> None:
    add_person(office, "pengganti", name="Salmira Tengbuana, S.H.", title="Kepala Bidang", nip="198001012005012001")
    add_key(office, "pengganti")
    grant(
        office,
        "pengganti",
        "sekretaris",
        acting="Plh.",
        decree="SK 7/2026",
        since=date(2026, 3, 3),
        until=date(2026, 3, 4),
    )
    case_id = an_application(office, "awaiting_paraf", paraf_next=3)
    with pytest.raises(Forbidden, match="today"):
        paraf(office, "pengganti", case_id)
    office.clock.set(datetime(2026, 3, 4, 2, 0, tzinfo=UTC))
    paraf(office, "pengganti", case_id)
    act = only(office, Endorsement, Endorsement.ordinal == 3)
    given = only(office, RoleGrant, RoleGrant.id == act.grant_id)
    assert (given.acting, given.decree) == ("Plh.", "SK 7/2026")
    detail = events(office, case_id)[-1].detail
    assert detail is not None
    assert detail["acting"] == "Plh."
    office.work()
    last = max(rows(office, Letter, Letter.application_id == case_id), key=lambda row: row.ordinal)
    assert b"PARAF3 Plh. Salmira Tengbuana" in office.vault.objects[last.sha256]


def test_a_mandate_ends_with_its_last_day_in_jakarta(office: Office) -> None:
    add_person(office, "pengganti", name="Salmira Tengbuana, S.H.")
    add_key(office, "pengganti")
    grant(office, "pengganti", "ahli_muda", acting="Plh.", decree="SK 8/2026", until=date(2026, 3, 4))
    case_id = an_application(office, "awaiting_paraf")
    office.clock.set(datetime(2026, 3, 4, 17, 0, tzinfo=UTC))
    with pytest.raises(Forbidden):
        paraf(office, "pengganti", case_id)
    office.clock.advance(seconds=-1)
    paraf(office, "pengganti", case_id)
    assert office.case(case_id).stage == "applying_paraf"


def test_a_mandate_needs_its_decree(office: Office) -> None:
    with pytest.raises(IntegrityError, match="role_grant_mandate_needs_decree"):
        grant(office, "muda", "sekretaris", acting="Plt.")


def test_the_acting_official_goes_before_the_one_he_stands_in_for(office: Office) -> None:
    add_person(office, "plt", name="Ferhanti Wiramukti, M.Si.", title="Asisten")
    grant(office, "plt", "kepala_dinas", acting="Plt.", decree="SK 9/2026", since=date(2026, 3, 2))
    with office.db.transaction() as session:
        post = post_of(session, "kepala_dinas", office.today)
        before = post_of(session, "kepala_dinas", office.today - timedelta(days=1))
        with pytest.raises(InvalidInput, match="Nobody holds"):
            post_of(session, "kepala_dinas", date(2020, 1, 1))
    assert (post.person_id, post.official.acting) == (office.people["plt"], "Plt.")
    assert before.person_id == office.people[HEAD]


def test_a_new_head_signs_a_new_blanko_that_names_him_never_the_old_one(office: Office) -> None:
    case_id = an_application(office, "awaiting_signature")
    office.clock.advance(days=1)
    end_grants(office, HEAD, office.today - timedelta(days=1))
    add_person(office, "kepala_baru", ("kepala_dinas",), name="Lindian Sangdipta, S.STP.", title="Kepala Dinas")
    add_key(office, "kepala_baru")
    with pytest.raises(Forbidden, match="send it back"):
        sign(office, "kepala_baru", case_id)
    with pytest.raises(Forbidden, match="do not hold that post"):
        sign(office, HEAD, case_id)
    send_back(office.db, office.clock, office.actor("kepala_baru"), case_id, "Kepala Dinas berganti.")
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment())
    drive(office, case_id, "awaiting_signature")
    sign(office, "kepala_baru", case_id)
    office.work()
    licence_bytes = max(office.vault.objects.values(), key=len)
    assert b"KEPALA Lindian Sangdipta" in licence_bytes
    assert office.case(case_id).stage == "ready"


def test_a_blanko_of_the_first_revision_names_who_held_office_at_completeness(office: Office) -> None:
    case_id = an_application(office, "preparing")
    office.clock.advance(days=1)
    end_grants(office, HEAD, office.today - timedelta(days=1))
    add_person(office, "kepala_baru", name="Lindian Sangdipta, S.STP.")
    grant(office, "kepala_baru", "kepala_dinas", since=office.today)
    drive(office, case_id, "awaiting_paraf")
    assert only(office, Blanko).officials[-1]["person_id"] == str(office.people[HEAD])


def test_a_post_that_nobody_holds_stops_the_blanko_with_a_sentence(office: Office) -> None:
    end_grants(office, HEAD, date(2025, 12, 31))
    case_id = an_application(office, "preparing")
    assert office.perform(office.ticket(case_id)) is False
    assert "Nobody holds the role kepala_dinas" in office.case(case_id).quarantine_reason


def test_who_left_the_office_holds_no_role(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    muda = office.actor("muda")
    with office.db.transaction() as session:
        person = session.get(Person, office.people["muda"])
        assert person is not None
        person.active = False
        session.add(person)
        session.flush()
        assert actor_of(session, person, office.today).roles == frozenset()
    with pytest.raises(Forbidden):
        endorse_one(office.desk, muda, "paraf", letter_of(office, case_id), passphrase_of("muda"))


# ---------------------------------------------------------------- keys and clocks
def test_the_newest_key_that_holds_is_used(office: Office) -> None:
    office.clock.advance(minutes=1)
    add_key(office, "muda", passphrase="sandi baru muda")
    case_id = an_application(office, "awaiting_paraf")
    with pytest.raises(WrongPassphrase):
        paraf(office, "muda", case_id)
    paraf(office, "muda", case_id, passphrase="sandi baru muda")
    office.work()
    assert office.case(case_id).paraf_next == 2


def _revoke(office: Office) -> None:
    with office.db.transaction() as session:
        for key in rows(office, SigningKey, SigningKey.person_id == office.people["muda"]):
            key = session.merge(key)
            key.revoked_at = office.clock.now()


@pytest.mark.parametrize("end", [_revoke, lambda office: office.clock.advance(days=731)], ids=["revoked", "run out"])
def test_a_key_that_ended_signs_nothing(office: Office, end: Callable[[Office], None]) -> None:
    case_id = an_application(office, "awaiting_paraf")
    end(office)
    with pytest.raises(Forbidden, match="signing key"):
        paraf(office, "muda", case_id)
    with office.db.transaction() as session:
        assert active_key(session, office.people["muda"], office.clock.now()) is None


def test_a_key_revoked_before_the_worker_came_sets_the_case_aside(office: Office) -> None:
    case_id = an_application(office, "applying_paraf")
    _revoke(office)
    assert office.perform(office.ticket(case_id)) is False
    assert "no valid signing key" in office.case(case_id).quarantine_reason


def test_a_clock_that_was_set_back_puts_no_act_before_what_it_follows(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf", paraf_next=2)
    first = only(office, Endorsement).acted_at
    office.clock.advance(hours=-2)
    paraf(office, "madya", case_id)
    assert only(office, Endorsement, Endorsement.ordinal == 2).acted_at == first


def test_a_letter_whose_str_has_ended_is_not_signed(office: Office) -> None:
    case_id = an_application(office, "awaiting_signature", str_valid_until="2026-03-05")
    office.clock.set(datetime(2026, 3, 5, 18, 0, tzinfo=UTC))
    before = standing(office, case_id)
    with pytest.raises(InvalidInput, match="STR berakhir 5 Maret 2026"):
        sign(office, HEAD, case_id)
    assert standing(office, case_id) == before


def test_recorded_parafs_leave_the_bytes_alone(office: Office) -> None:
    shipped = sikro_definition()
    sop = shipped.sop.model_copy(
        update={"paraf_mode": "recorded", "version": "2026.r", "effective_on": date(2026, 1, 1)}
    )
    load_definitions(office.db, office.clock, [LicenceDefinition(sop, shipped.wording, shipped.layout, "f" * 64)])
    case_id = an_application(office, "awaiting_signature")
    letters = rows(office, Letter)
    assert len(letters) == 3
    assert {letter.sha256 for letter in letters} == {letter_of(office, case_id).blanko_sha256}
    assert all(pile.secret is None for pile in rows(office, Pile))
    drive(office, case_id, "ready")
    assert office.case(case_id).stage == "ready"


def test_endorse_takes_ids_or_letters_as_they_were_seen(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    outcome = endorse(office, "muda", "paraf", letter_of(office, case_id))
    assert [(letter.application_id, letter.error) for letter in outcome.letters] == [(case_id, None)]
    assert outcome.letters[0].version == office.case(case_id).version
