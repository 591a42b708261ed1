"""`/masuk`, `/keluar`, `/saya`: signing in with a password, out again, and the devices on which one is signed in."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import AnyCaller, Office, token_of
from api.devices import devices_of, end_device, end_other_devices
from api.login_delay import count_attempt, forgive_attempt, of_sign_in
from api.pages.desk import Sent, SignedInDesk, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.new_session import address_of, goal_of
from api.pages.rendering import page
from api.pages.second_step import after_password, sso_label
from api.refusals import TooManyAttempts
from api.routes.session import drop_session_cookie
from api.sessions import check_password, end_session
from models.rules.errors import Fault, NotSignedIn

router = APIRouter(include_in_schema=False)

MESSAGES = {
    "keluar": "Anda sudah keluar. Sampai bertemu lagi.",
    "perangkat": "Perangkat itu sudah dikeluarkan.",
    "ulang": "Waktu untuk langkah kedua habis. Masuk lagi dari awal.",
    "sso": "Masuk lewat SSO tidak berhasil, atau akun itu tidak terdaftar di kantor ini. Pakai kata sandi.",
    "semua": "Semua perangkat lain sudah dikeluarkan.",
}
LONGEST = 257
"""Letters of a password that are looked at: one more than any password has."""

_WRONG = "Nama pengguna atau kata sandi salah. Periksa keduanya; admin kantor dapat membuat kata sandi baru."


@router.get("/masuk")
def ask(request: Request, caller: AnyCaller, lanjut: str = "", pesan: str = "") -> Response:
    """The form; who is signed in is led on."""
    if caller.signed_in is not None:
        return see_other(goal_of(caller.signed_in.actor, lanjut))
    return _form(request, Form(), lanjut, MESSAGES.get(pesan, ""))


@router.post("/masuk")
def sign_in(request: Request, office: Office, sent: Sent) -> Response:
    """Unknown names and wrong passwords get the same answer; what was typed stays, the password never."""
    name, password, goal = text_of(sent, "username"), str(sent.get("password", ""))[:LONGEST], text_of(sent, "lanjut")
    faults = _missing(name, password)
    if faults:
        return _form(request, typed(sent, faults), goal, status=422)
    attempt = of_sign_in(name, address_of(request))
    try:
        count_attempt(office, attempt)
        person = check_password(office, name, password)
    except TooManyAttempts as error:
        return _wait(request, typed(sent), goal, error)
    except NotSignedIn:
        return _form(request, typed(sent, [Fault("/password", _WRONG)]), goal, status=422)
    forgive_attempt(office, attempt)
    return after_password(request, office, person, goal)


def _missing(name: str, password: str) -> list[Fault]:
    faults = [] if name else [Fault("/username", "Isi nama pengguna.")]
    return faults if password else [*faults, Fault("/password", "Isi kata sandi.")]


def _form(request: Request, form: Form, goal: str, message: str = "", status: int = 200) -> HTMLResponse:
    sso = sso_label(request.app.state.office)
    context = {"form": form, "goal": goal, "message": message, "sso": sso, "calm": message == MESSAGES["keluar"]}
    return page(request, "sign_in/sign_in.html", context, status=status)


def _wait(request: Request, form: Form, goal: str, error: TooManyAttempts) -> HTMLResponse:
    sentence = f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi; akun Anda tidak dikunci."
    answer = _form(request, Form(form.values, (Fault("/password", sentence),)), goal, status=429)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


@router.get("/keluar")
def ask_out(request: Request, desk: SignedInDesk) -> HTMLResponse:
    """Asks, since following a link must not sign anybody out."""
    asked = {
        "question": "Keluar dari perangkat ini?",
        "text": "Pekerjaan yang sudah disimpan tetap ada. Isian yang belum disimpan hilang.",
        "action": "/keluar",
        "yes": "Ya, keluar",
        "no_href": "/kotak",
    }
    return desk.page(request, "confirm.html", asked)


@router.post("/keluar")
def sign_out(request: Request, office: Office) -> Response:
    """Ends the session; asking twice is no error."""
    end_session(office, token_of(request, office))
    answer = see_other("/masuk", pesan="keluar")
    drop_session_cookie(answer, office)
    return answer


@router.get("/saya")
def me(request: Request, desk: SignedInDesk, office: Office, pesan: str = Query("", max_length=20)) -> HTMLResponse:
    """Who I am to the office, and where I am signed in."""
    devices = devices_of(office, desk.person.id, token_of(request, office))
    context = {"person": desk.person, "roles": sorted(desk.actor.roles), "devices": devices}
    return desk.page(request, "sign_in/me.html", {**context, "message": MESSAGES.get(pesan, "")})


@router.post("/saya/perangkat/lain")
def end_others(request: Request, desk: SignedInDesk, office: Office) -> Response:
    """Sign out everywhere but here."""
    end_other_devices(office, desk.person.id, token_of(request, office))
    return see_other("/saya", pesan="semua")


@router.post("/saya/perangkat/{session_id}")
def end_one(session_id: UUID, desk: SignedInDesk, office: Office) -> Response:
    """Sign out on one device; a foreign id answers 404."""
    end_device(office, desk.person.id, session_id)
    return see_other("/saya", pesan="perangkat")
