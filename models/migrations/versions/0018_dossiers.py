"""Dossiers have an end: of a closed case, and noted as their own class of data; letters and licences have none."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

_GONE = """
CREATE OR REPLACE FUNCTION gone_object_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM blanko WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM letter WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM licence WHERE sha256 = NEW.sha256)
       OR EXISTS (SELECT FROM hand_over WHERE proof_sha256 = NEW.sha256) THEN
        PERFORM paraf_refuse('gone_object_letter', 'a letter, a licence and a proof are kept for good');
    END IF;
    IF EXISTS (SELECT FROM dossier d JOIN application a ON a.id = d.application_id
                WHERE d.sha256 = NEW.sha256 AND (NEW.data_class <> 'dossiers' OR a.stage <> 'closed')) THEN
        PERFORM paraf_refuse('gone_object_letter', 'a dossier goes at its own end, of a closed case alone');
    END IF;
    IF EXISTS (SELECT FROM document d JOIN application a ON a.id = d.application_id
                WHERE NEW.sha256 IN (d.sha256, d.clean_sha256) AND a.stage <> 'closed') THEN
        PERFORM paraf_refuse('gone_object_running', 'a file of a case that is not closed is kept');
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.execute(_GONE)
