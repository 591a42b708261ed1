"""How people prove who they are, beside their password: one-time codes, passkeys, and proofs that are under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, document, moment, primary_uuid, words


class OneTimeCode(SQLModel, table=True):
    """A person's authenticator app. `secret` is sealed; `last_step` keeps a code from being used twice."""

    __tablename__ = "one_time_code"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    secret: bytes = blob()
    created_at: datetime = moment()
    confirmed_at: datetime | None = moment(optional=True)
    last_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


class RecoveryCode(SQLModel, table=True):
    """One code on the paper for a lost phone; it has 80 random bits, of which the SHA-256 is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("recovery_code_person", "person_id"),)

    code_sha256: bytes = blob()
    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    created_at: datetime = moment()
    used_at: datetime | None = moment(optional=True)


class WebauthnCredential(SQLModel, table=True):
    """A passkey: the public half only. `sign_count` 0 is an authenticator that does not count."""

    __tablename__ = "webauthn_credential"
    __table_args__ = (
        Index("webauthn_credential_person", "person_id"),
        Index("webauthn_credential_id", "credential_id", unique=True),
    )

    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    credential_id: bytes = blob()
    public_key: bytes = blob()
    sign_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    name: str = words("")
    created_at: datetime = moment()
    used_at: datetime | None = moment(optional=True)
    revoked_at: datetime | None = moment(optional=True)


class Proof(SQLModel, table=True):
    """A proof under way: the browser holds the token, this row its SHA-256. It is taken once and ends by itself.

    `kind`: `second` (the password was right), `register` and `passkey` (a challenge is open), `oidc` (away at the
    other sign-in). `subject` is the SHA-256 of what a step-up showed.
    """

    __tablename__ = "proof"
    __table_args__ = (
        CheckConstraint("kind IN ('second', 'register', 'passkey', 'oidc')", name="proof_kind"),
        Index("proof_token", "token_sha256", unique=True),
        Index("proof_end", "expires_at"),
    )

    token_sha256: bytes = blob()
    id: UUID = primary_uuid()
    kind: str = words()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    challenge: bytes = blob()
    subject: bytes = blob()
    detail: dict[str, Any] = document()
    created_at: datetime = moment()
    expires_at: datetime = moment()
