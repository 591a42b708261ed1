"""What the back office prints and counts, and the indexes by which its people find a case among half a million."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel, col

from models.tables.cases import Application, Deficiency, HolderData
from models.tables.columns import document, moment, primary_uuid, small, words
from models.tables.letters import Licence, RegisterEntry


class ConceptPrint(SQLModel, table=True):
    """A paper print of a blanko with KONSEP across it. `copy` counts the prints of a revision; each print says it."""

    __tablename__ = "concept_print"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision"], ["blanko.application_id", "blanko.revision"], name="concept_print_of_blanko"
        ),
        UniqueConstraint("application_id", "revision", "copy_number", name="concept_print_once"),
        CheckConstraint("copy_number >= 1", name="concept_print_copy"),
        Index("concept_print_requested", "requested_at"),
    )

    id: UUID = primary_uuid()
    application_id: UUID = Field(foreign_key="application.id")
    revision: int
    copy_number: int = small()
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = moment()
    sha256: str = words("")
    made_at: datetime | None = moment(optional=True)


class RegisterBook(SQLModel, table=True):
    """One volume of a year's register, set like the paper book. Empty `sha256`: not made yet."""

    __tablename__ = "register_book"
    __table_args__ = (
        CheckConstraint("volume >= 1", name="register_book_volume"),
        Index("register_book_requested", "requested_at"),
    )

    id: UUID = primary_uuid()
    year: int = small()
    volume: int = small()
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = moment()
    entries: int = 0
    sha256: str = words("")
    size: int = 0
    made_at: datetime | None = moment(optional=True)


class MonthFigures(SQLModel, table=True):
    """What a month came to, counted by a job. `cost_ms` is what counting took: dear months are counted less often."""

    __tablename__ = "month_figures"

    month: date = Field(primary_key=True)
    figures: dict[str, Any] = document()
    cost_ms: int
    made_at: datetime = moment()


def _parts(name: str, column: Any, key: str) -> Index:
    """Parts of names and numbers are found by their groups of three letters."""
    return Index(name, column, postgresql_using="gin", postgresql_ops={key: "gin_trgm_ops"})


def _plain(name: str, *columns: Any) -> Index:
    return Index(name, *columns)


INDEXES = (
    _parts("holder_data_name_parts", HolderData.name, "name"),
    _parts("application_number_parts", Application.registration_number, "registration_number"),
    _parts("register_entry_number_parts", RegisterEntry.number, "number"),
    Index(
        "register_entry_name_parts",
        col(RegisterEntry.year),
        col(RegisterEntry.name),
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    ),
    _plain("holder_data_nik_tail", HolderData.nik_tail),
    _plain("application_submitted", Application.submitted_at),
    _plain("register_entry_book", RegisterEntry.year, RegisterEntry.series, RegisterEntry.seq),
    _plain("register_entry_assigned", RegisterEntry.assigned_at),
    _plain("register_entry_application", RegisterEntry.application_id),
    _plain("licence_issued", Licence.issued_at),
    _plain("deficiency_created", Deficiency.created_at),
)
