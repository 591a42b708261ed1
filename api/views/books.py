"""What stands around a year of the register: which years, series and printed volumes there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlmodel import Session, col, select

from models.rules.errors import NotFound
from models.services.register_book import TASK
from models.tables.backoffice import RegisterBook
from models.tables.letters import NumberSeries
from models.tables.people import Person
from models.tables.work import Outbox

SHOWN = 10


@dataclass(frozen=True, slots=True)
class BookState:
    """A volume that was asked for. `failed`: nobody works on it any more and it is not made."""

    id: UUID
    year: int
    volume: int
    requested_at: datetime
    by: str
    entries: int
    size: int
    sha256: str
    made_at: datetime | None
    failed: bool


def years_of(session: Session, this_year: int) -> list[int]:
    """The years that have numbers, and this one, the newest first."""
    found = session.exec(select(NumberSeries.year).distinct()).all()
    return sorted({*found, this_year}, reverse=True)


def series_of(session: Session, year: int) -> list[str]:
    """The series of a year."""
    return sorted(session.exec(select(NumberSeries.series).where(NumberSeries.year == year)).all())


def books_of(session: Session, year: int) -> list[BookState]:
    """The volumes of a year that were asked for last."""
    statement = _books().where(col(RegisterBook.year) == year).order_by(col(RegisterBook.requested_at).desc())
    return [_state(row) for row in session.execute(statement.limit(SHOWN))]


def book_state(session: Session, book_id: UUID) -> BookState:
    """One volume; raises NotFound."""
    row = session.execute(_books().where(col(RegisterBook.id) == book_id)).first()
    if row is None:
        raise NotFound("There is no such book.")
    return _state(row)


def _books() -> Any:
    open_work = sqlalchemy.exists().where(
        col(Outbox.subject_id) == col(RegisterBook.id), col(Outbox.task) == TASK, col(Outbox.done_at).is_(None)
    )
    columns: tuple[Any, ...] = (RegisterBook, Person.name, open_work)
    return sqlalchemy.select(*columns).join(Person, col(Person.id) == col(RegisterBook.requested_by))


def _state(row: Any) -> BookState:
    book, name, working = row
    kept = {"id", "year", "volume", "requested_at", "entries", "size", "sha256", "made_at"}
    return BookState(**book.model_dump(include=kept), by=name, failed=book.made_at is None and not working)
