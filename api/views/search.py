"""Finding one case among all by number, name, registration number or the end of a NIK.

Each question is asked of the newest cases first, then of one index, and ends after so many rows: what is common costs
no more than what is rare, however many years there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, and_, func, text
from sqlmodel import Session, col

from models.services.finding import all_words, contains, has_group
from models.tables.cases import Application, HolderData
from models.tables.letters import RegisterEntry

SHOWN = 50
RECENT = 500
TAIL = 4
_SEQ_WIDTHS = (4, 5)
_HOLDERS = sqlalchemy.select(col(HolderData.application_id)).join(
    Application,
    and_(col(Application.id) == col(HolderData.application_id), col(Application.registration_number).is_not(None)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """One case that fits, with the newest number that it has."""

    id: UUID
    registration_number: str
    name: str
    nik_tail: str
    workplace: str
    stage: str
    application_type: str
    submitted_at: datetime | None
    number: str
    number_state: str


@dataclass(frozen=True, slots=True)
class Results:
    """The cases that fit, the newest first; `more`: there are others. `short`: too little was typed to look."""

    rows: list[Found]
    more: bool = False
    short: bool = False


def search(session: Session, words: str) -> Results:
    """Cases that were handed in and fit; in five queries at most. A whole number means that number alone."""
    if "/" in words and (whole := _ids(session, _whole_number(words))):
        return Results(_rows(session, whole))
    digits = words if words.isascii() and words.isdigit() else ""
    exact, parts = list(_exactly(digits)), list(_parts(words, digits))
    if not exact and not parts:
        return Results([], short=True)
    found = _ids(session, [one.recent() for one in parts])
    if len(found) <= SHOWN:
        # With a limit the planner hopes to meet a name soon in the table itself, and reads all of it for a rare one.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        found = _ids(session, [*exact, *(one.anywhere() for one in parts)])
    return Results(_rows(session, found[:SHOWN]), len(found) > SHOWN)


def _ids(session: Session, questions: Iterable[Any]) -> list[UUID]:
    asked = list(questions)
    return list(dict.fromkeys(session.execute(sqlalchemy.union_all(*asked)).scalars())) if asked else []


def _whole_number(words: str) -> Iterator[Any]:
    # All numbers of a year share most of their letters: looking for parts would look through the year.
    number = words.upper()
    yield sqlalchemy.select(col(Application.id)).where(col(Application.registration_number) == number)
    yield sqlalchemy.select(col(RegisterEntry.application_id)).where(col(RegisterEntry.number).in_((words, number)))


@dataclass(frozen=True, slots=True)
class _Question:
    """`statement` selects cases, `column` is what `fits`, and `age` puts the rows in their order."""

    statement: Any
    column: Any
    age: Any
    fits: Callable[[Any], ColumnElement[bool]]

    def anywhere(self) -> Any:
        """Through the index of the column."""
        return _limited(self.statement.where(self.fits(self.column)))

    def recent(self) -> Any:
        """Among the newest only: what very many have is found there, without a look at all of them."""
        newest = self.statement.add_columns(self.column.label("value")).where(self.age.is_not(None))
        last = newest.order_by(self.age.desc()).limit(RECENT).subquery()
        return _limited(sqlalchemy.select(last.c[0]).where(self.fits(last.c.value)))


def _exactly(digits: str) -> Iterator[Any]:
    if digits and len(digits) <= max(_SEQ_WIDTHS):
        # `41` is typed for REG/00041/... and 503/0041/...
        yield _limited(
            sqlalchemy.select(col(RegisterEntry.application_id)).where(col(RegisterEntry.seq) == int(digits))
        )
        for width in _SEQ_WIDTHS:
            here = contains(Application.registration_number, f"/{digits.zfill(width)}/")
            yield _limited(sqlalchemy.select(col(Application.id)).where(here))
    if len(digits) == TAIL:
        yield _limited(_HOLDERS.where(col(HolderData.nik_tail) == digits))


def _parts(words: str, digits: str) -> Iterator[_Question]:
    if not has_group(words) or (digits and len(digits) <= max(_SEQ_WIDTHS)):
        return
    if any(sign.isdigit() or sign == "/" for sign in words):
        yield from _numbers(words)
    if not digits:
        yield _Question(
            _HOLDERS, col(HolderData.name), col(Application.submitted_at), lambda column: all_words(column, words)
        )


def _numbers(part: str) -> Iterator[_Question]:
    def fits(column: Any) -> ColumnElement[bool]:
        return contains(column, part)

    registered = sqlalchemy.select(col(Application.id))
    yield _Question(registered, col(Application.registration_number), col(Application.submitted_at), fits)
    entered = sqlalchemy.select(col(RegisterEntry.application_id))
    yield _Question(entered, col(RegisterEntry.number), col(RegisterEntry.assigned_at), fits)


def _limited(statement: Any) -> Any:
    return sqlalchemy.select(statement.limit(SHOWN + 1).subquery())


def _rows(session: Session, ids: list[UUID]) -> list[Found]:
    newest = (
        sqlalchemy.select(col(RegisterEntry.number), col(RegisterEntry.state))
        .where(col(RegisterEntry.application_id) == col(Application.id))
        .order_by(col(RegisterEntry.assigned_at).desc())
        .limit(1)
        .lateral()
    )
    columns: tuple[Any, ...] = (
        Application.id,
        Application.registration_number,
        HolderData.name,
        HolderData.nik_tail,
        HolderData.workplace_name,
        Application.stage,
        Application.application_type,
        Application.submitted_at,
        func.coalesce(newest.c.number, ""),
        func.coalesce(newest.c.state, ""),
    )
    statement = (
        sqlalchemy.select(*columns)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .outerjoin(newest, sqlalchemy.true())
        .where(col(Application.id).in_(ids))
        .order_by(col(Application.submitted_at).desc().nulls_last(), col(Application.id))
    )
    return [Found(*row) for row in session.execute(statement)]
