"""Retention: what may be forgotten of which case, and the list of objects that the vault no longer keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"

_FORGET = """
CREATE FUNCTION forget_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM case_at(OLD.application_id, 'draft', 'rejected', 'withdrawn', 'lapsed');
    RETURN OLD;
END $$;
CREATE TRIGGER holder_data_forget BEFORE DELETE ON holder_data FOR EACH ROW EXECUTE FUNCTION forget_guard();
CREATE TRIGGER document_forget BEFORE DELETE ON document FOR EACH ROW EXECUTE FUNCTION forget_guard();
CREATE TRIGGER receipt_forget BEFORE DELETE ON receipt FOR EACH ROW EXECUTE FUNCTION forget_guard();
"""
_GONE = """
CREATE FUNCTION gone_object_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM blanko WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM letter WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM licence WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM dossier WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM hand_over WHERE proof_sha256 = NEW.sha256) THEN
        PERFORM paraf_refuse('gone_object_letter', 'a letter, a licence, a dossier and a proof are kept for good');
    END IF;
    IF EXISTS (SELECT FROM document d JOIN application a ON a.id = d.application_id
                WHERE NEW.sha256 IN (d.sha256, d.clean_sha256) AND a.stage <> 'closed') THEN
        PERFORM paraf_refuse('gone_object_running', 'a file of a case that is not closed is kept');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gone_object_guard BEFORE INSERT OR UPDATE ON gone_object
    FOR EACH ROW EXECUTE FUNCTION gone_object_guard();
"""
_KEEP = """
CREATE FUNCTION keep_object(name text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1262830928);
    DELETE FROM gone_object WHERE sha256 = name;
END $$;
REVOKE ALL ON FUNCTION keep_object(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_object(text) TO paraf_app;
"""


def upgrade() -> None:
    op.create_table(
        "gone_object",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data_class", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("gone_object_due", "gone_object", ["decided_at"], postgresql_where=sa.text("gone_at IS NULL"))
    for table, columns in (("document", "sha256"), ("document", "clean_sha256"), ("page_image", "sha256")):
        op.create_index(f"{table}_{columns}", table, [columns])
    op.execute(_FORGET)
    op.execute(_GONE)
    op.execute(_KEEP)
    op.execute("GRANT SELECT, INSERT, DELETE, UPDATE (data_class, decided_at, gone_at) ON gone_object TO paraf_app")
    op.execute("GRANT DELETE ON holder_data, document, receipt, page_image, login_session, mail_message TO paraf_app")
