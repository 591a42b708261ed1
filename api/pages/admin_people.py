"""`/admin/orang` and `/admin/mandat`: people on record, their posts with dates, and mandates of acting officials."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office
from api.pages.admin import AdminDesk, admin_page
from api.pages.desk import Desk, Sent, see_other, text_of
from api.pages.forms import Form, faults_of, filled, nested, typed
from api.pages.new_session import rotate
from api.pages.step_up import StepRefused, one_try, shown_in, step_fault
from api.pages.words import ROLES
from api.views.admin import grants, mandates, people
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, Fault, InvalidInput, NotFound
from models.rules.numbering import jakarta_date
from models.rules.roles import APPLICANT
from models.services import passkeys
from models.services.people_desk import (
    ACTING,
    Mandate,
    PeopleDesk,
    StaffInput,
    add_person,
    change_person,
    end_grant,
    grant_mandate,
    grant_role,
    has_ended,
    reset_password,
    switch_person,
)
from models.services.sign_in import factors_of, remove_app
from models.tables.people import Person

router = APIRouter(include_in_schema=False)
HOME, MANDATES = "/admin/orang", "/admin/mandat"
MESSAGES = {
    "simpan": "Perubahan sudah disimpan.",
    "peran": "Peran sudah diberikan. Ia perlu masuk lagi.",
    "akhir": "Peran sudah diakhiri.",
    "aktif": "Orang ini aktif lagi.",
    "nonaktif": "Orang ini tidak dapat masuk lagi; semua perangkatnya sudah dikeluarkan.",
    "lepas": "Langkah kedua orang ini sudah dilepas. Ia memasangnya lagi saat masuk.",
    "mandat": "Mandat sudah dicatat. Ia perlu masuk lagi.",
}
GRANTABLE = [(code, name) for code, name in ROLES.items() if code != APPLICANT]
POSTS = [(code, ROLES[code]) for code in ("kepala_dinas", "sekretaris", "ahli_madya", "ahli_muda")]


def _desk(office: ApiOffice) -> PeopleDesk:
    return PeopleDesk(office.db, office.clock, office.hasher)


def _today(office: ApiOffice) -> date:
    return jakarta_date(office.clock.now())


@router.get(HOME)
def listed(request: Request, desk: AdminDesk, office: Office) -> HTMLResponse:
    """Everyone, with the posts of today."""
    with office.db.transaction() as session:
        rows = people(session, _today(office))
    return admin_page(request, desk, "people.html", {"rows": rows}, HOME)


@router.get(f"{HOME}/baru")
def ask_new(request: Request, desk: AdminDesk) -> HTMLResponse:
    """An empty form."""
    return _new_page(request, desk, Form())


def _new_page(request: Request, desk: Desk, form: Form, status: int = 200) -> HTMLResponse:
    return admin_page(request, desk, "person_new.html", {"form": form, "roles": GRANTABLE}, HOME, status)


@router.post(HOME)
def add(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """Put a person on record, with a first post; the first password is shown once."""
    values = nested(sent)
    role = values.pop("role", "")
    try:
        given = StaffInput.model_validate(values)
        if role not in dict(GRANTABLE):
            raise InvalidInput("", faults=[Fault("/role", "Pilih peran dari daftar.")])
        person_id, password = add_person(_desk(office), desk.actor, given)
        grant_role(_desk(office), desk.actor, person_id, role, _today(office))
    except ValidationError as error:
        return _new_page(request, desk, typed(sent, faults_of(error)), 422)
    except InvalidInput as error:
        return _new_page(request, desk, typed(sent).refused(error), 422)
    return _person_page(request, desk, office, person_id, Form(), password=password)


@router.get(f"{HOME}/{{person_id}}")
def person(
    request: Request, person_id: UUID, desk: AdminDesk, office: Office, pesan: str = Query("", max_length=20)
) -> HTMLResponse:
    """One person: data, posts, second factors."""
    return _person_page(request, desk, office, person_id, Form(), message=MESSAGES.get(pesan, ""))


def _person_page(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    person_id: UUID,
    form: Form,
    *,
    status: int = 200,
    message: str = "",
    password: str = "",
) -> HTMLResponse:
    with office.db.transaction() as session:
        found = _known(session, person_id)
        rows = grants(session, person_id)
        factors = factors_of(session, person_id)
        keys = passkeys.passkeys_of(session, person_id)
    now = office.clock.now()
    context = {
        "person": found,
        "grants": [(grant, has_ended(grant, now), grant.valid_from > _today(office)) for grant in rows],
        "factors": factors,
        "passkeys": keys,
        "form": form,
        "data": filled({"title": found.title, "rank": found.rank, "email": found.email}),
        "roles": GRANTABLE,
        "today": _today(office),
        "message": message,
        "password": password,
        "own": found.id == desk.person.id,
    }
    return admin_page(request, desk, "person.html", context, HOME, status)


def _known(session: Session, person_id: UUID) -> Person:
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound("There is no such person.")
    return found


def _address(person_id: UUID, message: str) -> Response:
    return see_other(f"{HOME}/{person_id}", pesan=message)


@router.post(f"{HOME}/{{person_id}}")
def change(person_id: UUID, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """Title, rank and e-mail."""
    words = [text_of(sent, name) for name in ("title", "rank", "email")]
    change_person(_desk(office), desk.actor, person_id, *words)
    return _address(person_id, "simpan")


@router.post(f"{HOME}/{{person_id}}/aktif")
def switch(request: Request, person_id: UUID, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """Off and on; nobody is deleted."""
    active = text_of(sent, "aktif") == "1"
    try:
        switch_person(_desk(office), desk.actor, person_id, active)
    except InvalidInput as error:
        return _person_page(request, desk, office, person_id, Form().refused(error), status=422)
    return _address(person_id, "aktif" if active else "nonaktif")


@router.post(f"{HOME}/{{person_id}}/sandi")
def new_password(request: Request, person_id: UUID, desk: AdminDesk, office: Office) -> Response:
    """A new password, shown once."""
    password = reset_password(_desk(office), desk.actor, person_id)
    return _person_page(request, desk, office, person_id, Form(), password=password)


@router.post(f"{HOME}/{{person_id}}/langkah-kedua/lepas")
def drop_factors(person_id: UUID, desk: AdminDesk, office: Office) -> Response:
    """For a lost phone: app, paper codes and passkeys go."""
    with office.db.transaction() as session:
        _known(session, person_id)
        keys = passkeys.passkeys_of(session, person_id)
    remove_app(office.sign_in_room, desk.actor, person_id)
    for key in keys:
        passkeys.revoke(office.sign_in_room, desk.actor, person_id, key.id)
    return _address(person_id, "lepas")


@router.post(f"{HOME}/{{person_id}}/peran")
def grant(request: Request, person_id: UUID, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """A post from a day, to a day or without end."""
    try:
        role, first = text_of(sent, "role"), _day(sent, "first")
        if role not in dict(GRANTABLE):
            raise InvalidInput("", faults=[Fault("/role", "Pilih peran dari daftar.")])
        grant_role(_desk(office), desk.actor, person_id, role, first, _optional_day(sent, "last"))
    except (InvalidInput, AlreadyDone) as error:
        return _person_page(request, desk, office, person_id, typed(sent).refused(error), status=422)
    return _address(person_id, "peran")


@router.post("/admin/peran/{grant_id}/akhiri")
def end(request: Request, grant_id: UUID, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """A post or mandate ends after today, or before it for what holds no longer."""
    last = _today(office) - timedelta(days=1) if text_of(sent, "segera") else _today(office)
    try:
        end_grant(_desk(office), desk.actor, grant_id, last)
    except InvalidInput as error:
        return _person_page(request, desk, office, desk.person.id, Form().refused(error), status=422)
    back = text_of(sent, "kembali")
    return see_other(back if back.startswith("/admin/") else HOME, pesan="akhir")


@router.get(MANDATES)
def mandate_list(
    request: Request, desk: AdminDesk, office: Office, pesan: str = Query("", max_length=20)
) -> HTMLResponse:
    """Mandates that hold, those that ended, and a form for a new one."""
    return _mandate_page(request, desk, office, Form(), message=MESSAGES.get(pesan, ""))


def _mandate_page(
    request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200, message: str = ""
) -> HTMLResponse:
    today = _today(office)
    with office.db.transaction() as session:
        context = {
            "form": form,
            "message": message,
            "holding": mandates(session, today),
            "past": mandates(session, today, past=True),
            "people": _names(session, today),
            "posts": POSTS,
            "acting": [(one, one) for one in ACTING],
            "today": today,
        }
    return admin_page(request, desk, "mandates.html", context, MANDATES, status)


def _names(session: Session, today: date) -> list[tuple[str, str]]:
    return [(str(row.person.id), row.person.name) for row in people(session, today) if row.person.active]


@router.post(MANDATES)
def ask_mandate(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """Shows what is about to hold; nothing is recorded before the step-up."""
    try:
        return _confirm_page(request, desk, office, _mandate_in(office, sent), Form())
    except InvalidInput as error:
        return _mandate_page(request, desk, office, typed(sent).refused(error), 422)


@router.post(f"{MANDATES}/sahkan")
def give_mandate(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """The step-up holds for exactly the mandate that was shown."""
    try:
        given, shown = _mandate_in(office, sent), shown_in(sent)
        with one_try(office, desk.actor, shown):
            grant_mandate(_desk(office), office.sign_in_room, desk.actor, _mandate(given), shown)
    except StepRefused as error:
        return _confirm_page(request, desk, office, given, step_fault(Form(), error), error.status)
    except (InvalidInput, AlreadyDone) as error:
        return _mandate_page(request, desk, office, typed(sent).refused(error), 422)
    return rotate(request, office, see_other(MANDATES, pesan="mandat"))


def _mandate(given: dict[str, str]) -> Mandate:
    days = (date.fromisoformat(given["first"]), date.fromisoformat(given["last"]))
    return Mandate(UUID(given["person"]), given["role"], given["acting"], given["decree"], *days)


def _mandate_in(office: ApiOffice, sent: FormData) -> dict[str, str]:
    """The mandate that a form describes; raises InvalidInput with a fault at each field."""
    given = {name: text_of(sent, name) for name in ("person", "role", "acting", "decree", "first", "last")}
    with office.db.transaction() as session:
        known = dict(_names(session, _today(office)))
    checks = {
        "person": (given["person"] in known, "Pilih orang dari daftar."),
        "role": (given["role"] in dict(POSTS), "Pilih jabatan dari daftar."),
        "acting": (given["acting"] in ACTING, "Pilih Plt. atau Plh."),
        "decree": (3 <= len(given["decree"]) <= 120, "Isi nomor surat perintah. Tanpa itu mandat tidak sah."),
        "first": (_is_day(given["first"]), "Pilih tanggal dari kalender."),
        "last": (_is_day(given["last"]) and given["last"] >= given["first"], "Pilih tanggal sesudah hari pertama."),
    }
    faults = [Fault(f"/{name}", sentence) for name, (right, sentence) in checks.items() if not right]
    if faults:
        raise InvalidInput("The mandate is not complete.", faults=faults)
    return given


def _confirm_page(
    request: Request, desk: Desk, office: ApiOffice, given: dict[str, str], form: Form, status: int = 200
) -> HTMLResponse:
    with office.db.transaction() as session:
        name = _known(session, UUID(given["person"])).name
    context: dict[str, Any] = {
        "form": form,
        "given": given,
        "name": name,
        "role": ROLES[given["role"]],
        "first": date.fromisoformat(given["first"]),
        "last": date.fromisoformat(given["last"]),
        "subject": _mandate(given).subject,
    }
    return admin_page(request, desk, "mandate_confirm.html", context, MANDATES, status)


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _day(sent: FormData, name: str) -> date:
    text = text_of(sent, name)
    if not _is_day(text):
        raise InvalidInput("", faults=[Fault(f"/{name}", "Pilih tanggal dari kalender.")])
    return date.fromisoformat(text)


def _optional_day(sent: FormData, name: str) -> date | None:
    return _day(sent, name) if text_of(sent, name) else None
