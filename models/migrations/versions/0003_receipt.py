"""Receipts of submissions, and messages that are claimed before they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size IN ('a5', '80mm')", name="receipt_size"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"]),
        sa.PrimaryKeyConstraint("application_id", "round", "size"),
    )
    op.add_column("mail_message", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("GRANT SELECT, INSERT ON receipt TO paraf_app")
    op.execute("GRANT UPDATE (claimed_at) ON mail_message TO paraf_app")
