"""What proves the rest: seals over the events, checkpoints, closed days of the register, stops, and reconciliations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, moment, primary_uuid, serial, small, words


def _ordinal() -> Any:
    """The place in a chain, from 1; given by whoever appends."""
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def _before() -> Any:
    """The place before; NULL for the first, so that the foreign key does not ask for it."""
    return Field(
        default=None, sa_column=Column(BigInteger, Computed("NULLIF(n - 1, 0)", persisted=True), nullable=True)
    )


class AuditSeal(SQLModel, table=True):
    """Some events in the order (tx, id), sealed for good. `leaves`: 32 bytes an event; `hash` takes `previous` in."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        UniqueConstraint("n", "hash", name="audit_seal_exact"),
        ForeignKeyConstraint(["before", "previous"], ["audit_seal.n", "audit_seal.hash"], name="audit_seal_follows"),
        CheckConstraint("n >= 1 AND cardinality(ids) >= 1", name="audit_seal_counts"),
        CheckConstraint("octet_length(leaves) = 32 * cardinality(ids)", name="audit_seal_leaves"),
        CheckConstraint("(n = 1) = (previous = '')", name="audit_seal_first"),
    )

    n: int = _ordinal()
    before: int | None = _before()
    previous: str = words("")
    last_tx: int = Field(sa_column=Column(BigInteger, nullable=False))
    ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    leaves: bytes = blob()
    hash: str = words()
    sealed_at: datetime = moment()


class AuditCheckpoint(SQLModel, table=True):
    """A line of the checkpoint file, as the database remembers it: which seal it vouches for, and the line's hash."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (
        ForeignKeyConstraint(["seal", "hash"], ["audit_seal.n", "audit_seal.hash"], name="audit_checkpoint_of_seal"),
    )

    n: int = _ordinal()
    seal: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = words()
    line_sha256: str = words()
    written_at: datetime = moment()


class AuditWatch(SQLModel, table=True):
    """One row: until when the next checkpoint must be written. Once that has passed nothing is issued."""

    __tablename__ = "audit_watch"
    __table_args__ = (CheckConstraint("id = 1", name="audit_watch_one"),)

    id: int = small(primary_key=True)
    checkpoint_by: datetime = moment()


class IssuanceStop(SQLModel, table=True):
    """From `stopped_at` to `resumed_at` nothing is signed, numbered or issued. At most one is open."""

    __tablename__ = "issuance_stop"
    __table_args__ = (
        CheckConstraint("length(reason) >= 5", name="issuance_stop_reason"),
        Index(
            "issuance_stop_open", text("(resumed_at IS NULL)"), unique=True, postgresql_where=text("resumed_at IS NULL")
        ),
    )

    id: UUID = primary_uuid()
    reason: str = words()
    stopped_at: datetime = moment()
    stopped_by: UUID | None = Field(default=None, foreign_key="person.id")
    resumed_at: datetime | None = moment(optional=True)
    resumed_by: UUID | None = Field(default=None, foreign_key="person.id")


class RegisterDay(SQLModel, table=True):
    """A closed day of the register, in Asia/Jakarta. `hash` is over what happened to numbers that day, and `previous`.

    `unfinished` counts numbers of that day or earlier which were neither issued nor void when it closed.
    """

    __tablename__ = "register_day"
    __table_args__ = (
        UniqueConstraint("n", "hash", name="register_day_exact"),
        UniqueConstraint("n", name="register_day_place"),
        ForeignKeyConstraint(
            ["before", "previous"], ["register_day.n", "register_day.hash"], name="register_day_follows"
        ),
        CheckConstraint("n >= 1 AND (n = 1) = (previous = '')", name="register_day_first"),
    )

    day: date = Field(primary_key=True)
    n: int = Field(sa_column=Column(BigInteger, nullable=False))
    before: int | None = _before()
    previous: str = words("")
    hash: str = words()
    given: int = 0
    issued: int = 0
    void: int = 0
    handed_over: int = 0
    unfinished: int = 0
    seal: int = 0
    seal_hash: str = words("")
    closed_at: datetime = moment()
    sha256: str = words("")
    size: int = 0
    made_at: datetime | None = moment(optional=True)


class LostNumber(SQLModel, table=True):
    """A number that was given after the point of a backup and is not in it: void for good, never given again."""

    __tablename__ = "lost_number"
    __table_args__ = (CheckConstraint("seq >= 1 AND length(reason) >= 5", name="lost_number_reason"),)

    series: str = words(primary_key=True)
    year: int = small(primary_key=True)
    seq: int = Field(primary_key=True)
    reason: str = words()
    recorded_at: datetime = moment()


class Reconciliation(SQLModel, table=True):
    """One comparison of numbers, register rows, files and hand-overs; `finished_at` empty: it was broken off."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index("reconciliation_started", "started_at"),)

    id: UUID = primary_uuid()
    started_at: datetime = moment()
    finished_at: datetime | None = moment(optional=True)
    numbers: int = 0
    files: int = 0
    handed_over: int = 0
    differences: int = 0


class ReconciliationDifference(SQLModel, table=True):
    """One thing on which two of the four do not agree."""

    __tablename__ = "reconciliation_difference"
    __table_args__ = (Index("reconciliation_difference_run", "run_id"),)

    id: int = serial()
    run_id: UUID = Field(foreign_key="reconciliation.id")
    rule: str = words()
    subject: str = words()
    sentence: str = words()


class Alarm(SQLModel, table=True):
    """Something that should have happened and did not. `told_at`: when people were told; `ended_at`: it is over."""

    __tablename__ = "alarm"

    name: str = words(primary_key=True)
    sentence: str = words()
    since: datetime = moment()
    told_at: datetime | None = moment(optional=True)
    ended_at: datetime | None = moment(optional=True)
