"""Second factors, passkeys and proofs under way; the office's own closures, odd days and weeks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0009"


def upgrade() -> None:
    _factors()
    _proof()
    _calendar()
    op.execute("GRANT SELECT, INSERT, DELETE ON one_time_code, recovery_code, proof TO paraf_app")
    op.execute("GRANT UPDATE (secret, created_at, confirmed_at, last_step) ON one_time_code TO paraf_app")
    op.execute("GRANT UPDATE (used_at) ON recovery_code TO paraf_app")
    op.execute("GRANT SELECT, INSERT ON webauthn_credential TO paraf_app")
    op.execute("GRANT UPDATE (sign_count, used_at, revoked_at) ON webauthn_credential TO paraf_app")
    op.execute("GRANT SELECT, INSERT ON office_closure, office_override, office_week TO paraf_app")
    for table in ("office_closure", "office_override", "office_week"):
        op.execute(f"GRANT UPDATE (removed_at) ON {table} TO paraf_app")
    op.create_index("event_kind", "event", ["kind", "id"])
    op.create_index("event_actor", "event", ["actor_id", "id"])
    op.create_index("event_at", "event", ["at"], postgresql_using="brin")


def _factors() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("recovery_code_person", "recovery_code", ["person_id"])
    op.create_table(
        "webauthn_credential",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webauthn_credential_person", "webauthn_credential", ["person_id"])
    op.create_index("webauthn_credential_id", "webauthn_credential", ["credential_id"], unique=True)


def _proof() -> None:
    op.create_table(
        "proof",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('second', 'register', 'passkey', 'oidc')", name="proof_kind"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("proof_token", "proof", ["token_sha256"], unique=True)
    op.create_index("proof_end", "proof", ["expires_at"])


def _calendar() -> None:
    op.create_table(
        "office_closure",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_entered(),
        sa.CheckConstraint("first <= last", name="office_closure_order"),
    )
    op.create_table(
        "office_override",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_entered(),
        sa.CheckConstraint("worked OR hours = ''", name="office_override_hours"),
    )
    op.create_index(
        "office_override_day", "office_override", ["day"], unique=True, postgresql_where=sa.text("removed_at IS NULL")
    )
    op.create_table(
        "office_week",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("week", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        *_entered(),
    )


def _entered() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    ]
