"""Batches: many applications handed in at once, the rows they came as, and the files that lay beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, document, moment, primary_uuid, words


class Batch(SQLModel, table=True):
    """One file of a sender. `state` checked: a dry run that `token_sha256` commits; `client` is whose row keys count.

    `upload_sha256` names the upload in the vault until its time is over ("" then, `fingerprint` stays), and
    `bundle_sha256` the zip of the licences.
    """

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("state IN ('checked', 'running', 'paused', 'cancelled', 'finished')", name="batch_state"),
        CheckConstraint("(state = 'checked') = (committed_at IS NULL)", name="batch_committed"),
        CheckConstraint("form IN ('ndjson', 'csv', 'xlsx', 'zip')", name="batch_form"),
        Index("batch_once", "client", "fingerprint", unique=True, postgresql_where=text("committed_at IS NOT NULL")),
        Index("batch_open", "created_at", postgresql_where=text("finished_at IS NULL")),
        Index("batch_upload_sha256", "upload_sha256"),
    )

    id: UUID = primary_uuid()
    client: str = words()
    sender: str = words()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    licence_code: str = words()
    application_type: str = words("baru")
    state: str = words("checked")
    version: int = 1
    form: str = words()
    name: str = words()
    fingerprint: str = words()
    upload_sha256: str = words()
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    columns: list[str] = document("[]")
    row_count: int = 0
    mends: UUID | None = Field(default=None, foreign_key="batch.id")
    token_sha256: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = moment()
    committed_at: datetime | None = moment(optional=True)
    changed_at: datetime = moment()
    finished_at: datetime | None = moment(optional=True)
    bundle_sha256: str = words("")
    bundle_size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    bundle_made_at: datetime | None = moment(optional=True)
    trace: str = words("")


class BatchRow(SQLModel, table=True):
    """One row of a batch, counted from 1. `cells` are the values as given, sealed: among them is a NIK.

    `errors` say column, sentence and code, never a value. A taken row has become (or mended) an application.
    """

    __tablename__ = "batch_row"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'taken', 'refused', 'cancelled')", name="batch_row_state"),
        CheckConstraint("(state = 'taken') = (application_id IS NOT NULL)", name="batch_row_taken"),
        Index("batch_row_place", "batch_id", "row", unique=True),
        Index("batch_row_waiting", "batch_id", postgresql_where=text("state = 'waiting'")),
        Index("batch_row_application", "application_id"),
    )

    id: UUID = primary_uuid()
    batch_id: UUID = Field(foreign_key="batch.id")
    row: int
    key: str = words()
    state: str = words("waiting")
    cells: bytes = blob()
    errors: list[dict[str, Any]] = document("[]")
    application_id: UUID | None = Field(default=None, foreign_key="application.id")
    taken_at: datetime | None = moment(optional=True)


class BatchMember(SQLModel, table=True):
    """Where one file lies in a zip: `place` is the offset of its local header, `method` 0 stored or 8 deflated."""

    __tablename__ = "batch_member"

    batch_id: UUID = Field(foreign_key="batch.id", primary_key=True)
    name: str = words(primary_key=True)
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    packed: int = Field(sa_column=Column(BigInteger, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    crc: int = Field(sa_column=Column(BigInteger, nullable=False))
    method: int


class BatchKey(SQLModel, table=True):
    """A sender's own id of a row and the one application it became: the same row never comes twice."""

    __tablename__ = "batch_key"

    client: str = words(primary_key=True)
    key: str = words(primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", unique=True)
