"""What the office's people do to a case; each names the version that was looked at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.actors import Office, Staff, Who, require_visible, visible_case
from api.cursors import link_header
from api.inputs import Return, SendBack, Verify, WithReason
from api.routes.applications import shown
from api.shapes import ApplicationDetail, EventPage
from api.versions import LookedAt
from api.views import events
from models.services import hand_over, send_back, verify, void
from models.services.inputs import Amendment, HandOverInput

router = APIRouter(prefix="/v1/applications/{application_id}", tags=["acts"])


@router.post("/verification", operation_id="verifyApplication", summary="Step 2: the berkas is complete")
def confirm(
    application_id: UUID, given: Verify, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Front office. What the check held against the berkas needs an override with a reason."""
    require_visible(office, actor, application_id)
    verify.verify(office.db, office.clock, actor, application_id, version, given.overrides, given.note)
    return shown(office, actor, application_id, response)


@router.post("/return", operation_id="returnApplication", summary="Step 2: give the berkas back for correction")
def give_back(
    application_id: UUID, given: Return, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Front office, with a reason per requirement; the office's clocks stop."""
    require_visible(office, actor, application_id)
    verify.return_to_applicant(office.db, office.clock, actor, application_id, given.items, version, given.note)
    return shown(office, actor, application_id, response)


@router.post("/rejection", operation_id="rejectApplication", summary="Refuse the application for good")
def refuse(
    application_id: UUID, given: WithReason, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Front office, with a reason that the applicant gets."""
    require_visible(office, actor, application_id)
    verify.reject(office.db, office.clock, actor, application_id, given.reason, version)
    return shown(office, actor, application_id, response)


@router.post("/send-back", operation_id="sendBackApplication", summary="Send the letter back with a reason")
def send_letter_back(
    application_id: UUID, given: SendBack, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """The official whose turn it is. The letter gets a new revision; its parafs count no more."""
    require_visible(office, actor, application_id)
    send_back.send_back(office.db, office.clock, actor, application_id, given.reason, given.target, version)
    return shown(office, actor, application_id, response)


@router.post("/amendment", operation_id="amendApplication", summary="Correct the letter and have it made again")
def correct(
    application_id: UUID, given: Amendment, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Back office, after a letter was sent back; only the given values change."""
    require_visible(office, actor, application_id)
    send_back.amend(office.db, office.clock, actor, application_id, given, version)
    return shown(office, actor, application_id, response)


@router.post("/hand-over", operation_id="handOverLicence", summary="Step 9: hand the licence over")
def give_out(
    application_id: UUID, given: HandOverInput, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Front office, with who took it and what was seen of him."""
    require_visible(office, actor, application_id)
    hand_over.hand_over(office.db, office.clock, actor, application_id, given, version)
    return shown(office, actor, application_id, response)


@router.post("/void", operation_id="voidNumber", summary="Void the number before the hand-over")
def void_number(
    application_id: UUID, given: WithReason, version: LookedAt, actor: Who, response: Response, office: Office
) -> ApplicationDetail:
    """Back office. The number stays in the register as void; the case gets a new revision."""
    require_visible(office, actor, application_id)
    void.void_number(office.db, office.clock, actor, application_id, given.reason, version)
    return shown(office, actor, application_id, response)


@router.get("/events", operation_id="listEvents", summary="The audit trail")
def list_events(
    application_id: UUID,
    request: Request,
    response: Response,
    actor: Staff,
    office: Office,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> EventPage:
    """Every act and every task on the case, oldest first; staff only."""
    with office.db.transaction() as session:
        case = visible_case(session, actor, application_id)
        found = events.page(session, case.id, limit, cursor)
    response.headers.update(link_header(request, found.next))
    return found
