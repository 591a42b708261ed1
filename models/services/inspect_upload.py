"""Look at uploads as soon as they lie in the vault, so that applicants hear of a bad file before they submit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from models.db import Database
from models.ports import Clock
from models.rules.numbering import jakarta_date
from models.services.casework import enqueue, read_case
from models.services.check import Inspector, inspect_document, rules_of, uninspected
from models.services.side_job import run_job
from models.tables.cases import Document

TASK: Final = "paraf.inspect_document"
AT_A_TIME: Final = timedelta(seconds=5)
"""An honest berkas takes a fraction of a second; one file may take twenty."""


def inspect_upload(db: Database, clock: Clock, inspector: Inspector, document_id: UUID, generation: int) -> bool:
    """Look at every file of this document's berkas that nobody looked at yet.

    On a rush day files of one berkas share one message; a berkas of heavy files steps back in between, so that nobody
    behind it waits for all of them. The check of completeness does what this did not reach.
    """
    return run_job(
        db, clock, TASK, document_id, generation, lambda: _inspect(db, clock, inspector, document_id, generation)
    )


def _inspect(db: Database, clock: Clock, inspector: Inspector, document_id: UUID, generation: int) -> None:
    until = clock.now() + AT_A_TIME
    for row, profile in _waiting(db, clock, document_id):
        if clock.now() >= until:
            _step_back(db, clock, row, generation + 1)
            return
        inspect_document(db, clock, inspector, row, profile)


def _step_back(db: Database, clock: Clock, row: Document, generation: int) -> None:
    """Have the look go on with `row`, behind all that waits already."""
    with db.transaction() as session:
        case = read_case(session, row.application_id)
        enqueue(session, TASK, row.id, generation, clock.now(), priority=case.priority)


def _waiting(db: Database, clock: Clock, document_id: UUID) -> list[tuple[Document, str]]:
    with db.transaction() as session:
        document = session.get(Document, document_id)
        rows = uninspected(session, document.application_id) if document is not None else []
        if not rows:
            return []
        case = read_case(session, rows[0].application_id)
        _, sop = rules_of(session, case, jakarta_date(clock.now()))
        profiles = {requirement.code: requirement.profile for requirement in sop.requirements}
        return [(row, profiles.get(row.requirement, "document")) for row in rows]
