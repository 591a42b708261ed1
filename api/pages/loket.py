"""`/loket`: the front office takes a berkas in by keyboard and scanner, and finds any case by its receipt."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.pages.apply_files import ENOUGH, REFUSALS, Requirement, open_item, refused_at, store, with_particulars
from api.pages.desk import Desk, Sent, StaffDesk, number_of, see_other, text_of
from api.pages.forms import Form, filled, typed
from api.pages.person_form import person_input, together, workplace_input
from api.views.berkas import berkas_of
from api.views.counter import already_there, drafts, search
from api.views.offers import offered, offers
from api.views.progress import passages_of, step_lines
from api.wiring import ApiOffice
from models.ports import ReceiptSize
from models.rules.errors import Fault, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.nik import normal_nik
from models.rules.numbering import jakarta_date
from models.rules.roles import FRONT_OFFICE, require_role
from models.rules.stages import Stage
from models.services import draft, draft_parts
from models.services import submit as submission
from models.services.casework import read_case, record
from models.services.inputs import PersonInput, WorkplaceInput
from models.services.receipts import receipt_sha256
from models.tables.cases import Application, Document, HolderData

router = APIRouter(prefix="/loket", include_in_schema=False)
STANDARD_STEP = "check"


def front_office(desk: StaffDesk) -> Desk:
    """Raises Forbidden for every other role."""
    require_role(desk.actor, FRONT_OFFICE)
    return desk


FrontDesk = Annotated[Desk, Depends(front_office)]


@router.get("")
def counter(
    request: Request, desk: FrontDesk, office: Office, q: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Scan or search, take in, or go on with what was begun."""
    with office.db.transaction() as session:
        found = search(session, q)
        begun = drafts(session)
    if q and len(found) == 1:
        return see_other(f"/loket/permohonan/{found[0].id}")
    context = {"q": q, "search_form": Form({"q": [q]}), "found": found, "begun": begun}
    return desk.page(request, "counter/home.html", context)


@router.get("/baru")
def new(request: Request, desk: FrontDesk, office: Office) -> Response:
    """One form for who applies and where he works."""
    return _intake_page(request, desk, office, filled({"place_order": 1, "str_lifelong": "ya", "priority": ""}))


def _intake_page(
    request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200, same: list[Any] | None = None
) -> Response:
    with office.db.transaction() as session:
        sops = offered(session, jakarta_date(office.clock.now()))
    context = {"form": form, "sops": sops, "same": same or [], "fresh": not form.faults and not same}
    return desk.page(request, "counter/intake.html", context, status)


@router.post("/baru")
def take_in(request: Request, sent: Sent, desk: FrontDesk, office: Office) -> Response:
    """Open a draft with its data. Somebody who has a case already is shown, and taken in when that is confirmed."""
    licence, _, kind = text_of(sent, "type").partition(":")
    try:
        person, place = _data(sent, office, licence, kind)
    except InvalidInput as error:
        return _intake_page(request, desk, office, typed(sent).refused(error), 422)
    with office.db.transaction() as session:
        same = already_there(session, office.cipher.blind(person.nik), licence)
    if same and text_of(sent, "tetap") != "ya":
        sentence = "NIK ini sudah punya permohonan. Buka yang ada, atau tandai bahwa tetap diterima."
        return _intake_page(request, desk, office, typed(sent, [Fault("/tetap", sentence)]), 422, same)
    precedence = text_of(sent, "priority") == "ya"
    made = draft.open_draft(office.db, office.clock, desk.actor, licence, kind, "counter", precedence=precedence)
    draft_parts.describe_person(office.db, office.clock, office.cipher, desk.actor, made.application_id, person)
    draft_parts.describe_workplace(office.db, office.clock, desk.actor, made.application_id, place)
    return see_other(f"/loket/permohonan/{made.application_id}")


def _data(sent: FormData, office: ApiOffice, licence: str, kind: str) -> tuple[PersonInput, WorkplaceInput]:
    today = jakarta_date(office.clock.now())
    person, place = together(
        lambda: person_input(sent, today, phone_needed=False),
        lambda: workplace_input(sent),
        more=() if _offered(office, licence, kind) else (Fault("/type", "Pilih jenis permohonan.", "missing"),),
    )
    assert isinstance(person, PersonInput)
    assert isinstance(place, WorkplaceInput)
    return person, place


def _offered(office: ApiOffice, licence: str, kind: str) -> bool:
    with office.db.transaction() as session:
        return offers(session, jakarta_date(office.clock.now()), licence, kind)


@router.post("/ganda")
def duplicates(request: Request, sent: Sent, desk: FrontDesk, office: Office) -> Response:
    """The part of the form that warns of a person who has a case already; asked for while a NIK is typed."""
    nik, licence = normal_nik(text_of(sent, "nik")), text_of(sent, "type").partition(":")[0] or "SIKRO"
    same = []
    if len(nik) == 16 and nik.isascii() and nik.isdigit():
        with office.db.transaction() as session:
            same = already_there(session, office.cipher.blind(nik), licence)
    return desk.page(request, "counter/_same.html", {"same": same, "form": Form()})


@router.get("/permohonan/{application_id}")
def case_at_counter(
    application_id: UUID, request: Request, desk: FrontDesk, office: Office, baru: str = ""
) -> Response:
    """A draft with its cards, or where a case that was handed in stands, with its receipt."""
    return _case_page(request, desk, office, application_id, Form(), new=baru == "1")


