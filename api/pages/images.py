"""Page images of a case: seen by the office alone, never kept by a cache that others share."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.actors import Office, visible_case
from api.pages.desk import StaffDesk
from api.views.pictures import is_paper, picture_sha256
from models.rules.errors import NotFound
from models.rules.sniffing import HEAD, media_type_of
from models.services.page_images import MAX_PAGES, WIDTHS
from models.services.viewing import note_view

router = APIRouter(include_in_schema=False)
# Long enough for paging to and fro; a shared computer does not keep people's papers.
_KEPT = "private, max-age=600"


@router.get("/permohonan/{application_id}/gambar/{object_sha256}/{page}/{width}")
def picture(
    application_id: UUID,
    object_sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    page: Annotated[int, Path(ge=1, le=MAX_PAGES)],
    width: int,
    desk: StaffDesk,
    office: Office,
) -> Response:
    """One page as a picture; a foreign object answers 404. That papers were seen is recorded."""
    if width not in WIDTHS:
        raise NotFound("Pages are drawn in two sizes.")
    with office.db.transaction() as session:
        visible_case(session, desk.actor, application_id)
        sha256 = picture_sha256(session, application_id, object_sha256, page, width)
        paper = is_paper(session, application_id, object_sha256)
    if paper:
        note_view(office.db, office.clock, desk.actor, application_id)
    headers = {"Cache-Control": _KEPT, "ETag": f'"{sha256}"'}
    data = office.vault.get(sha256)
    return Response(data, media_type=media_type_of(data[:HEAD], ""), headers=headers)
