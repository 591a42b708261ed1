"""`/ajukan/berkas`: the applicant's documents, one card each, with the inspection's finding as soon as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.inputs import DocumentFields
from api.pages.applicant_link import Mine, MyApplication
from api.pages.desk import Sent, number_of, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.rendering import page
from api.refusals import TooLarge
from api.uploads import receive
from api.views.berkas import Berkas, BerkasItem, berkas_of
from api.wiring import ApiOffice
from models.ports import Stored
from models.rules.errors import Fault, InvalidInput, NotFound, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.sniffing import UnsupportedFile
from models.rules.stages import Stage
from models.services import draft
from models.services.casework import read_case, record
from models.tables.cases import Document

router = APIRouter(prefix="/ajukan", include_in_schema=False)
Requirement = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
FIELDS = ("number", "date", "expiry", "issuer")
ENOUGH = 286
"""Tells a part of a page that it need not ask again."""
LIFELONG = "seumur hidup"
REFUSALS = (InvalidInput, TooLarge, UnsupportedFile)


@router.get("/berkas")
def cards(request: Request, mine: MyApplication, office: Office) -> Response:
    """Every document that may be put now."""
    return _cards_page(request, mine, office, Form())


def _cards_page(request: Request, mine: Mine, office: ApiOffice, form: Form, status: int = 200) -> Response:
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        if Stage(case.stage) not in draft.EDITABLE:
            return see_other("/ajukan/status")
        berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
    context = {"form": with_particulars(berkas, form), "berkas": berkas}
    return page(request, "applicant/documents.html", context, status=status)


def with_particulars(berkas: Berkas, form: Form) -> Form:
    """The form with what is stored beside each document, where nothing was typed."""
    stored: dict[str, Sequence[str]] = {}
    for item in berkas.items:
        for row in item.documents[:1]:
            start = f"fields.{item.requirement.code}"
            stored |= {f"{start}.{name}": [str(value)] for name, value in row.fields.items() if value != LIFELONG}
            stored[f"{start}.lifelong"] = ["ya"] if row.fields.get("expiry") == LIFELONG else []
    return Form({**stored, **form.values}, form.faults)


@router.post("/berkas/{requirement}")
def put(request: Request, requirement: Requirement, sent: Sent, mine: MyApplication, office: Office) -> Response:
    """Store a file, or the particulars of the one that is there; a refusal stands at its card."""
    with office.db.transaction() as session:
        item = open_item(session, office, mine.application_id, requirement)
    try:
        store(office, mine.actor, mine.application_id, item, sent)
    except REFUSALS as error:
        return _cards_page(request, mine, office, refused_at(sent, requirement, error), 422)
    return see_other(f"/ajukan/berkas#kartu-{requirement}")


def open_item(session: Session, office: ApiOffice, application_id: UUID, code: str) -> BerkasItem:
    """The requirement, if its document may be changed now. Raises NotFound, WrongStage for what did not come back."""
    case = read_case(session, application_id)
    item = berkas_of(session, case, jakarta_date(office.clock.now())).item(code)
    if item is None:
        raise NotFound("This is not asked for.")
    if item.locked:
        raise WrongStage("Only what came back is mended.")
    return item


def store(office: ApiOffice, actor: Actor, application_id: UUID, item: BerkasItem, sent: FormData) -> None:
    """Attach what a card sent. Raises InvalidInput, TooLarge, UnsupportedFile, WrongStage."""
    code, part = item.requirement.code, number_of(sent, "part") or 1
    fields = _fields(sent, code)
    # Two fields of one name: a file that was picked, or a photo from the phone's camera.
    given = (file for file in sent.getlist(f"files.{code}") if isinstance(file, UploadFile) and file.size)
    if file := next(given, None):
        receive(office, actor, application_id, code, part, file.file, file.filename or "", fields)
        return
    current = next((row for row in item.documents if row.part == part), None)
    if current is None:
        raise InvalidInput("Pilih berkas dahulu, lalu unggah.")
    kept = {key: value for key, value in fields.model_dump().items() if value}
    stored = Stored(current.sha256, current.size)
    upload = draft.Upload(code, current.name, current.media_type, stored, kept, part)
    draft.attach(office.db, office.clock, actor, application_id, upload)


def _fields(sent: FormData, code: str) -> DocumentFields:
    values = {name: text for name in FIELDS if (text := text_of(sent, f"fields.{code}.{name}"))}
    if text_of(sent, f"fields.{code}.lifelong") == "ya":
        values["expiry"] = LIFELONG
    try:
        return DocumentFields.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(
            "Ada isian yang belum benar.",
            faults=[
                Fault(f"/fields/{code}/{item['loc'][0]}", "Tanggal tidak dikenal. Pilih dari kalender.", "value")
                if item["loc"][0] in ("date", "expiry")
                else Fault(f"/fields/{code}/{item['loc'][0]}", "Terlalu panjang: paling banyak 120 huruf.", "value")
                for item in error.errors(include_input=False, include_url=False, include_context=False)
            ],
        ) from error


def refused_at(sent: FormData, code: str, error: InvalidInput | TooLarge | UnsupportedFile) -> Form:
    """The refusal at its card, in the words of the error."""
    own = [fault for fault in error.faults if fault.pointer.startswith("/fields/")]
    return typed(sent, own or [Fault(f"/files/{code}", str(error), error.code)])


@router.get("/berkas/{requirement}/hasil")
def finding(request: Request, requirement: Requirement, mine: MyApplication, office: Office) -> Response:
    """One card's finding, for who waits for it."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        berkas: Berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
    item = berkas.item(requirement)
    if item is None:
        raise NotFound("This is not asked for.")
    return page(request, "applicant/_finding.html", {"item": item}, status=200 if item.state == "pending" else ENOUGH)


@router.post("/dokumen/{document_id}/hapus")
def take_out(document_id: UUID, mine: MyApplication, office: Office) -> Response:
    """Take a file out of the berkas."""
    with office.db.transaction() as session:
        row = _own(session, mine, document_id)
        open_item(session, office, mine.application_id, row.requirement)
    draft.remove(office.db, office.clock, mine.actor, mine.application_id, document_id)
    return see_other(f"/ajukan/berkas#kartu-{row.requirement}")


@router.get("/dokumen/{document_id}")
def look(document_id: UUID, mine: MyApplication, office: Office) -> Response:
    """The applicant's own file, as a download; who looked is on record."""
    with office.db.transaction() as session:
        row = _own(session, mine, document_id)
        if not office.vault.has(row.sha256):
            raise NotFound("The file is not kept any more.")
        case = read_case(session, mine.application_id)
        detail = {"requirement": row.requirement, "sha256": row.sha256}
        record(session, "viewed_document", at=office.clock.now(), case=case, actor=mine.actor, detail=detail)
    headers = download_headers(row.name, row.sha256)
    return StreamingResponse(office.vault.stream(row.sha256), media_type=row.media_type, headers=headers)


def _own(session: Session, mine: Mine, document_id: UUID) -> Document:
    row = session.get(Document, document_id)
    if row is None or row.application_id != mine.application_id or row.replaced_at is not None:
        raise NotFound("There is no document with this id.")
    return row