def _case_page(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    application_id: UUID,
    form: Form,
    status: int = 200,
    notice: str = "",
    new: bool = False,
) -> Response:
    with office.db.transaction() as session:
        case = read_case(session, application_id)
        berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
        context: dict[str, Any] = {"case": case, "berkas": berkas, "holder": session.get(HolderData, case.id)}
        context["steps"] = step_lines(berkas.sop, case, passages_of(session, case.id))
        context["receipt"] = _has_receipt(session, case)
    standard = next((step.minutes for step in berkas.sop.steps if step.code == STANDARD_STEP), None)
    context |= {"form": with_particulars(berkas, form), "notice": notice, "standard": standard, "new": new}
    context["open"] = Stage(case.stage) in draft.EDITABLE
    return desk.page(request, "counter/case.html", context, status)


def _has_receipt(session: Session, case: Application) -> bool:
    try:
        return case.round > 0 and bool(receipt_sha256(session, case.id, "a5", case.round))
    except NotFound:
        return False


@router.post("/permohonan/{application_id}/berkas/{requirement}")
def put(
    application_id: UUID, requirement: Requirement, request: Request, sent: Sent, desk: FrontDesk, office: Office
) -> Response:
    """Store a scan; a refusal stands at its card."""
    with office.db.transaction() as session:
        item = open_item(session, office, application_id, requirement)
    try:
        store(office, desk.actor, application_id, item, sent)
    except REFUSALS as error:
        return _case_page(request, desk, office, application_id, refused_at(sent, requirement, error), 422)
    return see_other(f"/loket/permohonan/{application_id}#kartu-{requirement}")


@router.get("/permohonan/{application_id}/berkas/{requirement}/hasil")
def finding(
    application_id: UUID, requirement: Requirement, request: Request, desk: FrontDesk, office: Office
) -> Response:
    """One card's finding, for who waits for it."""
    with office.db.transaction() as session:
        item = open_item(session, office, application_id, requirement)
    status = 200 if item.state == "pending" else ENOUGH
    return desk.page(request, "applicant/_finding.html", {"item": item}, status)


@router.get("/permohonan/{application_id}/dokumen/{document_id}")
def look(application_id: UUID, document_id: UUID, desk: FrontDesk, office: Office) -> Response:
    """A file of the berkas, as a download; who looked is on record."""
    with office.db.transaction() as session:
        row = _document(session, application_id, document_id)
        if not office.vault.has(row.sha256):
            raise NotFound("The file is not kept any more.")
        detail = {"requirement": row.requirement, "sha256": row.sha256}
        case = read_case(session, application_id)
        record(session, "viewed_document", at=office.clock.now(), case=case, actor=desk.actor, detail=detail)
    headers = download_headers(row.name, row.sha256)
    return StreamingResponse(office.vault.stream(row.sha256), media_type=row.media_type, headers=headers)


@router.post("/permohonan/{application_id}/dokumen/{document_id}/hapus")
def take_out(application_id: UUID, document_id: UUID, desk: FrontDesk, office: Office) -> Response:
    """Take a file out of the berkas."""
    with office.db.transaction() as session:
        row = _document(session, application_id, document_id)
    draft.remove(office.db, office.clock, desk.actor, application_id, document_id)
    return see_other(f"/loket/permohonan/{application_id}#kartu-{row.requirement}")


def _document(session: Session, application_id: UUID, document_id: UUID) -> Document:
    row = session.get(Document, document_id)
    if row is None or row.application_id != application_id or row.replaced_at is not None:
        raise NotFound("There is no document with this id.")
    return row


@router.post("/permohonan/{application_id}/kirim")
def hand_in(application_id: UUID, request: Request, sent: Sent, desk: FrontDesk, office: Office) -> Response:
    """Hand the berkas in as it lies on the counter; what lacks is returned by step 2 with its reasons."""
    try:
        version = number_of(sent, "version")
        submission.submit(office.db, office.clock, office.calendar, desk.actor, application_id, version)
    except (StaleVersion, WrongStage):
        notice = "Berkas ini sudah berubah sejak Anda membukanya. Keadaannya yang terbaru ada di bawah."
        return _case_page(request, desk, office, application_id, Form(), 409, notice)
    except InvalidInput:
        refused = Form(faults=(Fault("", "Belum ada berkas. Unggah paling sedikit satu, lalu kirim."),))
        return _case_page(request, desk, office, application_id, refused, 422)
    if text_of(sent, "lalu") == "berikutnya":
        return see_other("/loket/baru")
    return see_other(f"/loket/permohonan/{application_id}", baru="1")


@router.get("/permohonan/{application_id}/tanda-terima")
def receipt_part(application_id: UUID, request: Request, desk: FrontDesk, office: Office) -> Response:
    """The part of the page that waits for the receipt."""
    with office.db.transaction() as session:
        case = read_case(session, application_id)
        made = _has_receipt(session, case)
    return desk.page(request, "counter/_receipt.html", {"case": case, "receipt": made}, ENOUGH if made else 200)


@router.get("/permohonan/{application_id}/tanda-terima/{size}", dependencies=[Depends(front_office)])
def receipt(application_id: UUID, size: Annotated[ReceiptSize, Path()], office: Office) -> Response:
    """The newest receipt as a PDF, shown in the browser to be printed."""
    with office.db.transaction() as session:
        sha256 = receipt_sha256(session, application_id, size)
    headers = download_headers(f"tanda-terima-{size}.pdf", sha256)
    headers["Content-Disposition"] = headers["Content-Disposition"].replace("attachment", "inline", 1)
    return Response(office.vault.get(sha256), headers=headers, media_type="application/pdf")
