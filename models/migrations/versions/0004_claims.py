"""Desks: claims on cases, letters put off, and the page images that officials look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_table(
        "put_off",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id", "revision"], ["blanko.application_id", "blanko.revision"], name="put_off_of_blanko"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("application_id", "revision", "person_id"),
    )
    op.create_table(
        "page_image",
        sa.Column("object_sha256", sa.Text(), nullable=False),
        sa.Column("page", sa.SmallInteger(), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("page >= 1 AND width >= 1", name="page_image_counts"),
        sa.PrimaryKeyConstraint("object_sha256", "page", "width"),
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON claim TO paraf_app")
    op.execute("GRANT UPDATE (person_id, claimed_at, expires_at) ON claim TO paraf_app")
    op.execute("GRANT SELECT, INSERT ON put_off TO paraf_app")
    op.execute("GRANT UPDATE (until, reason, made_at) ON put_off TO paraf_app")
    op.execute("GRANT SELECT, INSERT ON page_image TO paraf_app")
