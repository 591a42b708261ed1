"""Column shorthands, so that a table reads as its facts; each call makes a new column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a row class, for statements that write many rows or skip the mapper."""
    return SQLModel.metadata.tables[str(row.__tablename__)]


def primary_uuid() -> Any:
    """A time-ordered UUIDv7 made by PostgreSQL."""
    return Field(default=None, sa_column=Column(Uuid, primary_key=True, server_default=text("uuidv7()")))


def serial() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


def transaction() -> Any:
    """The transaction that wrote the row, given by PostgreSQL: what is below the horizon is there for good."""
    return Field(default=None, sa_column=Column(BigInteger, nullable=False, server_default=text("audit_tx()")))


def moment(*, optional: bool = False) -> Any:
    """An instant with time zone."""
    column = Column(DateTime(timezone=True), nullable=optional)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def document(default: str = "{}") -> Any:
    """A JSON value; never queried by the order of its keys."""
    return Field(sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'::jsonb")))


def optional_document() -> Any:
    return Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))


def blob(*, optional: bool = False) -> Any:
    column = Column(LargeBinary, nullable=optional)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def small(default: int | None = None, *, primary_key: bool = False) -> Any:
    column: Column[int] = Column(SmallInteger, primary_key=primary_key, nullable=False)
    return Field(sa_column=column) if default is None else Field(default=default, sa_column=column)


def words(default: str | None = None, **options: Any) -> Any:
    """Text without a length; `options` go to the column."""
    column: Column[str] = Column(Text, nullable=options.pop("nullable", False), **options)
    return Field(sa_column=column) if default is None else Field(default=default, sa_column=column)
