"""`/saya/keamanan`: a person's own authenticator app, passkeys, recovery codes and password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office, token_of
from api.devices import end_other_devices
from api.pages.desk import Desk, Sent, SignedInDesk, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.new_session import rotate
from api.pages.step_up import LONGEST, StepRefused, one_try, prove, shown_in, step_fault
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput
from models.rules.second_factor import needs_second_factor
from models.services import passkeys
from models.services.people_desk import MIN_PASSWORD, change_password
from models.services.pile_step_up import keep_passphrase, kept_state, withdraw_passphrase
from models.services.sign_in import confirm_app, factors_of, remove_app, renew_recovery_codes, start_app
from models.services.step_up import Shown, subject_of

router = APIRouter(include_in_schema=False)
HOME = "/saya/keamanan"
MESSAGES = {
    "aplikasi": "Aplikasi kode sudah dilepas.",
    "passkey": "Passkey sudah disimpan.",
    "hapus": "Passkey sudah dihapus.",
    "titip": "Kata sandi kunci dititipkan. Passkey cukup untuk paraf dan tanda tangan.",
    "tarik": "Kata sandi kunci ditarik. Ia diminta lagi pada setiap tumpukan.",
    "sandi": "Kata sandi sudah diganti, dan semua perangkat lain sudah dikeluarkan.",
}


def qr_of(address: str) -> str:
    """The code to scan, as a picture that needs no request of its own."""
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#10211a", light="#fff"))


@router.get(HOME)
def security(request: Request, desk: SignedInDesk, office: Office, pesan: str = Query("", max_length=20)) -> Response:
    """What stands beside the password."""
    return _page(request, desk, office, Form(), MESSAGES.get(pesan, ""))


def _page(
    request: Request, desk: Desk, office: ApiOffice, form: Form, message: str = "", status: int = 200
) -> HTMLResponse:
    with office.db.transaction() as session:
        factors = factors_of(session, desk.person.id)
        keys = passkeys.passkeys_of(session, desk.person.id)
        signing = kept_state(session, desk.person.id, office.clock.now())
    context: dict[str, Any] = {
        "form": form,
        "message": message,
        "factors": factors,
        "passkeys": keys,
        "signing": signing,
        "needed": needs_second_factor(desk.actor.roles, enforced=office.settings.second_factor_enforced),
        "person": desk.person,
        "least": MIN_PASSWORD,
        "subject": subject_of("account", [desk.person.id]),
    }
    return desk.page(request, "sign_in/security.html", context, status=status)


def _proved(desk: Desk, office: ApiOffice, sent: Any) -> None:
    """Every change here begins with a step-up. Raises StepRefused."""
    prove(office, desk.actor, subject_of("account", [desk.person.id]), shown_in(sent))


@router.get(f"{HOME}/aplikasi")
def ask_app(request: Request, desk: SignedInDesk, office: Office) -> Response:
    """The code to scan; an app that is in force is not shown again."""
    return _app_page(request, desk, office, Form())


def _app_page(request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200) -> Response:
    with office.db.transaction() as session:
        if factors_of(session, desk.person.id).app:
            return see_other(HOME)
    enrolment = start_app(office.sign_in_room, desk.person.id)
    context = {"form": form, "secret": enrolment.secret, "qr": qr_of(enrolment.address), "action": f"{HOME}/aplikasi"}
    return desk.page(request, "sign_in/enrol.html", {**context, "forced": False}, status=status)


@router.post(f"{HOME}/aplikasi")
def add_app(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """The password and the first code put the app in force; the paper's codes are shown once."""
    try:
        _proved(desk, office, sent)
        codes = confirm_app(office.sign_in_room, desk.actor, desk.person.id, text_of(sent, "code"))
    except StepRefused as error:
        return _app_page(request, desk, office, step_fault(typed(sent), error), error.status)
    except InvalidInput as error:
        return _app_page(request, desk, office, Form({}, (Fault("/code", str(error)),)), 422)
    return rotate(request, office, _codes_page(request, desk, codes))


def _codes_page(request: Request, desk: Desk, codes: list[str]) -> HTMLResponse:
    return desk.page(request, "sign_in/codes.html", {"codes": codes, "next": HOME})


