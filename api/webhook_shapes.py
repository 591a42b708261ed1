"""What the API answers about webhooks: endpoints, messages and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from api.shapes import EXAMPLE_ID, Shape
from models.services.webhook_delivery import message_id
from models.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

DisabledFor = Literal["", "hand", "gone", "failing"]
DeliveryState = Literal["pending", "delivered", "given_up", "stopped"]
Outcome = Literal["", "delivered", "refused", "redirect", "unreachable", "forbidden"]


class WebhookShape(Shape):
    """An endpoint. `disabled_for`: by hand, gone (it answered 410), or failing (for five days); "" while it is on."""

    id: UUID
    client_id: UUID
    url: str = Field(examples=["https://rs.example.org/paraf"])
    types: list[str] = Field(examples=[["licence.issued", "batch.finished"]])
    description: str
    created_at: datetime
    enabled: bool
    disabled_at: datetime | None = None
    disabled_for: DisabledFor = ""
    failing_since: datetime | None = None
    rest_until: datetime | None = Field(default=None, description="Nothing is sent to it before this moment.")


class WebhookMade(WebhookShape):
    """A new endpoint, or one with a new secret. `secret` is told this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwq5nYkP2xA3c="])


class WebhookPage(Shape):
    """Endpoints, the newest first; `next` is the cursor of the page after it."""

    items: list[WebhookShape]
    next: str | None = None


class AttemptShape(Shape):
    """One attempt; `outcome` "" while it runs, or when the office broke down in the middle of it."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome
    status: int | None = None
    excerpt: str = Field(description="The beginning of the answer, or why there was none.")


class DeliveryShape(Shape):
    """One message to one endpoint. `webhook_id` is the header of that name, the same in each attempt."""

    id: UUID
    webhook_id: str = Field(examples=[f"msg_{UUID(EXAMPLE_ID).hex}"])
    type: str = Field(examples=["licence.issued"])
    state: DeliveryState
    created_at: datetime
    delivered_at: datetime | None = None
    next_attempt_at: datetime | None = None
    attempts: list[AttemptShape]


class DeliveryDetail(DeliveryShape):
    """A message with what it says."""

    payload: dict[str, Any]


class DeliveryPage(Shape):
    """Messages, the newest first; `next` is the cursor of the page after it."""

    items: list[DeliveryShape]
    next: str | None = None


def endpoint_values(row: WebhookEndpoint) -> dict[str, Any]:
    """What every shape of an endpoint shows."""
    values = row.model_dump(include=set(WebhookShape.model_fields) - {"enabled"})
    return {**values, "enabled": not row.disabled_for}


def delivery_values(row: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> dict[str, Any]:
    """What every shape of a message shows; `attempts` may be those of others too."""
    mine = [
        AttemptShape(**one.model_dump(include=set(AttemptShape.model_fields)))
        for one in attempts
        if one.delivery_id == row.id
    ]
    values = row.model_dump(include=set(DeliveryShape.model_fields) - {"webhook_id", "attempts"})
    return {**values, "webhook_id": message_id(row.id), "attempts": mine}
