"""`/masuk/...`: the second step of a sign-in, setting one up where the office asks for it, and passkeys instead."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from api.actors import Office
from api.login_delay import count_attempt, forgive_attempt, of_code, of_passkey
from api.pages.desk import Sent, see_other, text_of
from api.pages.forms import Form
from api.pages.my_security import qr_of
from api.pages.new_session import address_of, open_step, set_step, take_step, welcome
from api.pages.rendering import page
from api.refusals import TooManyAttempts
from api.second_factor import second_step, try_code
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput, NotSignedIn, ParafError
from models.rules.numbering import jakarta_date
from models.services import passkeys, proofs
from models.services.people import actor_of
from models.services.sign_in import Factors, confirm_app, factors_of, start_app
from models.tables.people import Person
from models.tables.sign_in import Proof

router = APIRouter(include_in_schema=False)
OVER = {"pesan": "ulang"}


def after_password(request: Request, office: ApiOffice, person: Person, goal: str) -> Response:
    """The password was right: on to the desk, or to the second step."""
    needed, factors = second_step(office, person)
    if not needed:
        return welcome(request, office, person, goal)
    with office.db.transaction() as session:
        now = office.clock.now()
        asked = proofs.begin(session, "second", now, person_id=person.id, detail={"goal": goal})
    answer = see_other("/masuk/kode" if factors.any else "/masuk/pasang")
    set_step(answer, office, asked.token)
    return answer


def _person(office: ApiOffice, step: Proof) -> tuple[Person, Factors]:
    with office.db.transaction() as session:
        person = session.get_one(Person, step.person_id)
        return person, factors_of(session, person.id)


@router.get("/masuk/kode")
def ask_code(request: Request, office: Office) -> Response:
    """The page that asks for a code or a passkey; who did not come by the first step goes back to it."""
    step = open_step(request, office, "second")
    if step is None:
        return see_other("/masuk", **OVER)
    return _code_page(request, office, step, Form())


@router.post("/masuk/kode")
def give_code(request: Request, office: Office, sent: Sent) -> Response:
    """A code of the app or of the paper."""
    step = open_step(request, office, "second")
    if step is None:
        return see_other("/masuk", **OVER)
    person, factors = _person(office, step)
    if not factors.any:
        return see_other("/masuk/pasang")
    try:
        try_code(office, person, text_of(sent, "code"))
        take_step(request, office, "second")
    except (TooManyAttempts, NotSignedIn, InvalidInput) as error:
        return _code_page(request, office, step, Form({}, (Fault("/code", said(error)),)), status_of(error))
    return welcome(request, office, person, str(step.detail.get("goal", "")))


def said(error: ParafError) -> str:
    """What the page says about a wrong try."""
    if isinstance(error, TooManyAttempts):
        return f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi; akun Anda tidak dikunci."
    return str(error)


def status_of(error: ParafError) -> int:
    """422 for a wrong try, 429 while a delay runs."""
    return 429 if isinstance(error, TooManyAttempts) else 422


def _code_page(request: Request, office: ApiOffice, step: Proof, form: Form, status: int = 200) -> HTMLResponse:
    person, factors = _person(office, step)
    context = {"form": form, "factors": factors, "username": person.username, "goal": step.detail.get("goal", "")}
    return page(request, "sign_in/second.html", context, status=status)


@router.get("/masuk/pasang")
def ask_to_enrol(request: Request, office: Office) -> Response:
    """The office asks for a second factor and the person has none yet: he sets one up before he goes on."""
    step = open_step(request, office, "second")
    if step is None:
        return see_other("/masuk", **OVER)
    return _enrol_page(request, office, step, Form())


@router.post("/masuk/pasang")
def enrol(request: Request, office: Office, sent: Sent) -> Response:
    """The first code of the new app puts it in force and ends the sign-in; the paper's codes are shown once."""
    step = open_step(request, office, "second")
    if step is None:
        return see_other("/masuk", **OVER)
    person, factors = _person(office, step)
    if factors.any:
        return see_other("/masuk/kode")
    attempt = of_code(person.id)
    try:
        count_attempt(office, attempt)
        with office.db.transaction() as session:
            actor = actor_of(session, person, jakarta_date(office.clock.now()))
        codes = confirm_app(office.sign_in_room, actor, person.id, text_of(sent, "code"))
        forgive_attempt(office, attempt)
        take_step(request, office, "second")
    except (TooManyAttempts, InvalidInput) as error:
        return _enrol_page(request, office, step, Form({}, (Fault("/code", said(error)),)), status_of(error))
    signed_in = welcome(request, office, person, str(step.detail.get("goal", "")))
    answer = page(request, "sign_in/codes.html", {"codes": codes, "next": signed_in.headers["location"]}, actor=actor)
    for cookie in signed_in.headers.getlist("set-cookie"):
        answer.headers.append("set-cookie", cookie)
    return answer


def _enrol_page(request: Request, office: ApiOffice, step: Proof, form: Form, status: int = 200) -> Response:
    person, factors = _person(office, step)
    if factors.any:
        return see_other("/masuk/kode")
    enrolment = start_app(office.sign_in_room, person.id)
    context = {"form": form, "secret": enrolment.secret, "qr": qr_of(enrolment.address), "action": "/masuk/pasang"}
    return page(request, "sign_in/enrol.html", {**context, "forced": True}, status=status)


@router.post("/masuk/passkey/tantangan")
def challenge(office: Office) -> dict[str, str]:
    """A challenge for whoever has a passkey of this office."""
    token, options = passkeys.begin_check(office.sign_in_room)
    return {"token": token, "options": options}


@router.post("/masuk/passkey")
def by_passkey(request: Request, office: Office, sent: Sent) -> Response:
    """A passkey is two factors at once: the device, and the finger or PIN that it asked for."""
    goal, attempt = text_of(sent, "lanjut"), of_passkey(address_of(request))
    try:
        count_attempt(office, attempt)
        person = passkeys.check(office.sign_in_room, text_of(sent, "token"), text_of(sent, "answer"))
    except (TooManyAttempts, NotSignedIn) as error:
        form = Form({}, (Fault("", said(error)),))
        context = {"form": form, "goal": goal, "message": "", "sso": sso_label(office), "calm": True}
        return page(request, "sign_in/sign_in.html", context, status=status_of(error))
    forgive_attempt(office, attempt)
    return welcome(request, office, person, goal)


def sso_label(office: ApiOffice) -> str:
    """What the button of the single sign-on says, "" when there is none."""
    return office.settings.oidc_label if office.single_sign_on is not None else ""


def back_to_sign_in() -> RedirectResponse:
    """The sign-in did not go through elsewhere."""
    return see_other("/masuk", pesan="sso")
