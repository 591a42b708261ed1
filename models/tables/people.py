"""People of the office and applicants with an account: who they are, what they may do, how they sign in and sign."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, moment, primary_uuid, words


class Person(SQLModel, table=True):
    """`nip` is 18 digits without spaces; `password_hash` is Argon2id and empty for those who sign in elsewhere.

    `password_until`: when a password ends that an admin handed out; None for one's own.
    """

    __tablename__ = "person"

    id: UUID = primary_uuid()
    username: str = words(unique=True)
    name: str = words()
    title: str = words("")
    rank: str = words("")
    nip: str = words("")
    email: str = words("")
    password_hash: str = words("")
    active: bool = True
    created_at: datetime = moment()
    password_until: datetime | None = moment(optional=True)


class RoleGrant(SQLModel, table=True):
    """A role held from a day to a day. `acting` ("Plt."/"Plh.") and `decree` name the mandate of an acting official."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("(acting = '') = (decree = '')", name="role_grant_mandate_needs_decree"),
        Index("role_grant_person", "person_id"),
    )

    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    role: str = words()
    acting: str = words("")
    decree: str = words("")
    valid_from: date
    valid_until: date | None = None
    granted_at: datetime = moment()
    granted_by: UUID | None = Field(default=None, foreign_key="person.id")


class LoginSession(SQLModel, table=True):
    """A sign-in on one device; the cookie holds the token, this row only its SHA-256."""

    __tablename__ = "login_session"
    __table_args__ = (
        Index("login_session_person", "person_id"),
        Index("login_session_token", "token_sha256", unique=True),
    )

    token_sha256: bytes = blob()
    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    device: str = words("")
    address: str = words("")
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)


class LoginAttempt(SQLModel, table=True):
    """Failed sign-ins by account or address: the delay before the next one grows, nobody is locked out for good."""

    __tablename__ = "login_attempt"

    subject: str = words(primary_key=True)
    failures: int = 0
    last_at: datetime = moment()
    blocked_until: datetime | None = moment(optional=True)


class SigningKey(SQLModel, table=True):
    """An official's signing credential. `material` is sealed to the signing worker; `passphrase_hash` is Argon2id.

    `kept_secret` is its passphrase, sealed to the same worker, where its official wants a passkey to be enough.
    """

    __tablename__ = "signing_key"
    __table_args__ = (Index("signing_key_person", "person_id"),)

    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    kind: str = words("soft")
    certificate_pem: str = words("")
    material: bytes = blob()
    passphrase_hash: str = words("")
    kept_secret: bytes | None = blob(optional=True)
    not_after: datetime = moment()
    created_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)
