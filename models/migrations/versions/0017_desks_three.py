"""The desks: the register by name within its year, passkeys for piles, messages to officials."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_NAMED = """
CREATE FUNCTION register_entry_named() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    NEW.name := (SELECT h.name FROM holder_data h WHERE h.application_id = NEW.application_id);
    RETURN NEW;
END $$;
CREATE TRIGGER register_entry_named BEFORE INSERT ON register_entry
    FOR EACH ROW EXECUTE FUNCTION register_entry_named();
"""
# Past the guard of lines that are void already: they too get the name under which they are found.
_NAME_THE_OLD = """
ALTER TABLE register_entry DISABLE TRIGGER register_entry_guard;
UPDATE register_entry r SET name = h.name FROM holder_data h WHERE h.application_id = r.application_id;
ALTER TABLE register_entry ENABLE TRIGGER register_entry_guard;
"""


def upgrade() -> None:
    _register()
    _passkeys()
    _messages()


def _messages() -> None:
    def moment(name: str, *, optional: bool = True) -> sa.Column[object]:
        return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)

    op.create_table(
        "staff_message",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("key", "kind", "error")),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("pile_id", sa.Uuid(), nullable=True),
        moment("created_at", optional=False),
        moment("claimed_at"),
        moment("sent_at"),
        sa.CheckConstraint("(kind = 'pile_done') = (pile_id IS NOT NULL)", name="staff_message_about"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["pile_id"], ["pile.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("staff_message_key", "staff_message", ["key"], unique=True)
    op.execute("GRANT SELECT, INSERT, DELETE ON staff_message TO paraf_app")
    op.execute("GRANT UPDATE (claimed_at, sent_at, error) ON staff_message TO paraf_app")


def _passkeys() -> None:
    op.add_column("signing_key", sa.Column("kept_secret", sa.LargeBinary(), nullable=True))
    op.execute("GRANT UPDATE (kept_secret) ON signing_key TO paraf_app")
    op.add_column("pile", sa.Column("means", sa.Text(), server_default="passphrase", nullable=False))
    op.create_check_constraint("pile_means", "pile", "means IN ('passphrase', 'passkey')")


def _register() -> None:
    op.add_column("register_entry", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.execute(_NAMED)
    op.execute(_NAME_THE_OLD)
    # Trusted since PostgreSQL 13, like pg_trgm: year and groups of three letters share one index, so that a name is
    # looked for in one year and not in all of them.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.create_index(
        "register_entry_name_parts",
        "register_entry",
        ["year", "name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