@router.post(f"{HOME}/aplikasi/lepas")
def drop_app(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """Take the app off."""
    try:
        _proved(desk, office, sent)
    except StepRefused as error:
        return _page(request, desk, office, step_fault(typed(sent), error), status=error.status)
    remove_app(office.sign_in_room, desk.actor, desk.person.id)
    return rotate(request, office, see_other(HOME, pesan="aplikasi"))


@router.post(f"{HOME}/kode")
def new_codes(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """New codes on paper; the old ones are void."""
    try:
        _proved(desk, office, sent)
    except StepRefused as error:
        return _page(request, desk, office, step_fault(typed(sent), error), status=error.status)
    return _codes_page(request, desk, renew_recovery_codes(office.sign_in_room, desk.actor, desk.person.id))


@router.post(f"{HOME}/passkey/tantangan")
def passkey_challenge(desk: SignedInDesk, office: Office) -> dict[str, str]:
    """What the browser hands to the authenticator."""
    token, options = passkeys.begin_registration(office.sign_in_room, desk.actor)
    return {"token": token, "options": options}


@router.post(f"{HOME}/passkey")
def add_passkey(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """Keep a new passkey; who has no codes on paper yet gets them now."""
    try:
        _proved(desk, office, sent)
        token, answer = text_of(sent, "new_token"), text_of(sent, "new_answer")
        passkeys.register(office.sign_in_room, desk.actor, token, answer, text_of(sent, "name"))
    except StepRefused as error:
        return _page(request, desk, office, step_fault(typed(sent), error), status=error.status)
    except InvalidInput as error:
        return _page(request, desk, office, Form({}, (Fault("/name", str(error)),)), status=422)
    with office.db.transaction() as session:
        left = factors_of(session, desk.person.id).recovery_codes
    if left:
        return rotate(request, office, see_other(HOME, pesan="passkey"))
    codes = renew_recovery_codes(office.sign_in_room, desk.actor, desk.person.id)
    return rotate(request, office, _codes_page(request, desk, codes))


@router.post(f"{HOME}/passkey/{{passkey_id}}/hapus")
def drop_passkey(request: Request, passkey_id: UUID, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """Take a passkey away; a foreign id answers 404."""
    try:
        _proved(desk, office, sent)
    except StepRefused as error:
        return _page(request, desk, office, step_fault(typed(sent), error), status=error.status)
    passkeys.revoke(office.sign_in_room, desk.actor, desk.person.id, passkey_id)
    return rotate(request, office, see_other(HOME, pesan="hapus"))


@router.post(f"{HOME}/kunci/titip")
def keep_key(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """Leave the signing passphrase with the signing worker: a passkey is enough for a pile from now on."""
    secret = str(sent.get("key_passphrase", ""))[:LONGEST]
    try:
        with one_try(office, desk.actor, Shown(secret)):
            keep_passphrase(office.desk, desk.actor, secret)
    except (StepRefused, InvalidInput) as error:
        form = Form({}, (Fault("/key_passphrase", str(error)),))
        return _page(request, desk, office, form, status=getattr(error, "status", 422))
    return see_other(HOME, pesan="titip")


@router.post(f"{HOME}/kunci/tarik")
def withdraw_key(desk: SignedInDesk, office: Office) -> Response:
    """The passphrase is asked for at each pile again."""
    withdraw_passphrase(office.desk, desk.actor)
    return see_other(HOME, pesan="tarik")


@router.post(f"{HOME}/sandi")
def new_password(request: Request, desk: SignedInDesk, office: Office, sent: Sent) -> Response:
    """A new password of one's own; every other device is signed out."""
    new, again = str(sent.get("new_password", "")), str(sent.get("new_password_again", ""))
    try:
        if new != again:
            raise InvalidInput("Kedua isian kata sandi baru tidak sama. Ketik lagi.")
        _proved(desk, office, sent)
        change_password(office.db, office.clock, office.hasher, desk.actor, desk.person.id, new)
    except StepRefused as error:
        return _page(request, desk, office, step_fault(typed(sent), error), status=error.status)
    except InvalidInput as error:
        return _page(request, desk, office, Form({}, (Fault("/new_password", str(error)),)), status=422)
    end_other_devices(office, desk.person.id, token_of(request, office))
    return rotate(request, office, see_other(HOME, pesan="sandi"))
