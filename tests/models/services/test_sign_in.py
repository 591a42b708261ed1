"""Second factors as use cases: what is in force when, and that every code is good once."""

from __future__ import annotations

import pyotp
import pytest
from sqlmodel import col, select

from models.rules.errors import AlreadyDone, InvalidInput, NotFound, NotSignedIn
from models.services.sign_in import (
    RECOVERY_CODES,
    SignInRoom,
    check_code,
    confirm_app,
    factors_of,
    remove_app,
    renew_recovery_codes,
    start_app,
)
from models.tables.cases import Event
from models.tables.sign_in import OneTimeCode
from tests.factories import Office
from workers.adapters.passkeys import WebauthnPasskeys
from workers.adapters.text_cipher import AesTextCipher
from workers.adapters.totp import TotpCodes

KEY = b"s" * 32
WHO = "loket"


def room_of(office: Office) -> SignInRoom:
    passkeys = WebauthnPasskeys("http://localhost:8000", "DPMPTSP")
    return SignInRoom(office.db, office.clock, office.hasher, AesTextCipher(KEY), TotpCodes(), passkeys, "DPMPTSP")


def set_up(office: Office, room: SignInRoom) -> tuple[str, list[str]]:
    """The person's app in force: its secret, and the codes on paper."""
    actor = office.actor(WHO)
    assert actor.person_id is not None
    secret = start_app(room, actor.person_id).secret
    return secret, confirm_app(room, actor, actor.person_id, pyotp.TOTP(secret).at(office.clock.now()))


def test_the_whole_life_of_an_app(office: Office) -> None:
    room, actor = room_of(office), office.actor(WHO)
    person = actor.person_id
    assert person is not None
    enrolment = start_app(room, person)
    assert start_app(room, person) == enrolment, "the same QR code until it is confirmed"
    with office.db.transaction() as session:
        assert not factors_of(session, person).any
        assert enrolment.secret.encode() not in session.get_one(OneTimeCode, person).secret
    with pytest.raises(NotSignedIn):
        check_code(room, person, pyotp.TOTP(enrolment.secret).at(office.clock.now()))
    with pytest.raises(InvalidInput):
        confirm_app(room, actor, person, "000000x")
    code = pyotp.TOTP(enrolment.secret).at(office.clock.now())
    assert len(set(confirm_app(room, actor, person, f" {code[:3]} {code[3:]}"))) == RECOVERY_CODES
    with pytest.raises(NotFound):
        confirm_app(room, actor, person, code)
    with pytest.raises(AlreadyDone):
        start_app(room, person)
    with office.db.transaction() as session:
        found = factors_of(session, person)
    assert (found.app, found.passkeys, found.recovery_codes) == (True, 0, RECOVERY_CODES)
    remove_app(room, actor, person)
    with office.db.transaction() as session:
        assert not factors_of(session, person).any
        kinds = session.exec(select(Event.kind).order_by(col(Event.id))).all()
    assert [kind for kind in kinds if "factor" in kind] == ["second_factor_added", "second_factor_removed"]


def test_a_code_of_the_app_is_good_once_and_never_an_older_one(office: Office) -> None:
    room, person = room_of(office), office.actor(WHO).person_id
    assert person is not None
    secret, _ = set_up(office, room)
    app = pyotp.TOTP(secret)
    with pytest.raises(NotSignedIn):
        check_code(room, person, app.at(office.clock.now()))
    earlier = app.at(office.clock.now())
    office.clock.advance(minutes=1)
    check_code(room, person, app.at(office.clock.now()))
    for used in (app.at(office.clock.now()), earlier):
        with pytest.raises(NotSignedIn):
            check_code(room, person, used)


def test_codes_on_paper_are_good_once_however_they_are_typed_and_new_ones_end_them(office: Office) -> None:
    room, actor = room_of(office), office.actor(WHO)
    assert actor.person_id is not None
    _, paper = set_up(office, room)
    check_code(room, actor.person_id, paper[0].upper().replace("-", " "))
    with pytest.raises(NotSignedIn):
        check_code(room, actor.person_id, paper[0])
    renewed = renew_recovery_codes(room, actor, actor.person_id)
    assert not set(renewed) & set(paper)
    with pytest.raises(NotSignedIn):
        check_code(room, actor.person_id, paper[1])
    check_code(room, actor.person_id, renewed[1])


def test_a_code_is_its_owner_s_alone(office: Office) -> None:
    room, other = room_of(office), office.actor("blanko").person_id
    assert other is not None
    secret, paper = set_up(office, room)
    office.clock.advance(minutes=1)
    for code in (pyotp.TOTP(secret).at(office.clock.now()), paper[0]):
        with pytest.raises(NotSignedIn):
            check_code(room, other, code)
