"""What other systems are told, noted in the transaction of the event itself: a message for each endpoint that asks.

Payloads are thin: ids, a status and links. Whoever is told asks the API for the rest, with his own key and rights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from models.rules.masking import scrub
from models.rules.webhooks import BATCH_FINISHED, body_of, type_of
from models.services.tracing import TRACEPARENT
from models.tables.batch import Batch
from models.tables.cases import Application

TASK: Final = "paraf.deliver_webhook"
PRIORITY: Final = 8

_ASKING: Final = text(
    """SELECT id FROM webhook_endpoint WHERE client_id = :client AND types ? :type
          AND disabled_at IS NULL AND removed_at IS NULL ORDER BY id"""
)
_ROW_KEY: Final = text("SELECT key FROM batch_key WHERE application_id = :case")
_NOTE: Final = text(
    """INSERT INTO webhook_delivery
           (endpoint_id, key, type, body, state, created_at, round, tries, attempts, next_attempt_at, trace)
       VALUES (:endpoint, :key, :type, :body, 'pending', :at, 1, 0, 0, :at, :trace)
       ON CONFLICT (endpoint_id, key) DO NOTHING RETURNING id"""
)
_STATUS: Final = {"licence.issued": "valid", "licence.voided": "void"}


def note_of_case(session: Session, case: Application, kind: str, stage_from: str, at: datetime) -> Sequence[UUID]:
    """Messages about what happened to a case of a system, each still to be enqueued; none when nobody asks."""
    told = type_of(kind, stage_from)
    endpoints = _asking(session, case.client_id, told) if told else ()
    if not endpoints:
        return ()
    body = body_of(told, at, _of_case(session, case, told))
    return note(session, endpoints, f"{kind}:{case.id}:{case.version}", told, body, at)


def note_of_batch(session: Session, batch: Batch, counts: Mapping[str, int], at: datetime) -> Sequence[UUID]:
    """Messages about the end of a system's batch; none for a batch of the office's own."""
    kind, _, client = batch.client.partition(":")
    endpoints = _asking(session, UUID(client), BATCH_FINISHED) if kind == "client" else ()
    if not endpoints:
        return ()
    path = f"/v1/batches/{batch.id}"
    links = {"batch": path, "items": f"{path}/items", "errors": f"{path}/errors.csv"}
    data = {"batch_id": str(batch.id), "status": batch.state, "counts": dict(counts), "links": links}
    return note(session, endpoints, f"batch:{batch.id}", BATCH_FINISHED, body_of(BATCH_FINISHED, at, data), at)


def note(session: Session, endpoints: Sequence[UUID], key: str, kind: str, body: str, at: datetime) -> Sequence[UUID]:
    """One message for each endpoint; what was noted under this key already is not noted again."""
    values = {"key": key, "type": kind, "body": body, "at": at, "trace": TRACEPARENT.get()}
    made = [session.execute(_NOTE, {**values, "endpoint": one}).scalar_one_or_none() for one in endpoints]
    return [one for one in made if one is not None]


def _asking(session: Session, client_id: UUID | None, kind: str) -> Sequence[UUID]:
    return session.execute(_ASKING, {"client": client_id, "type": kind}).scalars().all()


def _of_case(session: Session, case: Application, told: str) -> dict[str, object]:
    path = f"/v1/applications/{case.id}"
    family, _, what = told.partition(".")
    key = session.execute(_ROW_KEY, {"case": case.id}).scalar_one_or_none()
    return {
        "application_id": str(case.id),
        "registration_number": case.registration_number,
        # The system's own id of a row. It should hold no NIK; one that does leaves no office.
        "key": None if key is None else scrub(key),
        "licence_code": case.licence_code,
        "status": case.stage if family == "application" else _STATUS.get(told, what),
        "links": {"application": path} | ({} if family == "application" else {"licence": f"{path}/licence"}),
    }
