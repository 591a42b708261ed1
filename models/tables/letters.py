"""The letter from blanko to licence: the keys between these tables are the proof of the SOP's order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from models.tables.columns import blob, document, moment, primary_uuid, small, words


def _previous() -> Any:
    """The ordinal before this one; NULL for the first, so that the foreign key does not ask for it."""
    return Field(
        default=None, sa_column=Column(SmallInteger, Computed("NULLIF(ordinal - 1, 0)", persisted=True), nullable=True)
    )


class Blanko(SQLModel, table=True):
    """The letter as prepared for signature, one a revision, with the facts and the officials it was made from."""

    __tablename__ = "blanko"
    __table_args__ = (
        UniqueConstraint("application_id", "revision", "sha256", "paraf_count", name="blanko_exact"),
        UniqueConstraint("application_id", "revision", "sha256", "size", name="blanko_bytes"),
    )

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    revision: int = Field(primary_key=True)
    sha256: str = words()
    size: int
    paraf_count: int = small()
    sop_id: UUID = Field(foreign_key="sop_version.id")
    facts: dict[str, Any] = document()
    officials: list[dict[str, Any]] = document("[]")
    made_at: datetime = moment()


class Endorsement(SQLModel, table=True):
    """A paraf (ordinal 1..n) or the signature (n+1): a person's act over the exact blanko that was looked at."""

    __tablename__ = "endorsement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision", "blanko_sha256", "paraf_count"],
            ["blanko.application_id", "blanko.revision", "blanko.sha256", "blanko.paraf_count"],
            name="endorsement_of_exact_blanko",
        ),
        ForeignKeyConstraint(
            ["application_id", "revision", "previous"],
            ["endorsement.application_id", "endorsement.revision", "endorsement.ordinal"],
            name="endorsement_follows_previous",
        ),
        ForeignKeyConstraint(
            ["application_id", "revision", "previous"],
            ["letter.application_id", "letter.revision", "letter.ordinal"],
            name="endorsement_previous_applied",
            use_alter=True,
        ),
        UniqueConstraint("application_id", "revision", "person_id", name="endorsement_one_person_once"),
        CheckConstraint(
            "(kind = 'paraf' AND ordinal BETWEEN 1 AND paraf_count)"
            " OR (kind = 'signature' AND ordinal = paraf_count + 1)",
            name="endorsement_kind_by_ordinal",
        ),
    )

    application_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    ordinal: int = small(primary_key=True)
    previous: int | None = _previous()
    kind: str = words()
    role: str = words()
    person_id: UUID = Field(foreign_key="person.id")
    grant_id: UUID = Field(foreign_key="role_grant.id")
    blanko_sha256: str = words()
    paraf_count: int = small()
    acted_at: datetime = moment()


class Letter(SQLModel, table=True):
    """The bytes after an endorsement was applied; `parent_sha256` are the bytes it was appended to."""

    __tablename__ = "letter"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision", "ordinal"],
            ["endorsement.application_id", "endorsement.revision", "endorsement.ordinal"],
            name="letter_of_endorsement",
        ),
        ForeignKeyConstraint(
            ["application_id", "revision", "previous"],
            ["letter.application_id", "letter.revision", "letter.ordinal"],
            name="letter_follows_previous",
        ),
    )

    application_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    ordinal: int = small(primary_key=True)
    previous: int | None = _previous()
    sha256: str = words()
    size: int
    parent_sha256: str = words()
    made_at: datetime = moment()


class SentBack(SQLModel, table=True):
    """Why an official sent a revision back: free text may name people, so it stays out of the events."""

    __tablename__ = "sent_back"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision"], ["blanko.application_id", "blanko.revision"], name="sent_back_blanko"
        ),
    )

    application_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    target: str = words()
    reason: str = words()
    sent_at: datetime = moment()


class Pile(SQLModel, table=True):
    """One step-up over one or many letters. `secret` is sealed to the signing worker and wiped when all are done.

    `means`: a passphrase sealed for this pile, or a passkey and then the passphrase that its official left here.
    """

    __tablename__ = "pile"
    __table_args__ = (
        Index("pile_live", "expires_at", postgresql_where=text("secret IS NOT NULL")),
        CheckConstraint("means IN ('passphrase', 'passkey')", name="pile_means"),
    )

    id: UUID = primary_uuid()
    person_id: UUID = Field(foreign_key="person.id")
    kind: str = words()
    means: str = words("passphrase", server_default=text("'passphrase'"))
    secret: bytes | None = blob(optional=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    wiped_at: datetime | None = moment(optional=True)


class PileItem(SQLModel, table=True):
    """One letter of a pile and how it went: pending, done, or failed with a sentence."""

    __tablename__ = "pile_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision", "ordinal"],
            ["endorsement.application_id", "endorsement.revision", "endorsement.ordinal"],
            name="pile_item_of_endorsement",
        ),
        CheckConstraint("state IN ('pending', 'done', 'failed')", name="pile_item_state"),
        Index("pile_item_endorsement", "application_id", "revision", "ordinal"),
    )

    pile_id: UUID = Field(foreign_key="pile.id", primary_key=True)
    application_id: UUID = Field(primary_key=True)
    revision: int
    ordinal: int = small()
    state: str = words("pending")
    message: str = words("")
    done_at: datetime | None = moment(optional=True)


