"""`/lacak`: where an application stands, by its number and the last four digits of the applicant's phone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.actors import Office
from api.login_delay import count_attempt, forgive_attempt
from api.pages.applicant_link import Mine
from api.pages.apply_files import ENOUGH, REFUSALS, Requirement, open_item, refused_at, store, with_particulars
from api.pages.desk import Sent, number_of, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.guesses import of_guess
from api.pages.rendering import page
from api.refusals import TooManyAttempts
from api.views.berkas import berkas_of
from api.views.follow import DIGITS, find_followed
from api.views.progress import passages_of, step_lines
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput, StaleVersion, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.roles import APPLICANT, Actor
from models.services import submit as submission
from models.services.casework import read_case

router = APIRouter(prefix="/lacak", include_in_schema=False)
HELD_SECONDS = 1800
SPACES = re.compile(r"\s+")
WRONG = "Nomor pendaftaran dan 4 angka itu tidak cocok. Periksa tanda terima Anda, lalu coba lagi."


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody follows by: it is held against the register at every request, and guesses are counted."""

    number: str
    digits: str

    @property
    def cookie(self) -> str:
        """As the browser keeps it for half an hour."""
        return quote(f"{self.number}|{self.digits}", safe="")


def cookie_name(office: ApiOffice) -> str:
    """`__Host-` needs TLS."""
    return "__Host-lacak" if office.https else "lacak"


def asked_before(request: Request, office: Office) -> Asked | None:
    """What the browser followed before, None when nothing."""
    number, _, digits = unquote(request.cookies.get(cookie_name(office), "")).partition("|")
    return Asked(number, digits) if number and digits else None


Before = Annotated[Asked | None, Depends(asked_before)]


def find(request: Request, office: ApiOffice, asked: Asked) -> UUID | None:
    """The case, None for a wrong pair. Raises TooManyAttempts."""
    attempt = of_guess(request, "follow", asked.number)
    count_attempt(office, attempt)
    with office.db.transaction() as session:
        found = find_followed(session, asked.number, asked.digits)
        case_id = found.id if found else None
    if case_id is not None:
        forgive_attempt(office, attempt)
    return case_id


@router.get("")
def ask(
    request: Request, before: Before, office: Office, nomor: Annotated[str, Query(max_length=100)] = "", lain: str = ""
) -> Response:
    """The form, filled from the receipt's QR code; or what was followed before."""
    if before is not None and not lain and nomor in ("", before.number):
        return _followed(request, office, before, Form())
    return _ask_page(request, Form({"nomor": [nomor]}))


def _ask_page(request: Request, form: Form, status: int = 200, wait: int = 0) -> Response:
    headers = {"Retry-After": str(wait)} if wait else None
    return page(request, "public/track.html", {"form": form}, status=status, headers=headers)


@router.post("")
def follow(request: Request, sent: Sent, office: Office) -> Response:
    """Keep the pair for half an hour when it is right; a wrong one learns nothing."""
    number, digits = SPACES.sub("", text_of(sent, "nomor")).upper(), text_of(sent, "angka")
    faults = [] if number else [Fault("/nomor", "Isi nomor pendaftaran dari tanda terima.")]
    if not (len(digits) == DIGITS and digits.isascii() and digits.isdigit()):
        faults.append(Fault("/angka", "Isi 4 angka terakhir nomor telepon."))
    if faults:
        return _ask_page(request, typed(sent, faults), 422)
    asked = Asked(number, digits)
    try:
        found = find(request, office, asked)
    except TooManyAttempts as error:
        return _wait(request, sent_form=typed(sent), seconds=error.retry_after)
    if found is None:
        return _ask_page(request, typed(sent, [Fault("/nomor", WRONG)]), 422)
    answer = see_other("/lacak")
    answer.set_cookie(
        cookie_name(office), asked.cookie, HELD_SECONDS, path="/", secure=office.https, httponly=True, samesite="strict"
    )
    return answer


def _wait(request: Request, sent_form: Form, seconds: int) -> Response:
    sentence = f"Terlalu banyak percobaan. Tunggu {seconds} detik, lalu coba lagi."
    return _ask_page(request, Form(sent_form.values, (Fault("/nomor", sentence),)), 429, seconds)


def _opened(request: Request, office: ApiOffice, asked: Asked | None) -> Mine | None:
    """The followed case as its applicant may act on it: mending what came back, and nothing else."""
    found = find(request, office, asked) if asked else None
    return Mine(found, Actor(APPLICANT, link_to=found), "") if found else None


def _followed(
    request: Request, office: ApiOffice, asked: Asked, form: Form, status: int = 200, notice: str = ""
) -> Response:
    try:
        mine = _opened(request, office, asked)
    except TooManyAttempts as error:
        return _wait(request, Form(), error.retry_after)
    if mine is None:
        return _ask_page(request, Form())
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
        steps = step_lines(berkas.sop, case, passages_of(session, case.id))
    context = {"case": case, "berkas": berkas, "steps": steps, "form": with_particulars(berkas, form), "notice": notice}
    return page(request, "public/followed.html", context, status=status)


@router.post("/berkas/{requirement}")
def mend(request: Request, requirement: Requirement, sent: Sent, before: Before, office: Office) -> Response:
    """Put one document that came back."""
    mine = _opened(request, office, before)
    if mine is None or before is None:
        return see_other("/lacak", lain="1")
    with office.db.transaction() as session:
        if not berkas_of(session, read_case(session, mine.application_id), jakarta_date(office.clock.now())).correcting:
            raise WrongStage("Only what came back is mended here.")
        item = open_item(session, office, mine.application_id, requirement)
    try:
        store(office, mine.actor, mine.application_id, item, sent)
    except REFUSALS as error:
        return _followed(request, office, before, refused_at(sent, requirement, error), 422)
    return see_other(f"/lacak#kartu-{requirement}")


@router.get("/berkas/{requirement}/hasil")
def finding(request: Request, requirement: Requirement, before: Before, office: Office) -> Response:
    """One card's finding, for who waits for it."""
    mine = _opened(request, office, before)
    if mine is None:
        return see_other("/lacak", lain="1")
    with office.db.transaction() as session:
        item = open_item(session, office, mine.application_id, requirement)
    return page(request, "applicant/_finding.html", {"item": item}, status=200 if item.state == "pending" else ENOUGH)


@router.post("/kirim")
def hand_in(request: Request, sent: Sent, before: Before, office: Office) -> Response:
    """Send the mended berkas."""
    mine = _opened(request, office, before)
    if mine is None or before is None:
        return see_other("/lacak", lain="1")
    with office.db.transaction() as session:
        berkas = berkas_of(session, read_case(session, mine.application_id), jakarta_date(office.clock.now()))
    if berkas.correcting and berkas.lack:
        refused = Form().refused(InvalidInput(f"{berkas.lack}. Perbaiki dahulu, lalu kirim."))
        return _followed(request, office, before, refused, 422)
    try:
        version = number_of(sent, "version")
        submission.submit(office.db, office.clock, office.calendar, mine.actor, mine.application_id, version)
    except (StaleVersion, WrongStage):
        notice = "Permohonan ini sudah berubah sejak Anda membukanya. Keadaannya yang terbaru ada di bawah."
        return _followed(request, office, before, Form(), 409, notice)
    return see_other("/lacak")


@router.post("/tutup")
def forget(office: Office) -> Response:
    """Have this browser forget what it followed."""
    answer = see_other("/lacak")
    answer.delete_cookie(cookie_name(office), path="/", secure=office.https, httponly=True, samesite="strict")
    return answer
