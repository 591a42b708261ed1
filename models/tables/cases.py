"""The case: where an application stands, who it is for, what was handed in and what was found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from models.rules.stages import Stage
from models.tables.columns import (
    blob,
    document,
    moment,
    optional_document,
    primary_uuid,
    serial,
    small,
    transaction,
    words,
)

_STAGES = ", ".join(f"'{stage.value}'" for stage in Stage)


class Application(SQLModel, table=True):
    """One application. `version` grows with every change of stage; `revision` counts blankos from 1."""

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(f"stage IN ({_STAGES})", name="application_stage_known"),
        CheckConstraint("revision >= 1 AND version >= 1 AND paraf_next >= 1", name="application_counters"),
        CheckConstraint(
            "(stage = 'draft') = (registration_number IS NULL) OR stage = 'withdrawn'", name="application_registered"
        ),
        Index("application_stage", "stage", "stage_since"),
        Index("application_quarantined", "quarantined_at", postgresql_where=text("quarantined_at IS NOT NULL")),
        Index("application_applicant", "applicant_id"),
        Index("application_client", "client_id"),
        Index("application_link", "link_sha256", unique=True, postgresql_where=text("link_sha256 IS NOT NULL")),
    )

    id: UUID = primary_uuid()
    licence_code: str = words()
    application_type: str = words("baru")
    channel: str = words("online")
    registration_number: str | None = words(None, nullable=True, unique=True)
    stage: str = words(Stage.DRAFT.value)
    version: int = 1
    revision: int = 1
    round: int = 0
    paraf_next: int = small(1)
    paraf_count: int = small(0)
    sop_id: UUID | None = Field(default=None, foreign_key="sop_version.id")
    applicant_id: UUID | None = Field(default=None, foreign_key="person.id")
    client_id: UUID | None = Field(default=None, foreign_key="api_client.id")
    link_sha256: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    priority: int = small(5)
    created_at: datetime = moment()
    submitted_at: datetime | None = moment(optional=True)
    complete_at: datetime | None = moment(optional=True)
    promised_at: datetime | None = moment(optional=True)
    stage_since: datetime = moment()
    quarantined_at: datetime | None = moment(optional=True)
    quarantine_reason: str = words("")


class StageTransition(SQLModel, table=True):
    """The table of `models.rules.stages` as the database wall knows it; a test holds the two equal."""

    __tablename__ = "stage_transition"

    stage_from: str = words(primary_key=True)
    stage_to: str = words(primary_key=True)
    new_revision: bool


class HolderData(SQLModel, table=True):
    """Personal values of a case, apart from it. The NIK is sealed; `nik_blind` is a keyed hash to find it by."""

    __tablename__ = "holder_data"
    __table_args__ = (
        CheckConstraint("sex IN ('L', 'P')", name="holder_data_sex"),
        Index("holder_data_nik", "nik_blind"),
    )

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    name: str = words()
    birth_place: str = words()
    birth_date: date
    sex: str = words()
    address: str = words()
    phone: str = words("")
    email: str = words("")
    nik_sealed: bytes = blob()
    nik_blind: bytes = blob()
    nik_tail: str = words()
    str_number: str = words()
    str_valid_until: date | None = None
    workplace_name: str = words()
    workplace_address: str = words()
    place_order: int = small(1)
    conditions: list[str] = document("[]")


class Document(SQLModel, table=True):
    """One uploaded file of a berkas. `sha256` names the original, `clean_sha256` what officials see."""

    __tablename__ = "document"
    __table_args__ = (
        Index(
            "document_current", "application_id", "requirement", "part",
            unique=True, postgresql_where=text("replaced_at IS NULL"),
        ),
        CheckConstraint("size > 0 AND part >= 1", name="document_size"),
        Index("document_sha256", "sha256"),
        Index("document_clean_sha256", "clean_sha256"),
    )  # fmt: skip

    id: UUID = primary_uuid()
    application_id: UUID = Field(foreign_key="application.id")
    requirement: str = words()
    part: int = small(1)
    name: str = words()
    media_type: str = words()
    sha256: str = words()
    size: int
    fields: dict[str, Any] = document()
    uploaded_at: datetime = moment()
    replaced_at: datetime | None = moment(optional=True)
    answer: str = words("")
    pages: int = 0
    findings: list[dict[str, Any]] = document("[]")
    clean_sha256: str = words("")
    clean_media_type: str = words("")
    inspected_at: datetime | None = moment(optional=True)


class CompletenessCheck(SQLModel, table=True):
    """The machine's opinion on one round of a berkas; it decides nothing."""

    __tablename__ = "completeness_check"

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    round: int = small(primary_key=True)
    sop_id: UUID = Field(foreign_key="sop_version.id")
    complete: bool
    verdicts: list[dict[str, Any]] = document("[]")
    cross_checks: list[dict[str, Any]] = document("[]")
    made_at: datetime = moment()


class Verification(SQLModel, table=True):
    """The officer's decision on a round: the human half of step 2."""

    __tablename__ = "verification"
    __table_args__ = (
        CheckConstraint("decision IN ('complete', 'returned', 'rejected')", name="verification_decision"),
        ForeignKeyConstraint(
            ["application_id", "round"],
            ["completeness_check.application_id", "completeness_check.round"],
            name="verification_needs_check",
        ),
    )

    application_id: UUID = Field(primary_key=True)
    round: int = small(primary_key=True)
    revision: int = Field(primary_key=True)
    decision: str = words()
    officer_id: UUID = Field(foreign_key="person.id")
    note: str = words("")
    overrides: dict[str, Any] = document()
    decided_at: datetime = moment()


class Deficiency(SQLModel, table=True):
    """One requirement that was sent back in a round, with its reason."""

    __tablename__ = "deficiency"

    id: UUID = primary_uuid()
    application_id: UUID = Field(foreign_key="application.id", index=True)
    round: int = small()
    requirement: str = words()
    reason: str = words("")
    note: str = words("")
    created_at: datetime = moment()
    resolved_at: datetime | None = moment(optional=True)


class Event(SQLModel, table=True):
    """Append-only audit: every act and every task writes one. Personal values stay out of `detail`."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_application", "application_id", "id"),
        Index("event_kind", "kind", "id"),
        Index("event_actor", "actor_id", "id"),
        Index("event_at", "at", postgresql_using="brin"),
        Index("event_tx", "tx", "id"),
    )

    id: int = serial()
    at: datetime = moment()
    kind: str = words()
    application_id: UUID | None = None
    actor_id: UUID | None = None
    actor: str = words("")
    stage_from: str = words("")
    stage_to: str = words("")
    revision: int | None = None
    version: int | None = None
    detail: dict[str, Any] | None = optional_document()
    trace: str = words("")
    tx: int = transaction()
