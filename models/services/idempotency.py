"""The first answer to a request with an Idempotency-Key, kept in the transaction of what the request did.

So there is no answer without its effect and no effect without its answer, wherever a process dies.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from models.db import changed_rows
from models.rules.errors import ParafError
from models.sign_in_ports import TextCipher
from models.tables.clients import RememberedAnswer

KEEP: Final = timedelta(days=30)
"""How long an answer is remembered that no number and no batch came of."""
Subject = Literal["application", "batch", "other"]
_FORGET: Final = text(
    """DELETE FROM remembered_answer r WHERE r.made_at < :before AND r.subject <> 'batch'
        AND NOT (r.subject = 'application'
                 AND EXISTS (SELECT FROM register_entry e WHERE e.application_id = r.subject_id))"""
)


class RequestInFlight(ParafError):
    """The same request is being answered right now: wait a moment, then repeat it with the same key."""

    code = "request-in-flight"


class KeyUsedOtherwise(ParafError):
    """This Idempotency-Key came with another request before: take a new key for a new request."""

    code = "key-used-otherwise"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks (`client:ID`, `person:ID` ...), the key that he chose, and the SHA-256 of all that he asks for."""

    owner: str
    key: str = field(repr=False)
    fingerprint: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it went out: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


def earlier_answer(session: Session, cipher: TextCipher, asking: Asking) -> Answer | None:
    """What was answered before, None for a new request, whose turn lasts until this transaction ends.

    Raises RequestInFlight while another transaction answers it, KeyUsedOtherwise.
    """
    mine = session.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _lock(asking)}).scalar_one()
    if not mine:
        raise RequestInFlight("This request is being answered right now: repeat it in a moment with the same key.")
    row = session.get(RememberedAnswer, (asking.owner, _hash(asking.key)))
    if row is None:
        return None
    kept = json.loads(cipher.open(row.answer, _context(asking)))
    if kept["fingerprint"] != asking.fingerprint:
        raise KeyUsedOtherwise(
            "This Idempotency-Key was used for another request: send the very same request, or take a new key."
        )
    return Answer(kept["status"], kept["headers"], base64.b64decode(kept["body"]))


def remember(
    session: Session,
    cipher: TextCipher,
    asking: Asking,
    answer: Answer,
    now: datetime,
    made: tuple[Subject, UUID | None] = ("other", None),
) -> None:
    """Keep the answer with what the request did; `made` is what came of it."""
    body = base64.b64encode(answer.body).decode()
    kept = {"fingerprint": asking.fingerprint, "status": answer.status, "headers": answer.headers, "body": body}
    session.add(
        RememberedAnswer(
            owner=asking.owner,
            key_sha256=_hash(asking.key),
            answer=cipher.seal(json.dumps(kept), _context(asking)),
            subject=made[0],
            subject_id=made[1],
            made_at=now,
        )
    )
    session.flush()


def forget_old(session: Session, now: datetime, after: timedelta = KEEP) -> int:
    """Forget answers older than `after`, but for batches and applications that a number was taken for."""
    return changed_rows(session, _FORGET, {"before": now - after})


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _lock(asking: Asking) -> int:
    return int.from_bytes(_hash(f"{asking.owner}\x1f{asking.key}")[:8], signed=True)


def _context(asking: Asking) -> str:
    return f"answer:{asking.owner}:{asking.key}"
