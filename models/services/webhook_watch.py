"""Webhooks that are due go back to the outbox, old ones go, and people hear of endpoints that were switched off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, select

from models.db import Database, changed_rows
from models.ports import Clock, Courier, Message
from models.rules.errors import PermanentFailure
from models.rules.numbering import jakarta_date
from models.rules.roles import ADMIN
from models.services.alone import alone
from models.services.casework import enqueue
from models.services.heartbeat import beat
from models.services.side_job import run_job
from models.services.tracing import follow
from models.services.webhook_delivery import NOTICE
from models.services.webhook_events import PRIORITY, TASK
from models.tables.clients import ApiClient
from models.tables.people import Person, RoleGrant
from models.tables.webhooks import WebhookEndpoint

HEARTBEAT: Final = "watch-webhooks"
KEEP: Final = timedelta(days=30)
"""How long messages and their attempts are kept."""

EACH: Final = 20
"""Messages of one endpoint in one pass: a heap of one does not stand before everybody else's."""

AT_ONCE: Final = 400
_PRUNED: Final = 1000
_LOCK: Final = 0x5745424B  # "WEBK"

_DUE: Final = text(
    """WITH due AS (
        SELECT d.id, row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.next_attempt_at, d.id) AS place
          FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
         WHERE d.state = 'pending' AND d.next_attempt_at <= :now
           AND (d.claimed_until IS NULL OR d.claimed_until <= :now)
           AND (e.rest_until IS NULL OR e.rest_until <= :now)
           AND NOT EXISTS (SELECT FROM outbox o WHERE o.subject_id = d.id AND o.task = :task AND o.done_at IS NULL))
    SELECT id FROM due WHERE place <= :each ORDER BY place, id LIMIT :limit"""
)
_NEXT_ROUND: Final = text(
    """UPDATE webhook_delivery SET round = round + 1 WHERE id = :id AND state = 'pending'
       RETURNING round, trace"""
)
_OLD: Final = "SELECT id FROM webhook_delivery WHERE created_at < :before AND state <> 'pending' LIMIT :limit"
_FORGET_ATTEMPTS: Final = text(f"DELETE FROM webhook_attempt WHERE delivery_id IN ({_OLD})")  # noqa: S608 - ours
_FORGET: Final = text(
    f"""DELETE FROM webhook_delivery d WHERE d.id IN ({_OLD})
           AND NOT EXISTS (SELECT FROM webhook_attempt a WHERE a.delivery_id = d.id)"""  # noqa: S608 - ours
)
_FORGET_SECRETS: Final = text("DELETE FROM webhook_secret WHERE expires_at <= :now")
log = structlog.get_logger()

_WHY: Final = {
    "gone": "penerima menjawab bahwa alamat itu sudah tidak dipakai (410)",
    "failing": "semua pengiriman ke alamat itu gagal selama lima hari",
}


@dataclass(frozen=True, slots=True)
class NoticeRoom:
    """What the notice needs of the world; `fallback` is told when neither the system nor an admin has an address."""

    courier: Courier
    office: str
    public_url: str
    fallback: str = ""


def watch_webhooks(db: Database, clock: Clock) -> int:
    """Enqueue what is due, forget what is old; returns how many messages. Safe to run at any time and twice."""
    with alone(db, _LOCK) as mine:
        if not mine:
            return 0
        now = clock.now()
        with db.transaction() as session:
            values = {"now": now, "task": TASK, "each": EACH, "limit": AT_ONCE}
            sent = [_send_again(session, one, now) for one in session.execute(_DUE, values).scalars().all()]
        forgotten = _forget(db, now)
        beat(db, clock, HEARTBEAT, f"due={sum(sent)} forgotten={forgotten}")
        return sum(sent)


def _send_again(session: Session, delivery_id: UUID, now: datetime) -> bool:
    found = session.execute(_NEXT_ROUND, {"id": delivery_id}).one_or_none()
    if found is None:
        return False
    # Under the trace of the event, not of the schedule that found it.
    follow(found.trace)
    enqueue(session, TASK, delivery_id, found.round, now, priority=PRIORITY)
    follow("")
    return True


def _forget(db: Database, now: datetime) -> int:
    values = {"before": now - KEEP, "limit": _PRUNED}
    with db.transaction() as session:
        session.execute(_FORGET_SECRETS, {"now": now})
        session.execute(_FORGET_ATTEMPTS, values)
        return changed_rows(session, _FORGET, values)


def tell_of_webhook(db: Database, clock: Clock, room: NoticeRoom, endpoint_id: UUID, generation: int) -> bool:
    """Tell the system's contact and the office's admins that an endpoint was switched off."""
    return run_job(db, clock, NOTICE, endpoint_id, generation, lambda: _tell(db, clock, room, endpoint_id, generation))


def _tell(db: Database, clock: Clock, room: NoticeRoom, endpoint_id: UUID, generation: int) -> None:
    with db.transaction() as session:
        row = session.get_one(WebhookEndpoint, endpoint_id)
        if row.version != generation or row.removed_at is not None or row.disabled_for not in _WHY:
            return
        client = session.get_one(ApiClient, row.client_id)
        addresses = _addresses(session, clock.now(), client) or ([room.fallback] if room.fallback else [])
    if not addresses:
        log.error("nobody_to_tell", endpoint=str(endpoint_id), client=client.name)
    subject, words = _words(room, row, client)
    for to in addresses:
        key = f"webhook:{endpoint_id}:{generation}:{to}"
        try:
            room.courier.send(Message(to, subject, words, f"<pre>{escape(words)}</pre>", key))
        except PermanentFailure as error:
            # One address that is wrong must not keep the others from hearing of it.
            log.error("notice_refused", endpoint=str(endpoint_id), error=type(error).__name__)


def _addresses(session: Session, now: datetime, client: ApiClient) -> list[str]:
    today = jakarta_date(now)
    admins = session.exec(
        select(Person.email)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .where(RoleGrant.role == ADMIN, col(RoleGrant.valid_from) <= today, col(Person.active), Person.email != "")
        .where((col(RoleGrant.valid_until).is_(None)) | (col(RoleGrant.valid_until) >= today))
    ).all()
    return sorted({one for one in (client.contact, *admins) if one})


def _words(room: NoticeRoom, row: WebhookEndpoint, client: ApiClient) -> tuple[str, str]:
    parts = urlsplit(row.url)
    subject = f"Webhook {client.name} dimatikan"
    words = (
        f"Webhook milik {client.name} ke {parts.scheme}://{parts.netloc} dimatikan oleh {room.office}:"
        f" {_WHY[row.disabled_for]}.\n\n"
        "Pesan yang menunggu tidak dikirim lagi, dan peristiwa baru tidak dicatat untuk alamat itu.\n"
        'Perbaiki penerima, lalu hidupkan kembali dengan PATCH {"enabled": true} ke\n'
        f"{room.public_url.rstrip('/')}/v1/webhooks/{row.id}\n"
        "dan kirim ulang pesan yang terlewat (POST .../deliveries/{id}/redeliver)."
    )
    return subject, words
