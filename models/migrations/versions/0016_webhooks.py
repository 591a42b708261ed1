"""Webhooks of other systems: endpoints, sealed secrets, messages and attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

_PENDING = sa.text("state = 'pending'")


def _moment(name: str, *, optional: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def upgrade() -> None:
    _endpoints()
    _deliveries()
    op.execute("GRANT SELECT, INSERT ON webhook_endpoint TO paraf_app")
    op.execute(
        "GRANT UPDATE (url, types, description, version, failures, failing_since, rest_until, disabled_at,"
        " disabled_for, removed_at) ON webhook_endpoint TO paraf_app"
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON webhook_secret, webhook_delivery, webhook_attempt TO paraf_app")
    op.execute("GRANT UPDATE (expires_at) ON webhook_secret TO paraf_app")
    # What was signed and its id stay: a message is the same however often it is sent.
    op.execute(
        "GRANT UPDATE (state, round, tries, attempts, next_attempt_at, claimed_until, delivered_at)"
        " ON webhook_delivery TO paraf_app"
    )
    op.execute("GRANT UPDATE (ended_at, outcome, status, excerpt) ON webhook_attempt TO paraf_app")


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        _id(),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at", optional=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("failing_since"),
        _moment("rest_until"),
        _moment("disabled_at"),
        sa.Column("disabled_for", sa.Text(), nullable=False),
        _moment("removed_at"),
        sa.CheckConstraint("disabled_for IN ('', 'hand', 'gone', 'failing')", name="webhook_endpoint_disabled_for"),
        sa.CheckConstraint("(disabled_for = '') = (disabled_at IS NULL)", name="webhook_endpoint_disabled"),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    living = sa.text("removed_at IS NULL")
    op.create_index("webhook_endpoint_client", "webhook_endpoint", ["client_id"], postgresql_where=living)
    op.create_table(
        "webhook_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _moment("created_at", optional=False),
        _moment("expires_at"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_secret_endpoint", "webhook_secret", ["endpoint_id"])


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        _id(),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _moment("created_at", optional=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("next_attempt_at"),
        _moment("claimed_until"),
        _moment("delivered_at"),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'given_up', 'stopped')", name="webhook_delivery_state"),
        sa.CheckConstraint("(state = 'pending') = (next_attempt_at IS NOT NULL)", name="webhook_delivery_due"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_delivery_once", "webhook_delivery", ["endpoint_id", "key"], unique=True)
    op.create_index("webhook_delivery_waiting", "webhook_delivery", ["next_attempt_at"], postgresql_where=_PENDING)
    op.create_index("webhook_delivery_of_endpoint", "webhook_delivery", ["endpoint_id", "id"])
    op.create_index("webhook_delivery_age", "webhook_delivery", ["created_at"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _moment("started_at", optional=False),
        _moment("ended_at"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('', 'delivered', 'refused', 'redirect', 'unreachable', 'forbidden')",
            name="webhook_attempt_outcome",
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_attempt_delivery", "webhook_attempt", ["delivery_id", "number"], unique=True)
