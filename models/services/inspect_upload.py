"""Look at an upload as soon as it lies in the vault, so that its applicant hears of a bad file before he submits."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from models.db import Database
from models.ports import Clock
from models.rules.numbering import jakarta_date
from models.services.casework import read_case
from models.services.check import Inspector, inspect_document, rules_of
from models.services.side_job import run_job
from models.tables.cases import Document

TASK: Final = "paraf.inspect_document"


def inspect_upload(db: Database, clock: Clock, inspector: Inspector, document_id: UUID, generation: int) -> bool:
    """Inspect one document that nobody looked at yet; the check of completeness does what this did not reach."""
    return run_job(db, clock, TASK, document_id, generation, lambda: _inspect(db, clock, inspector, document_id))


def _inspect(db: Database, clock: Clock, inspector: Inspector, document_id: UUID) -> None:
    with db.transaction() as session:
        row = session.get(Document, document_id)
        if row is None or row.replaced_at is not None or row.inspected_at is not None:
            return
        case = read_case(session, row.application_id)
        _, sop = rules_of(session, case, jakarta_date(clock.now()))
        profile = next((r.profile for r in sop.requirements if r.code == row.requirement), "document")
    inspect_document(db, clock, inspector, row, profile)
