"""When a case was where: read from its events, so that the clocks need no bookkeeping of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from models.rules.stages import WITH_APPLICANT, Stage
from models.rules.working_time import Interval
from models.tables.cases import Event

_WITH_APPLICANT = frozenset(stage.value for stage in WITH_APPLICANT)


def passages(session: Session, application_id: UUID) -> list[tuple[datetime, str, str]]:
    """Every change of stage in order: moment, stage left, stage entered."""
    rows = session.exec(
        select(Event.at, Event.stage_from, Event.stage_to)
        .where(Event.application_id == application_id, Event.stage_from != "")
        .order_by(col(Event.id))
    )
    return [(at, left, entered) for at, left, entered in rows]


def pauses_of(session: Session, application_id: UUID, *, until: datetime) -> list[Interval]:
    """The spans in which the berkas lay with the applicant, after it was first handed in."""
    return pauses_in(passages(session, application_id), until=until)


def pauses_in(changes: Iterable[tuple[datetime, str, str]], *, until: datetime) -> list[Interval]:
    """The same, from changes of stage (moment, left, entered) in order; changes between others may be left out."""
    pauses: list[Interval] = []
    since: datetime | None = None
    for at, left, entered in changes:
        if left == Stage.DRAFT:
            continue
        if entered in _WITH_APPLICANT and since is None:
            since = at
        elif left in _WITH_APPLICANT and entered not in _WITH_APPLICANT and since is not None:
            pauses.append(Interval(since, at))
            since = None
    return [*pauses, Interval(since, until)] if since is not None else pauses