class NumberSeries(SQLModel, table=True):
    """The last number taken of a series and year; only `take_number` moves it."""

    __tablename__ = "number_series"

    series: str = words(primary_key=True)
    year: int = small(primary_key=True)
    last_seq: int


class RegistrationSeries(SQLModel, table=True):
    """The last registration number of a series and year; only `take_registration` moves it."""

    __tablename__ = "registration_series"

    series: str = words(primary_key=True)
    year: int = small(primary_key=True)
    last_seq: int


class RegisterEntry(SQLModel, table=True):
    """A line of the register: a number, taken once, used or void, never gone.

    `name` is the holder's as the line was entered, put there by the database: within a year a line is found by it.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision", "signature_ordinal"],
            ["letter.application_id", "letter.revision", "letter.ordinal"],
            name="register_entry_after_signature",
        ),
        CheckConstraint("(state = 'void') = (void_reason <> '')", name="register_entry_void_reason"),
        CheckConstraint("state IN ('active', 'void')", name="register_entry_state"),
        Index(
            "register_entry_one_active", "application_id",
            unique=True, postgresql_where=text("state = 'active'"),
        ),
    )  # fmt: skip

    series: str = words(primary_key=True)
    year: int = small(primary_key=True)
    seq: int = Field(primary_key=True)
    number: str = words(unique=True)
    application_id: UUID = Field(foreign_key="application.id")
    revision: int
    signature_ordinal: int = small()
    signed_on: date
    state: str = words("active")
    void_reason: str = words("")
    voided_by: UUID | None = Field(default=None, foreign_key="person.id")
    voided_at: datetime | None = moment(optional=True)
    assigned_at: datetime = moment()
    name: str = words("", server_default=text("''"))


class Licence(SQLModel, table=True):
    """A licence: intended with its number, issued once the stored bytes were read back."""

    __tablename__ = "licence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["series", "year", "seq"],
            ["register_entry.series", "register_entry.year", "register_entry.seq"],
            name="licence_has_number",
        ),
        ForeignKeyConstraint(
            ["application_id", "revision", "blanko_sha256", "blanko_size"],
            ["blanko.application_id", "blanko.revision", "blanko.sha256", "blanko.size"],
            name="licence_begins_with_blanko",
        ),
        UniqueConstraint("series", "year", "seq", name="licence_one_a_number"),
        CheckConstraint("status IN ('intended', 'valid', 'revoked', 'replaced', 'void')", name="licence_status"),
        CheckConstraint(
            "status = 'intended' OR status = 'void' OR (sha256 <> '' AND issued_at IS NOT NULL)", name="licence_issued"
        ),
        Index("licence_sha256", "sha256"),
        Index("licence_code", "code", unique=True, postgresql_where=text("code <> ''")),
        Index("licence_application", "application_id"),
    )

    id: UUID = primary_uuid()
    application_id: UUID = Field(foreign_key="application.id")
    revision: int
    series: str = words()
    year: int = small()
    seq: int
    token: str = words(unique=True)
    code: str = words("", server_default=text("''"))
    blanko_sha256: str = words()
    blanko_size: int
    valid_until: date | None = None
    sha256: str = words("")
    size: int = 0
    intended_at: datetime = moment()
    issued_at: datetime | None = moment(optional=True)
    status: str = words("intended")
    status_reason: str = words("")
    status_at: datetime | None = moment(optional=True)


class HandOver(SQLModel, table=True):
    """Step 9: who took the licence. `identity` names what was seen, never its number."""

    __tablename__ = "hand_over"

    licence_id: UUID = Field(foreign_key="licence.id", primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", unique=True)
    officer_id: UUID = Field(foreign_key="person.id")
    receiver: str = words()
    relation: str = words()
    identity: str = words()
    proof_sha256: str = words("")
    handed_over_at: datetime = moment()


class Dossier(SQLModel, table=True):
    """The archive copy: cover, check sheet, documents, audit page, the licence as attachment."""

    __tablename__ = "dossier"

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    sha256: str = words()
    size: int
    made_at: datetime = moment()
