"""The register: what the paper book holds, a line a number."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import tuple_
from sqlmodel import Session, col

from api.cursors import after_line, encode
from api.shapes import RegisterLine, RegisterPage
from models.tables.cases import Application, HolderData
from models.tables.letters import HandOver, Licence, RegisterEntry


def page(session: Session, year: int, limit: int, cursor: str) -> RegisterPage:
    """A page of one year in one query, by series and number. Raises MalformedRequest for a foreign cursor."""
    place = tuple_(col(RegisterEntry.series), col(RegisterEntry.seq))
    statement = _joined().where(RegisterEntry.year == year).order_by(place)
    if cursor:
        statement = statement.where(place > tuple_(*after_line(cursor)))
    rows = session.execute(statement.limit(limit + 1)).all()
    items = [_line(*row) for row in rows[:limit]]
    following = encode(items[-1].series, items[-1].seq) if len(rows) > limit else None
    return RegisterPage(year=year, items=items, next=following)


def _joined() -> Any:
    same = (
        (col(Licence.series) == col(RegisterEntry.series))
        & (col(Licence.year) == col(RegisterEntry.year))
        & (col(Licence.seq) == col(RegisterEntry.seq))
    )
    columns: tuple[Any, ...] = (RegisterEntry, Licence, Application, HolderData, HandOver.handed_over_at)
    return (
        sqlalchemy.select(*columns)
        .join(Licence, same)
        .join(Application, col(Application.id) == col(RegisterEntry.application_id))
        .join(HolderData, col(HolderData.application_id) == col(RegisterEntry.application_id))
        .outerjoin(HandOver, col(HandOver.licence_id) == col(Licence.id))
    )


def _line(entry: RegisterEntry, licence: Licence, case: Application, holder: HolderData, handed: Any) -> RegisterLine:
    taken = {"series", "year", "seq", "number", "state", "void_reason", "signed_on", "application_id"}
    return RegisterLine(
        **entry.model_dump(include=taken),
        registration_number=case.registration_number,
        licence_code=case.licence_code,
        name=entry.name,
        workplace_name=holder.workplace_name,
        licence_status=licence.status,
        valid_until=licence.valid_until,
        issued_at=licence.issued_at,
        handed_over_at=handed,
    )
