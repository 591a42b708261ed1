"""Proofs under way: what was asked of a browser, taken once, within minutes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.rules.errors import InvalidInput
from models.tables.sign_in import Proof

Kind = Literal["second", "register", "passkey", "oidc"]
LIFETIME = timedelta(minutes=5)
OVER = "Langkah ini sudah kedaluwarsa atau sudah dipakai. Ulangi dari awal."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser gets: the token to bring back, and the challenge to answer."""

    token: str = field(repr=False)
    challenge: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """A proof that was open until now."""

    person_id: UUID | None
    challenge: bytes = field(repr=False)
    detail: dict[str, Any] = field(repr=False)


def begin(
    session: Session,
    kind: Kind,
    now: datetime,
    *,
    person_id: UUID | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> Asked:
    """Open one proof; proofs that ran out are swept by the way."""
    session.execute(delete(Proof).where(col(Proof.expires_at) < now))
    token, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
    session.add(
        Proof(
            token_sha256=_hash(token),
            kind=kind,
            person_id=person_id,
            challenge=challenge,
            subject=_hash(subject),
            detail=detail or {},
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return Asked(token, challenge)


def peek(session: Session, token: str, kind: Kind, now: datetime) -> Proof | None:
    """The open proof of this token, None when it is unknown, taken or over."""
    wanted = select(Proof).where(Proof.token_sha256 == _hash(token), Proof.kind == kind, Proof.expires_at > now)
    return session.exec(wanted).one_or_none()


def take(session: Session, token: str, kind: Kind, now: datetime, *, subject: str = "") -> Taken:
    """The open proof, gone with this transaction; raises InvalidInput when there is none for this subject."""
    found = session.execute(
        delete(Proof)
        .where(col(Proof.token_sha256) == _hash(token), col(Proof.kind) == kind)
        .where(col(Proof.expires_at) > now, col(Proof.subject) == _hash(subject))
        .returning(col(Proof.person_id), col(Proof.challenge), col(Proof.detail))
    ).one_or_none()
    if found is None:
        raise InvalidInput(OVER)
    return Taken(*found)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
