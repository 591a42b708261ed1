"""Applications: open a draft, describe the applicant, look, list, hand in, take back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.actors import AnyCaller, Office, Staff, Who, require_visible, visible_case
from api.cursors import link_header
from api.files import download_headers
from api.idempotency import Asked, Made, once
from api.inputs import NikSearch, OpenDraft
from api.shapes import ApplicationDetail, ApplicationPage, ApplicationsFound, Opened
from api.versions import LookedAt, etag_of
from api.views import inbox
from api.views.case import detail
from api.wiring import ApiOffice
from models.ports import ReceiptSize
from models.rules.errors import Forbidden
from models.rules.numbering import jakarta_date
from models.rules.roles import APPLICANT, Actor
from models.rules.stages import Stage
from models.services import draft, privacy, receipts, submit, withdraw
from models.services.inputs import HolderInput

router = APIRouter(prefix="/v1/applications", tags=["applications"])


def shown(office: ApiOffice, actor: Actor, application_id: UUID, response: Response) -> ApplicationDetail:
    """The case as it stands now, with its ETag; raises NotFound."""
    with office.db.transaction() as session:
        today = jakarta_date(office.clock.now())
        found = detail(session, visible_case(session, actor, application_id), actor, today)
    response.headers["ETag"] = etag_of(found.version)
    return found


def _an_application(opened: Opened) -> Made:
    return "application", opened.id


@router.post("", operation_id="openApplication", status_code=201, summary="Open a draft")
@once(201, made=_an_application)
def open_application(
    given: OpenDraft,
    caller: AnyCaller,
    response: Response,
    office: Office,
    asked: Asked,  # noqa: ARG001 - `once` takes it
) -> Opened:
    """Anyone may open one. Keep `link`: it opens the draft again without an account, and is shown this once."""
    actor = caller.actor or Actor(APPLICANT)
    if given.channel == "counter" and not actor.is_staff:
        raise Forbidden("Only the office's staff take applications in at the counter; leave channel out.")
    channel = given.channel or ("counter" if actor.is_staff else "online")
    made = draft.open_draft(office.db, office.clock, actor, given.licence_code, given.application_type, channel)
    response.headers["Location"] = f"/v1/applications/{made.application_id}"
    response.headers["ETag"] = etag_of(made.version)
    return Opened(id=made.application_id, version=made.version, link=made.link)


@router.get("", operation_id="listApplications", summary="The inbox")
def list_applications(
    request: Request,
    response: Response,
    actor: Who,
    office: Office,
    stage: Annotated[list[Stage] | None, Query(description="Only these stages.", max_length=20)] = None,
    mine: Annotated[bool, Query(description="Only what waits for a role that I hold.")] = False,
    registration_number: Annotated[str, Query(max_length=60)] = "",
    order: Annotated[inbox.Order | None, Query(description="Default: waiting with mine, else newest.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> ApplicationPage:
    """What the caller may see: staff all, an applicant his own. Follow `next` (also in Link) with the same filters."""
    chosen = order or ("waiting" if mine else "newest")
    wanted = inbox.Wanted(tuple(stage or ()), mine, registration_number, chosen, limit, cursor)
    with office.db.transaction() as session:
        found = inbox.page(session, actor, wanted)
    response.headers.update(link_header(request, found.next))
    return found


@router.post("/search", operation_id="searchByNik", summary="Applications of the holder of a NIK")
def search(given: NikSearch, actor: Staff, office: Office) -> ApplicationsFound:
    """Front and back office. Each search is recorded; the NIK itself stands in no address, log or event."""
    with office.db.transaction() as session:
        ids = privacy.find_by_nik(session, office.clock, office.cipher, actor, given.nik.get_secret_value())
        return ApplicationsFound(items=inbox.these(session, ids))


@router.get("/{application_id}", operation_id="getApplication", summary="One application")
def get_application(application_id: UUID, actor: Who, response: Response, office: Office) -> ApplicationDetail:
    """Its ETag is what acts send back in If-Match."""
    return shown(office, actor, application_id, response)


@router.put("/{application_id}/holder", operation_id="describeApplicant", summary="Put the applicant's data")
def describe(
    application_id: UUID, given: HolderInput, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Possible while the berkas is with the applicant; the last one holds. The NIK is answered masked."""
    require_visible(office, actor, application_id)
    draft.describe(office.db, office.clock, office.cipher, actor, application_id, given)
    return shown(office, actor, application_id, response)


@router.post("/{application_id}/submission", operation_id="submitApplication", summary="Step 1: hand in the berkas")
def hand_in(
    application_id: UUID, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """For the first time or after a correction. Answers the registration number and the moment promised."""
    require_visible(office, actor, application_id)
    submit.submit(office.db, office.clock, office.calendar, actor, application_id, version)
    return shown(office, actor, application_id, response)


@router.post("/{application_id}/withdrawal", operation_id="withdrawApplication", summary="Take the application back")
def take_back(
    application_id: UUID, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Possible until a blanko is being made; it is final."""
    require_visible(office, actor, application_id)
    withdraw.withdraw(office.db, office.clock, actor, application_id, version)
    return shown(office, actor, application_id, response)


@router.get(
    "/{application_id}/receipt",
    operation_id="getReceipt",
    summary="The receipt of a submission",
    response_class=Response,
    responses={200: {"description": "A PDF", "content": {"application/pdf": {"schema": {"type": "string"}}}}},
)
def get_receipt(
    application_id: UUID,
    actor: Who,
    office: Office,
    size: Annotated[ReceiptSize, Query(description="A page, or a strip for a counter's printer.")] = "a5",
    round_: Annotated[int | None, Query(alias="round", ge=1, description="Default: the newest.")] = None,
) -> Response:
    """What was handed in, the moment promised and where to follow it. It is made within seconds of the submission."""
    with office.db.transaction() as session:
        case = visible_case(session, actor, application_id)
        sha256 = receipts.receipt_sha256(session, case.id, size, round_)
        name = f"tanda-terima-{(case.registration_number or str(case.id)).replace('/', '-')}-{size}.pdf"
    headers = download_headers(name, sha256)
    return StreamingResponse(office.vault.stream(sha256), media_type="application/pdf", headers=headers)
