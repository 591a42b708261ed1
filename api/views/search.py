"""Finding one case among all by number, name, registration number or the end of a NIK.

Each question is asked of one index and ends after so many rows: a common name costs no more than a rare one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, and_, func, text
from sqlmodel import Session, col

from models.services.finding import SHORTEST, all_words, contains
from models.tables.cases import Application, HolderData
from models.tables.letters import RegisterEntry

SHOWN = 50
TAIL = 4
_SEQ_WIDTHS = (4, 5)


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
    """Cases that were handed in and fit; in four queries at most. A whole number means that number alone."""
    if "/" in words and (whole := _ids(session, _whole_number(words))):
        return Results(_rows(session, whole))
    questions = list(_questions(words))
    if not questions:
        return Results([], short=True)
    # With a limit the planner hopes to meet a common name soon in the table itself, and reads all of it for a rare one.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    found = _ids(session, questions)
    return Results(_rows(session, found[:SHOWN]), len(found) > SHOWN)


def _ids(session: Session, questions: Iterable[Any]) -> list[UUID]:
    return list(dict.fromkeys(session.execute(sqlalchemy.union_all(*questions)).scalars()))


def _whole_number(words: str) -> Iterator[Any]:
    # All numbers of a year share most of their letters: looking for parts would look through the year.
    number = words.upper()
    yield sqlalchemy.select(col(Application.id)).where(col(Application.registration_number) == number)
    yield sqlalchemy.select(col(RegisterEntry.application_id)).where(col(RegisterEntry.number).in_((words, number)))


def _questions(words: str) -> Iterator[Any]:
    digits = words if words.isascii() and words.isdigit() else ""
    if digits and len(digits) <= max(_SEQ_WIDTHS):
        # `41` is typed for REG/00041/... and 503/0041/...
        for width in _SEQ_WIDTHS:
            yield from _numbers(f"/{digits.zfill(width)}/")
    elif len(words) >= SHORTEST and any(sign.isdigit() or sign == "/" for sign in words):
        yield from _numbers(words)
    if len(digits) == TAIL:
        yield _of_holder(col(HolderData.nik_tail) == digits)
    if not digits and any(len(word) >= SHORTEST for word in words.split()):
        yield _of_holder(all_words(HolderData.name, words))


def _numbers(part: str) -> Iterator[Any]:
    yield _limited(
        sqlalchemy.select(col(Application.id)).where(contains(Application.registration_number, part)),
    )
    yield _limited(sqlalchemy.select(col(RegisterEntry.application_id)).where(contains(RegisterEntry.number, part)))


def _of_holder(condition: ColumnElement[bool]) -> Any:
    registered = and_(
        col(Application.id) == col(HolderData.application_id), col(Application.registration_number).is_not(None)
    )
    return _limited(sqlalchemy.select(col(HolderData.application_id)).join(Application, registered).where(condition))


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
