"""Keys of other systems, the answers that they were given, and their share of the office."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KEPT = """
CREATE FUNCTION remembered_answer_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.subject = 'batch'
       OR (OLD.subject = 'application' AND EXISTS (SELECT FROM register_entry WHERE application_id = OLD.subject_id)) THEN
        PERFORM paraf_refuse('remembered_answer_kept', 'what led to a licence is remembered for good');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER remembered_answer_kept BEFORE DELETE ON remembered_answer
    FOR EACH ROW EXECUTE FUNCTION remembered_answer_kept();
"""


def _moment(name: str, *, optional: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("rate_per_minute", sa.Integer(), nullable=False),
        _moment("created_at"),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("rate_per_minute >= 0", name="api_client_rate"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signing_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.dialects.postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        _moment("created_at"),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _moment("expires_at"),
        _moment("last_used_at", optional=True),
        _moment("revoked_at", optional=True),
        sa.CheckConstraint("octet_length(secret_sha256) = 32", name="api_key_hashed"),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_key_client", "api_key", ["client_id"])
    op.create_table(
        "remembered_answer",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        _moment("made_at"),
        sa.CheckConstraint("subject IN ('application', 'batch', 'other')", name="remembered_answer_subject"),
        sa.PrimaryKeyConstraint("owner", "key_sha256"),
    )
    op.create_index("remembered_answer_age", "remembered_answer", ["made_at"])
    op.execute(_KEPT)
    op.add_column("application", sa.Column("client_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("application_client_id_fk", "application", "api_client", ["client_id"], ["id"])
    op.create_index("application_client", "application", ["client_id"])
    op.execute("GRANT SELECT, INSERT ON api_client, api_key TO paraf_app")
    op.execute("GRANT UPDATE (contact, rate_per_minute) ON api_client TO paraf_app")
    op.execute("GRANT UPDATE (expires_at, last_used_at, revoked_at) ON api_key TO paraf_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON remembered_answer TO paraf_app")
