"""Webhooks: a system says where it wants to be told of what, and looks up what it was told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from api.actors import Office, Who
from api.cursors import after_id, next_page
from api.idempotency import Asked, once
from api.versions import LookedAt, etag_of
from api.webhook_shapes import (
    DeliveryDetail,
    DeliveryPage,
    DeliveryShape,
    DeliveryState,
    WebhookMade,
    WebhookPage,
    WebhookShape,
    delivery_values,
    endpoint_values,
)
from models.rules.roles import ADMIN, INTEGRATOR, Actor, require_role
from models.services import webhooks
from models.services.webhooks import EndpointChange, EndpointInput, NewSecret, Rotation
from models.tables.webhooks import WebhookDelivery, WebhookEndpoint

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


async def system_or_admin(actor: Who) -> Actor:
    """Raises Forbidden for everybody else, before anything of the request is looked at."""
    require_role(actor, INTEGRATOR, ADMIN)
    return actor


Keeper = Annotated[Actor, Depends(system_or_admin)]
Cursor = Annotated[str, Query(max_length=300)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("", operation_id="addWebhook", status_code=201, summary="Be told of events")
@once(201)
def add_webhook(
    given: EndpointInput,
    actor: Keeper,
    response: Response,
    office: Office,
    asked: Asked,  # noqa: ARG001 - `once` takes it
) -> WebhookMade:
    """A system, by its key. Only what happens to its own applications and batches is told."""
    made = webhooks.register(office.webhook_room, actor, given)
    response.headers["Location"] = f"/v1/webhooks/{made.endpoint.id}"
    return _made(response, made)


@router.get("", operation_id="listWebhooks", summary="Endpoints, the newest first")
def list_webhooks(
    request: Request, response: Response, actor: Keeper, office: Office, limit: Limit = 20, cursor: Cursor = ""
) -> WebhookPage:
    """A system sees its own, admins all."""
    with office.db.transaction() as session:
        found = webhooks.endpoints(session, actor, after_id(cursor), limit + 1)
    following = next_page(request, response, found, limit, lambda row: str(row.id))
    return WebhookPage(items=[WebhookShape(**endpoint_values(row)) for row in found[:limit]], next=following)


@router.get("/{webhook_id}", operation_id="getWebhook", summary="An endpoint")
def get_webhook(webhook_id: UUID, actor: Keeper, response: Response, office: Office) -> WebhookShape:
    """Its system, and admins."""
    with office.db.transaction() as session:
        return _shown(response, webhooks.visible_endpoint(session, actor, webhook_id))


@router.patch("/{webhook_id}", operation_id="changeWebhook", summary="Change an endpoint, or switch it on or off")
def change_webhook(
    webhook_id: UUID, given: EndpointChange, actor: Keeper, version: LookedAt, response: Response, office: Office
) -> WebhookShape:
    """What is left out stays. Switched off, it is told of nothing, and what waited is not sent; admins may do that."""
    return _shown(response, webhooks.change(office.webhook_room, actor, webhook_id, given, version))


@router.delete("/{webhook_id}", operation_id="removeWebhook", status_code=204, summary="Remove an endpoint")
def remove_webhook(webhook_id: UUID, actor: Keeper, version: LookedAt, office: Office) -> None:
    """Nothing more is sent to it."""
    webhooks.remove(office.webhook_room, actor, webhook_id, version)


@router.post(
    "/{webhook_id}/rotation", operation_id="rotateWebhookSecret", status_code=201, summary="A new signing secret"
)
@once(201)
def rotate_secret(
    webhook_id: UUID,
    given: Rotation,
    actor: Keeper,
    response: Response,
    office: Office,
    asked: Asked,  # noqa: ARG001 - `once` takes it
) -> WebhookMade:
    """Both secrets sign until the old one ends; `webhook-signature` then holds two signatures."""
    overlap = timedelta(hours=given.overlap_hours)
    return _made(response, webhooks.rotate(office.webhook_room, actor, webhook_id, overlap))


@router.post("/{webhook_id}/ping", operation_id="pingWebhook", status_code=202, summary="Send a test message")
@once(202)
def ping_webhook(
    webhook_id: UUID,
    actor: Keeper,
    response: Response,  # noqa: ARG001 - `once` takes it
    office: Office,
    asked: Asked,  # noqa: ARG001 - the same
) -> DeliveryShape:
    """A message of type `ping`, signed and sent like every other."""
    delivery_id = webhooks.ping(office.webhook_room, actor, webhook_id)
    with office.db.transaction() as session:
        return _delivery(session, webhooks.delivery_of(session, webhook_id, delivery_id))


@router.get("/{webhook_id}/deliveries", operation_id="listDeliveries", summary="What an endpoint was told")
def list_deliveries(
    webhook_id: UUID,
    request: Request,
    response: Response,
    actor: Keeper,
    office: Office,
    state: Annotated[DeliveryState | None, Query(description="Only messages in this state.")] = None,
    limit: Limit = 20,
    cursor: Cursor = "",
) -> DeliveryPage:
    """The newest first, each with its attempts. Kept for thirty days."""
    with office.db.transaction() as session:
        webhooks.visible_endpoint(session, actor, webhook_id)
        found = webhooks.deliveries(session, webhook_id, after_id(cursor), limit + 1, state or "")
        attempts = webhooks.attempts_of(session, [row.id for row in found[:limit]])
    following = next_page(request, response, found, limit, lambda row: str(row.id))
    return DeliveryPage(
        items=[DeliveryShape(**delivery_values(row, attempts)) for row in found[:limit]], next=following
    )


@router.get("/{webhook_id}/deliveries/{delivery_id}", operation_id="getDelivery", summary="One message")
def get_delivery(webhook_id: UUID, delivery_id: UUID, actor: Keeper, office: Office) -> DeliveryDetail:
    """With what it says."""
    with office.db.transaction() as session:
        webhooks.visible_endpoint(session, actor, webhook_id)
        row = webhooks.delivery_of(session, webhook_id, delivery_id)
        attempts = webhooks.attempts_of(session, [row.id])
    return DeliveryDetail(**delivery_values(row, attempts), payload=json.loads(row.body))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver",
    operation_id="redeliver",
    status_code=202,
    summary="Send a message again",
)
@once(202)
def redeliver(
    webhook_id: UUID,
    delivery_id: UUID,
    actor: Keeper,
    response: Response,  # noqa: ARG001 - `once` takes it
    office: Office,
    asked: Asked,  # noqa: ARG001 - the same
) -> DeliveryShape:
    """Under the same `webhook-id`, also one that was delivered or given up."""
    row = webhooks.redeliver(office.webhook_room, actor, webhook_id, delivery_id)
    with office.db.transaction() as session:
        return _delivery(session, row)


def _shown(response: Response, row: WebhookEndpoint) -> WebhookShape:
    response.headers["ETag"] = etag_of(row.version)
    return WebhookShape(**endpoint_values(row))


def _made(response: Response, new: NewSecret) -> WebhookMade:
    response.headers["ETag"] = etag_of(new.endpoint.version)
    return WebhookMade(**endpoint_values(new.endpoint), secret=new.text)


def _delivery(session: Session, row: WebhookDelivery) -> DeliveryShape:
    return DeliveryShape(**delivery_values(row, webhooks.attempts_of(session, [row.id])))
