"""What desks keep beside a case: who has it open, what an official put off, and the page images that they look at."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.tables.columns import moment, small, words


class Claim(SQLModel, table=True):
    """Who works on a case just now. It ends by itself at `expires_at`; a case has one at most."""

    __tablename__ = "claim"

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    claimed_at: datetime = moment()
    expires_at: datetime = moment()


class PutOff(SQLModel, table=True):
    """A letter that its official put off: it stays out of his pile before the day `until`."""

    __tablename__ = "put_off"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "revision"], ["blanko.application_id", "blanko.revision"], name="put_off_of_blanko"
        ),
    )

    application_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    until: date
    reason: str = words("")
    made_at: datetime = moment()


class PageImage(SQLModel, table=True):
    """One page of an object of the vault as a picture `width` pixels wide; `text` is what the page says."""

    __tablename__ = "page_image"
    __table_args__ = (
        CheckConstraint("page >= 1 AND width >= 1", name="page_image_counts"),
        Index("page_image_sha256", "sha256"),
    )

    object_sha256: str = words(primary_key=True)
    page: int = small(primary_key=True)
    width: int = small(primary_key=True)
    sha256: str = words()
    text: str = words("")
    made_at: datetime = moment()
