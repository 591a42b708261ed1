"""The letter's files: the blanko as it is looked at, the licence as it was issued; and the register."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import Response as Raw

from api.actors import Office, Staff, Who, visible_case
from api.cursors import link_header
from api.files import download_headers
from api.shapes import RegisterPage
from api.views import letters, register
from models.rules.numbering import jakarta_date

router = APIRouter(prefix="/v1", tags=["letters and register"])
PDF = "application/pdf"
_PDF_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"description": "The PDF", "content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    "/applications/{application_id}/blanko",
    operation_id="getBlanko",
    summary="The letter as prepared for signature",
    response_class=Raw,
    responses=_PDF_ANSWER,
)
def get_blanko(
    application_id: UUID,
    actor: Staff,
    office: Office,
    revision: Annotated[int | None, Query(ge=1, le=32767, description="Default: the present one.")] = None,
) -> Response:
    """The exact bytes that acts are recorded over; their SHA-256 is the ETag. Staff only."""
    with office.db.transaction() as session:
        case = visible_case(session, actor, application_id)
        sha256 = letters.blanko_sha256(session, case, revision)
    return _pdf(office.vault.get(sha256), sha256, f"blanko-{application_id}.pdf")


@router.get(
    "/applications/{application_id}/licence",
    operation_id="getLicenceFile",
    summary="The licence as it was issued",
    response_class=Raw,
    responses=_PDF_ANSWER,
)
def get_licence(application_id: UUID, actor: Who, office: Office) -> Response:
    """The sealed PDF, read back and verified; its SHA-256 is the ETag. An applicant gets it after the hand-over."""
    with office.db.transaction() as session:
        case = visible_case(session, actor, application_id)
        sha256, number = letters.licence_sha256(session, actor, case)
    return _pdf(office.vault.get(sha256), sha256, f"izin-{number.replace('/', '-')}.pdf")


def _pdf(data: bytes, sha256: str, name: str) -> Response:
    return Response(data, headers=download_headers(name, sha256), media_type=PDF)


@router.get("/register", operation_id="getRegister", summary="The register of a year")
def get_register(
    request: Request,
    response: Response,
    _: Staff,
    office: Office,
    year: Annotated[int | None, Query(ge=2000, le=2999, description="Default: this year in Asia/Jakarta.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> RegisterPage:
    """Every number that was taken, used or void, by series and number. Staff only."""
    wanted = year or jakarta_date(office.clock.now()).year
    with office.db.transaction() as session:
        found = register.page(session, wanted, limit, cursor)
    response.headers.update(link_header(request, found.next))
    return found
