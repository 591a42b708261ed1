"""Batches of applications, their rows and the files that they came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

_JSON_LIST = sa.text("'[]'::jsonb")
_GUARD = """
CREATE FUNCTION batch_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.committed_at IS NOT NULL THEN
        PERFORM paraf_refuse('batch_committed_stays', 'a batch that was committed is kept');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER batch_guard BEFORE DELETE ON batch FOR EACH ROW EXECUTE FUNCTION batch_guard();
CREATE FUNCTION batch_row_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'taken' THEN
        PERFORM paraf_refuse('batch_row_taken_once', 'a row that became an application stays as it is');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER batch_row_guard BEFORE DELETE OR UPDATE OF state, application_id, row, batch_id ON batch_row
    FOR EACH ROW EXECUTE FUNCTION batch_row_guard();
"""


def _moment(name: str, *, optional: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def upgrade() -> None:
    _batch()
    _rows()
    op.execute(_GUARD)
    op.execute("GRANT SELECT, INSERT, DELETE ON batch, batch_row, batch_member TO paraf_app")
    op.execute("GRANT SELECT, INSERT ON batch_key TO paraf_app")
    op.execute(
        "GRANT UPDATE (state, version, columns, row_count, token_sha256, committed_at, changed_at, finished_at, bundle_sha256, bundle_size,"
        " bundle_made_at, upload_sha256, trace) ON batch TO paraf_app"
    )
    op.execute("GRANT UPDATE (state, cells, errors, application_id, taken_at) ON batch_row TO paraf_app")


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("licence_code", sa.Text(), nullable=False),
        sa.Column("application_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("upload_sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), server_default=_JSON_LIST, nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("mends", sa.Uuid(), nullable=True),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=True),
        _moment("created_at", optional=False),
        _moment("committed_at"),
        _moment("changed_at", optional=False),
        _moment("finished_at"),
        sa.Column("bundle_sha256", sa.Text(), nullable=False),
        sa.Column("bundle_size", sa.BigInteger(), nullable=False),
        _moment("bundle_made_at"),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('checked', 'running', 'paused', 'cancelled', 'finished')", name="batch_state"),
        sa.CheckConstraint("(state = 'checked') = (committed_at IS NULL)", name="batch_committed"),
        sa.CheckConstraint("form IN ('ndjson', 'csv', 'xlsx', 'zip')", name="batch_form"),
        sa.ForeignKeyConstraint(["mends"], ["batch.id"], name="batch_mends_fk"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="batch_person_id_fk"),
        sa.PrimaryKeyConstraint("id"),
    )
    committed = sa.text("committed_at IS NOT NULL")
    op.create_index("batch_once", "batch", ["client", "fingerprint"], unique=True, postgresql_where=committed)
    op.create_index("batch_open", "batch", ["created_at"], postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index("batch_upload_sha256", "batch", ["upload_sha256"])


def _rows() -> None:
    op.create_table(
        "batch_row",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.Column("errors", postgresql.JSONB(), server_default=_JSON_LIST, nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        _moment("taken_at"),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'refused', 'cancelled')", name="batch_row_state"),
        sa.CheckConstraint("(state = 'taken') = (application_id IS NOT NULL)", name="batch_row_taken"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="batch_row_application_id_fk"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="batch_row_batch_id_fk"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("batch_row_place", "batch_row", ["batch_id", "row"], unique=True)
    op.create_index("batch_row_waiting", "batch_row", ["batch_id"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("batch_row_application", "batch_row", ["application_id"])
    op.create_table(
        "batch_member",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("packed", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="batch_member_batch_id_fk"),
        sa.PrimaryKeyConstraint("batch_id", "name"),
    )
    op.create_table(
        "batch_key",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="batch_key_application_id_fk"),
        sa.PrimaryKeyConstraint("client", "key"),
        sa.UniqueConstraint("application_id", name="batch_key_application_id_once"),
    )
