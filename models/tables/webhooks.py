"""Webhooks: where other systems want to be told, what they were told, and each time that it was tried."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, document, moment, primary_uuid, serial, small, words


class WebhookEndpoint(SQLModel, table=True):
    """An address of a system. Until `rest_until` nothing is sent to it; `failures` in a row began at `failing_since`.

    `disabled_for` says why nothing is noted for it any more: by hand, gone (410) or failing. A removed one keeps its
    row as long as its deliveries are kept.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("disabled_for IN ('', 'hand', 'gone', 'failing')", name="webhook_endpoint_disabled_for"),
        CheckConstraint("(disabled_for = '') = (disabled_at IS NULL)", name="webhook_endpoint_disabled"),
        Index("webhook_endpoint_client", "client_id", postgresql_where=text("removed_at IS NULL")),
    )

    id: UUID = primary_uuid()
    client_id: UUID = Field(foreign_key="api_client.id")
    url: str = words()
    types: list[str] = document("[]")
    description: str = words("")
    version: int = 1
    created_at: datetime = moment()
    failures: int = 0
    failing_since: datetime | None = moment(optional=True)
    rest_until: datetime | None = moment(optional=True)
    disabled_at: datetime | None = moment(optional=True)
    disabled_for: str = words("")
    removed_at: datetime | None = moment(optional=True)


class WebhookSecret(SQLModel, table=True):
    """A signing secret, sealed; after a rotation the old one signs beside the new one until `expires_at`."""

    __tablename__ = "webhook_secret"
    __table_args__ = (Index("webhook_secret_endpoint", "endpoint_id"),)

    id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id")
    sealed: bytes = blob()
    created_at: datetime = moment()
    expires_at: datetime | None = moment(optional=True)


class WebhookDelivery(SQLModel, table=True):
    """One message for one endpoint: its id is what the receiver knows it by, its body is sent as it stands here.

    `round` is the generation of its work in the outbox, `tries` counts the attempts of the schedule that runs,
    `attempts` all of them. `claimed_until`: a sender is at it until then at the latest.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'given_up', 'stopped')", name="webhook_delivery_state"),
        CheckConstraint("(state = 'pending') = (next_attempt_at IS NOT NULL)", name="webhook_delivery_due"),
        Index("webhook_delivery_once", "endpoint_id", "key", unique=True),
        Index("webhook_delivery_waiting", "next_attempt_at", postgresql_where=text("state = 'pending'")),
        Index("webhook_delivery_of_endpoint", "endpoint_id", "id"),
        Index("webhook_delivery_age", "created_at"),
    )

    id: UUID = primary_uuid()
    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id")
    key: str = words()
    type: str = words()
    body: str = words()
    state: str = words("pending")
    created_at: datetime = moment()
    round: int = 1
    tries: int = small(0)
    attempts: int = 0
    next_attempt_at: datetime | None = moment(optional=True)
    claimed_until: datetime | None = moment(optional=True)
    delivered_at: datetime | None = moment(optional=True)
    trace: str = words("")


class WebhookAttempt(SQLModel, table=True):
    """One attempt: `outcome` "" while it runs, and for good when its sender died; `excerpt` begins the answer."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('', 'delivered', 'refused', 'redirect', 'unreachable', 'forbidden')",
            name="webhook_attempt_outcome",
        ),
        Index("webhook_attempt_delivery", "delivery_id", "number", unique=True),
    )

    id: int = serial()
    delivery_id: UUID = Field(foreign_key="webhook_delivery.id")
    number: int
    started_at: datetime = moment()
    ended_at: datetime | None = moment(optional=True)
    outcome: str = words("")
    status: int | None = None
    excerpt: str = words("")
