"""`/nomor`: the back office's numbers of the day, blankos on paper, and numbers that are voided with a reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.pages.desk import Desk, Sent, StaffDesk, number_of, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.rendering import is_fragment, page, query
from api.views import numbers, pictures
from models.rules.errors import AlreadyDone, Fault, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.roles import BACK_OFFICE, require_role
from models.services.casework import read_case, record
from models.services.concept_prints import PRINTED_AT, ask_for_print
from models.services.void import MIN_REASON, void_number

router = APIRouter(include_in_schema=False)
LAST_PAGE = 40
MESSAGES = {"batal": "Nomor sudah dibatalkan dan tetap tercatat di register. Blankonya kembali untuk diperbaiki."}
_CHANGED = (
    "Berkas ini sudah berubah sejak Anda membukanya. Belum ada yang dibatalkan; periksa lagi keadaannya di bawah."
)


def back_office_at_desk(desk: StaffDesk) -> Desk:
    """Raises Forbidden for everybody else."""
    require_role(desk.actor, BACK_OFFICE)
    return desk


BackOffice = Annotated[Desk, Depends(back_office_at_desk)]


@router.get("/nomor")
def look(request: Request, desk: BackOffice, office: Office) -> HTMLResponse:
    """The next numbers, those of a day, the blankos that wait, and the last prints."""
    params, today = request.query_params, jakarta_date(office.clock.now())
    day = _day(params.get("tanggal", "")) or today
    place, leaf = _page_of(params.get("hal", "")), _page_of(params.get("lembar", ""))
    with office.db.transaction() as session:
        taken, more = numbers.numbers_of(session, day, place)
        waiting, more_waiting = numbers.blankos(session, leaf)
        context = {
            "series": numbers.next_numbers(session, today),
            "taken": taken,
            "waiting": waiting,
            "prints": numbers.last_prints(session),
        }
    context |= {
        "filters": Form({"tanggal": [day.isoformat()]}),
        "day": day,
        "today": today,
        "message": MESSAGES.get(params.get("pesan", ""), ""),
        "page": place,
        "leaf": leaf,
        "previous": _link(day, place - 1, leaf) if place > 1 else "",
        "next": _link(day, place + 1, leaf) if more and place < LAST_PAGE else "",
        "previous_leaf": _link(day, place, leaf - 1) if leaf > 1 else "",
        "next_leaf": _link(day, place, leaf + 1) if more_waiting and leaf < LAST_PAGE else "",
    }
    return desk.page(request, "backoffice/numbers.html", context)


def _link(day: date, place: int, leaf: int) -> str:
    return "/nomor" + query({"tanggal": day, "hal": place if place > 1 else None, "lembar": leaf if leaf > 1 else None})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _page_of(text: str) -> int:
    return min(int(text), LAST_PAGE) if text.isascii() and text.isdigit() and 0 < len(text) < 4 and int(text) else 1


@router.get("/nomor/blanko/{application_id}")
def blanko(request: Request, application_id: UUID, desk: BackOffice, office: Office) -> HTMLResponse:
    """The exact letter that officials act on, page by page; that somebody looked is an event."""
    with office.db.transaction() as session:
        found = numbers.blanko_of(session, application_id)
        drawn = pictures.pictures_of(session, {found.sha256: application_id}).get(found.sha256, [])
        case = read_case(session, application_id)
        record(session, "viewed_blanko", at=office.clock.now(), case=case, actor=desk.actor)
    pages = [
        {"src": one.small, "large": one.large, "alt": f"Blanko {found.name}, halaman {one.page}", "text": one.text}
        for one in drawn
    ]
    context = {"blanko": found, "pages": pages, "printable": found.stage in PRINTED_AT}
    return desk.page(request, "backoffice/blanko.html", context)


@router.get("/nomor/blanko/{application_id}/surat.pdf")
def blanko_file(application_id: UUID, desk: BackOffice, office: Office) -> Response:
    """The exact bytes of the blanko."""
    with office.db.transaction() as session:
        found = numbers.blanko_of(session, application_id)
        case = read_case(session, application_id)
        record(session, "viewed_blanko", at=office.clock.now(), case=case, actor=desk.actor)
    return _pdf(office, found.sha256, f"blanko-{_plain(found.registration_number)}-r{found.revision}.pdf")


@router.post("/nomor/cetak")
def order(desk: BackOffice, office: Office, sent: Sent) -> Response:
    """One more print of a blanko."""
    made = ask_for_print(office.db, office.clock, desk.actor, _id(text_of(sent, "permohonan")))
    return see_other(f"/nomor/cetak/{made}")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no application with this id.") from None


@router.get("/nomor/cetak/{print_id}")
def printing(request: Request, print_id: UUID, desk: BackOffice, office: Office) -> HTMLResponse:
    """Whether the print is made yet; the part that changes alone when a timer asks."""
    with office.db.transaction() as session:
        found = numbers.print_state(session, print_id)
    if is_fragment(request):
        return page(request, "backoffice/print_state.html", {"print": found})
    return desk.page(request, "backoffice/print.html", {"print": found})


@router.get("/nomor/cetak/{print_id}/konsep.pdf")
def print_file(print_id: UUID, desk: BackOffice, office: Office) -> Response:
    """The print."""
    with office.db.transaction() as session:
        found = numbers.print_state(session, print_id)
        case = read_case(session, found.application_id)
        if not found.sha256:
            raise NotFound("This print is not made yet.")
        record(session, "viewed_blanko", at=office.clock.now(), case=case, actor=desk.actor)
    return _pdf(office, found.sha256, f"konsep-{_plain(found.registration_number)}-{found.copy_number}.pdf")


def _pdf(office: Office, sha256: str, name: str) -> Response:
    return Response(office.vault.get(sha256), headers=download_headers(name, sha256), media_type="application/pdf")


def _plain(number: str) -> str:
    return number.replace("/", "-")


@router.get("/nomor/batal/{application_id}")
def ask_void(request: Request, application_id: UUID, desk: BackOffice, office: Office) -> HTMLResponse:
    """Which number, whose letter, and why."""
    return _void_page(request, application_id, desk, office, Form())


@router.post("/nomor/batal/{application_id}")
def void(request: Request, application_id: UUID, desk: BackOffice, office: Office, sent: Sent) -> Response:
    """Void the number of the version that was looked at."""
    reason = text_of(sent, "alasan")
    if not MIN_REASON <= len(reason) <= 500:
        fault = "Tulis alasannya, 5 sampai 500 huruf. Alasan ini dibaca di register."
        return _refused(request, application_id, desk, office, sent, Fault("/alasan", fault, "length"))
    try:
        void_number(office.db, office.clock, desk.actor, application_id, reason, number_of(sent, "versi") or 0)
    except StaleVersion:
        return _refused(request, application_id, desk, office, sent, Fault("", _CHANGED, "stale-version"))
    except (WrongStage, AlreadyDone, InvalidInput):
        gone = "Nomor ini tidak dapat dibatalkan lagi di sini: surat sudah diserahkan atau berkas sudah berpindah meja."
        return _refused(request, application_id, desk, office, sent, Fault("", gone, "wrong-stage"))
    return see_other("/nomor", pesan="batal")


def _refused(
    request: Request, application_id: UUID, desk: Desk, office: Office, sent: FormData, fault: Fault
) -> HTMLResponse:
    return _void_page(request, application_id, desk, office, typed(sent, [fault]), 422)


def _void_page(
    request: Request, application_id: UUID, desk: Desk, office: Office, form: Form, status: int = 200
) -> HTMLResponse:
    with office.db.transaction() as session:
        entry, licence, case, holder = numbers.number_of_case(session, application_id)
    context = {
        "form": form,
        "entry": entry,
        "licence": licence,
        "case": case,
        "holder": holder,
        "voidable": case.stage in numbers.VOIDABLE,
    }
    return desk.page(request, "backoffice/void.html", context, status)
