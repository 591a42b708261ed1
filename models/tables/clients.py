"""Other systems that speak to the office: who they are, their keys, and the answers they were given."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, document, moment, primary_uuid, words


class ApiClient(SQLModel, table=True):
    """A system of somebody else. `contact` is where notices go; `rate_per_minute` 0 means the office's usual rate."""

    __tablename__ = "api_client"
    __table_args__ = (CheckConstraint("rate_per_minute >= 0", name="api_client_rate"),)

    id: UUID = primary_uuid()
    name: str = words(unique=True)
    contact: str = words("")
    rate_per_minute: int = 0
    created_at: datetime = moment()
    created_by: UUID | None = Field(default=None, foreign_key="person.id")


class ApiKey(SQLModel, table=True):
    """One key of a client. Of the secret only its SHA-256 is kept; `signing_secret` is sealed, for it must be read.

    `scopes` are texts `verb:licence`, such as `write:SIKRO` or `read:*`. A key with a `signing_secret` has to sign.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        Index("api_key_client", "client_id"),
        CheckConstraint("octet_length(secret_sha256) = 32", name="api_key_hashed"),
    )

    id: str = words(primary_key=True)
    client_id: UUID = Field(foreign_key="api_client.id")
    secret_sha256: bytes = blob()
    signing_secret: bytes | None = blob(optional=True)
    scopes: list[str] = document("[]")
    created_at: datetime = moment()
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    expires_at: datetime = moment()
    last_used_at: datetime | None = moment(optional=True)
    revoked_at: datetime | None = moment(optional=True)


class ClientRate(SQLModel, table=True):
    """What a client has `used` of its rate in the `minute` that began then; one row each, overwritten every minute."""

    __tablename__ = "client_rate"

    client_id: UUID = Field(foreign_key="api_client.id", primary_key=True)
    minute: datetime = moment()
    used: int


class RememberedAnswer(SQLModel, table=True):
    """The first answer to a request with an Idempotency-Key, written in the transaction of what the request did.

    `answer` is sealed together with the request's fingerprint, since both may tell what is shown or typed once.
    `subject_id` is what was made: while a licence came of it, the row can not be deleted.
    """

    __tablename__ = "remembered_answer"
    __table_args__ = (
        CheckConstraint("subject IN ('application', 'batch', 'other')", name="remembered_answer_subject"),
        Index("remembered_answer_age", "made_at"),
    )

    owner: str = words(primary_key=True)
    key_sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    answer: bytes = blob()
    subject: str = words("other")
    subject_id: UUID | None = None
    made_at: datetime = moment()
