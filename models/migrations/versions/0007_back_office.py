"""The back office: prints, books, months, and the indexes of search, register and dashboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"

_PARTS = (
    ("holder_data_name_parts", "holder_data", "name"),
    ("application_number_parts", "application", "registration_number"),
    ("register_entry_number_parts", "register_entry", "number"),
)
_PLAIN = (
    ("holder_data_nik_tail", "holder_data", ["nik_tail"]),
    ("application_submitted", "application", ["submitted_at"]),
    ("register_entry_book", "register_entry", ["year", "series", "seq"]),
    ("register_entry_assigned", "register_entry", ["assigned_at"]),
    ("register_entry_application", "register_entry", ["application_id"]),
    ("licence_issued", "licence", ["issued_at"]),
    ("deficiency_created", "deficiency", ["created_at"]),
)


def upgrade() -> None:
    _tables()
    # Trusted since PostgreSQL 13: the database's owner may create it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for name, table, column in _PARTS:
        op.create_index(name, table, [column], postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})
    for name, table, columns in _PLAIN:
        op.create_index(name, table, columns)
    op.execute("GRANT SELECT, INSERT ON concept_print, register_book, month_figures TO paraf_app")
    op.execute("GRANT UPDATE (sha256, made_at) ON concept_print TO paraf_app")
    op.execute("GRANT UPDATE (entries, sha256, size, made_at) ON register_book TO paraf_app")
    op.execute("GRANT UPDATE (figures, cost_ms, made_at) ON month_figures TO paraf_app")


def _tables() -> None:
    op.create_table(
        "concept_print",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("copy_number", sa.SmallInteger(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("copy_number >= 1", name="concept_print_copy"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"]),
        sa.ForeignKeyConstraint(
            ["application_id", "revision"], ["blanko.application_id", "blanko.revision"], name="concept_print_of_blanko"
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("application_id", "revision", "copy_number", name="concept_print_once"),
    )
    op.create_index("concept_print_requested", "concept_print", ["requested_at"])
    op.create_table(
        "register_book",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("volume", sa.SmallInteger(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("volume >= 1", name="register_book_volume"),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("register_book_requested", "register_book", ["requested_at"])
    op.create_table(
        "month_figures",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("figures", sa.dialects.postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("cost_ms", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month"),
    )
