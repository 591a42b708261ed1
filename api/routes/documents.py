"""The files of a berkas: put, take out, look at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Path, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from api.actors import Office, Who, visible_case
from api.files import download_headers
from api.inputs import DocumentFields
from api.shapes import DocumentStored
from api.uploads import receive
from api.views.case import document
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput, NotFound
from models.rules.roles import Actor
from models.services import draft, privacy
from models.tables.cases import Document

router = APIRouter(prefix="/v1", tags=["documents"])
Requirement = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$", examples=["ktp"])]
_FILE_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.put(
    "/applications/{application_id}/documents/{requirement}",
    operation_id="putDocument",
    summary="Put a file under its requirement",
)
def put_document(
    application_id: UUID,
    requirement: Requirement,
    file: Annotated[UploadFile, File(description="PDF, JPEG, PNG, HEIC, WebP, TIFF or BMP.")],
    actor: Who,
    office: Office,
    fields: Annotated[
        str, Form(max_length=2000, description='JSON: number, date, expiry, issuer; for example {"number": "12/SK"}.')
    ] = "{}",
    part: Annotated[int, Form(ge=1, le=draft.MAX_PARTS, description="Several files for one requirement.")] = 1,
) -> DocumentStored:
    """An earlier file of the same part is replaced; the same file again changes nothing, so it can be repeated."""
    given = _fields(fields)
    stored = receive(office, actor, application_id, requirement, part, file.file, file.filename or "", given)
    return DocumentStored(document=document(stored))


def _fields(text: str) -> DocumentFields:
    try:
        return DocumentFields.model_validate_json(text)
    except ValidationError as error:
        faults = [
            Fault("/".join(("", "fields", *map(str, item["loc"]))), item["msg"], item["type"])
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise InvalidInput("The particulars of the document can not be taken: see errors.", faults=faults) from error


@router.delete(
    "/documents/{document_id}", operation_id="removeDocument", status_code=204, summary="Take a file out of the berkas"
)
def remove_document(document_id: UUID, actor: Who, office: Office) -> None:
    """Possible while the berkas may be changed."""
    row = _visible(office, actor, document_id)
    draft.remove(office.db, office.clock, actor, row.application_id, document_id)


@router.get(
    "/documents/{document_id}/original",
    operation_id="getOriginal",
    summary="A file as it was handed in",
    response_class=Response,
    responses=_FILE_ANSWER,
)
def get_original(document_id: UUID, actor: Who, office: Office) -> Response:
    """A download; the bytes are a stranger's and are not to be opened without care."""
    row = _visible(office, actor, document_id)
    return _download(office, actor, row, "original")


@router.get(
    "/documents/{document_id}/clean",
    operation_id="getCleanCopy",
    summary="A file as officials see it",
    response_class=Response,
    responses=_FILE_ANSWER,
)
def get_clean(document_id: UUID, actor: Who, office: Office) -> Response:
    """The cleaned copy that the inspection made."""
    row = _visible(office, actor, document_id)
    if not row.clean_sha256:
        raise NotFound("There is no clean copy: the file was not inspected yet, or it was refused.")
    return _download(office, actor, row, "clean")


def _visible(office: ApiOffice, actor: Actor, document_id: UUID) -> Document:
    with office.db.transaction() as session:
        row = session.get(Document, document_id)
        if row is None:
            raise NotFound("There is no document with this id.")
        visible_case(session, actor, row.application_id)
        return row


def _download(office: ApiOffice, actor: Actor, row: Document, copy: privacy.Copy) -> Response:
    original = copy == "original"
    sha256, media_type = (row.sha256, row.media_type) if original else (row.clean_sha256, row.clean_media_type)
    if not office.vault.has(sha256):
        raise NotFound("The file is not kept any more.")
    privacy.note_download(office.db, office.clock, actor, row, copy)
    return StreamingResponse(
        office.vault.stream(sha256), media_type=media_type, headers=download_headers(row.name, sha256)
    )
