"""What a month came to, for the head of office: counted by a job into one row, so that looking at it costs nothing.

Figures are of letters and steps, never of people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from models.db import Database
from models.ports import Clock
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.sop import Sop, Step
from models.rules.stages import FINAL, WITH_APPLICANT, Stage
from models.rules.working_time import Calendar
from models.services.clocks import pauses_in
from models.services.definitions import parsed_sop
from models.services.register_lines import next_month
from models.tables.backoffice import MonthFigures
from models.tables.cases import Application, Deficiency, Event
from models.tables.definitions import SopVersion
from models.tables.letters import HandOver, Licence

SAMPLE: Final = 1000
"""Medians are of at most so many letters of the month, drawn evenly; counts are of all."""

MONTHS_SHOWN: Final = 12
YOUNGEST: Final = timedelta(minutes=1)
SHARE: Final = 50
"""A month is counted again when it is older than so many times what counting it took."""

_TOP: Final = 8
_OFFICE = [stage.value for stage in Stage if stage not in FINAL | WITH_APPLICANT | {Stage.READY, Stage.ARCHIVING}]
_STEP_OF = {
    "checking": "check",
    "verifying": "check",
    "preparing": "blanko",
    "amending": "blanko",
    "awaiting_signature": "sign",
    "applying_signature": "sign",
    "numbering": "number",
    "assembling": "number",
}
Changes = Sequence[tuple[datetime, str, str]]


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months_back(first: date, count: int) -> list[date]:
    """`count` months, the newest first."""
    found = [first]
    while len(found) < count:
        found.append(month_of(found[-1] - timedelta(days=1)))
    return found


def count_months(db: Database, clock: Clock, calendar: Calendar) -> list[date]:
    """Count the present month and the one before when they are old, and one of the year's that nobody counted yet."""
    months = months_back(month_of(jakarta_date(clock.now())), MONTHS_SHOWN)
    with db.transaction() as session:
        known = {
            row.month: row for row in session.exec(select(MonthFigures).where(col(MonthFigures.month).in_(months)))
        }
    old = [month for month in months[:2] if month not in known or _is_old(known[month], clock.now())]
    missing = [month for month in months[2:] if month not in known][:1]
    for month in (*old, *missing):
        count_month(db, clock, calendar, month)
    return [*old, *missing]


def _is_old(row: MonthFigures, now: datetime) -> bool:
    return now - row.made_at >= max(YOUNGEST, timedelta(milliseconds=SHARE * row.cost_ms))


def count_month(db: Database, clock: Clock, calendar: Calendar, month: date) -> dict[str, Any]:
    """Count one month and keep it; twice at once is harmless."""
    began, now = perf_counter(), clock.now()
    with db.transaction() as session:
        found = {
            **_counts(session, month, now),
            **_times(session, calendar, month),
            "reasons": _reasons(session, month),
        }
    cost = int((perf_counter() - began) * 1000)
    values = {"figures": found, "cost_ms": cost, "made_at": now}
    with db.transaction() as session:
        row = insert(MonthFigures).values(month=month, **values)
        session.execute(row.on_conflict_do_update(index_elements=["month"], set_=values))
    return found


def bounds(month: date) -> tuple[datetime, datetime]:
    """When a month begins and ends in Jakarta."""
    return tuple(datetime.combine(day, time(), JAKARTA) for day in (month, next_month(month)))  # type: ignore[return-value]


def _within(column: Any, month: date) -> Any:
    first, last = bounds(month)
    return (col(column) >= first) & (col(column) < last)


def _counts(session: Session, month: date, now: datetime) -> dict[str, int]:
    def count(what: Any, *conditions: Any) -> int:
        return int(session.exec(select(func.count()).select_from(what).where(*conditions)).one())

    issued = (_within(Licence.issued_at, month), Licence.status != "void")
    on_time = col(Licence.issued_at) <= col(Application.promised_at)
    joined = select(func.count()).select_from(Licence).join(Application).where(*issued, on_time)
    ended = _within(Application.stage_since, month)
    rounds = select(Deficiency.application_id, Deficiency.round).where(_within(Deficiency.created_at, month)).distinct()
    running = col(Application.stage).in_(_OFFICE)
    return {
        "received": count(Application, _within(Application.submitted_at, month)),
        "issued": count(Licence, *issued),
        "on_time": int(session.exec(joined).one()),
        "handed_over": count(HandOver, _within(HandOver.handed_over_at, month)),
        "returned": count(rounds.subquery()),
        "rejected": count(Application, Application.stage == Stage.REJECTED.value, ended),
        "withdrawn": count(Application, Application.stage == Stage.WITHDRAWN.value, ended),
        "running": count(Application, running),
        "overdue": count(Application, running, col(Application.promised_at) < now),
    }


def _reasons(session: Session, month: date) -> list[dict[str, Any]]:
    rows = session.exec(
        select(Deficiency.requirement, Deficiency.reason, func.count())
        .where(_within(Deficiency.created_at, month))
        .group_by(col(Deficiency.requirement), col(Deficiency.reason))
        .order_by(func.count().desc(), col(Deficiency.requirement), col(Deficiency.reason))
        .limit(_TOP)
    ).all()
    sops = [parsed_sop(row) for row in session.exec(select(SopVersion).order_by(col(SopVersion.loaded_at)))]
    reasons = {one.code: one.label for sop in sops for one in sop.return_reasons}
    documents = {one.code: one.label for sop in sops for one in sop.requirements}
    return [
        {"document": documents.get(code, code), "reason": reasons.get(reason, ""), "count": count}
        for code, reason, count in rows
    ]


def _times(session: Session, calendar: Calendar, month: date) -> dict[str, Any]:
    cases = _sample(session, month)
    changes = _changes(session, [case.id for case, _ in cases])
    sops = {row.id: parsed_sop(row) for row in session.exec(select(SopVersion).order_by(col(SopVersion.loaded_at)))}
    whole: list[int] = []
    by_step: dict[str, list[int]] = defaultdict(list)
    for case, issued_at in cases:
        found, sop = changes.get(case.id, []), sops.get(case.sop_id) if case.sop_id else None
        if case.submitted_at is not None:
            whole.append(_end_to_end(calendar, case.submitted_at, issued_at, found))
        if sop is not None:
            for code, minutes in step_minutes(calendar, sop, found, issued_at).items():
                by_step[code].append(minutes)
    sop = next(reversed(list(sops.values())), None)
    return {
        "sampled": len(whole),
        "median_minutes": int(median(whole)) if whole else None,
        "steps": [_step_row(calendar, sop, step, by_step[step.code]) for step in sop.steps if by_step.get(step.code)]
        if sop
        else [],
    }


def _sample(session: Session, month: date) -> list[tuple[Application, datetime]]:
    """Issued letters of the month: all of them, or every n-th by the order of their numbers."""
    issued = (_within(Licence.issued_at, month), Licence.status != "void")
    total = int(session.exec(select(func.count()).select_from(Licence).where(*issued)).one())
    every = max(1, -(-total // SAMPLE))
    rows = session.exec(
        select(Application, Licence.issued_at)
        .join(Licence, col(Licence.application_id) == col(Application.id))
        .where(*issued, col(Licence.seq) % every == 0)
    )
    return [(case, at) for case, at in rows if at is not None]


def _changes(session: Session, cases: Sequence[UUID]) -> Mapping[UUID, Changes]:
    found: dict[UUID, list[tuple[datetime, str, str]]] = defaultdict(list)
    rows = session.exec(
        select(Event.application_id, Event.at, Event.stage_from, Event.stage_to)
        .where(col(Event.application_id).in_(cases), Event.stage_from != "")
        .order_by(col(Event.id))
    )
    for case_id, at, left, entered in rows:
        if case_id is not None:
            found[case_id].append((at, left, entered))
    return found


def _end_to_end(calendar: Calendar, submitted: datetime, issued: datetime, changes: Changes) -> int:
    away = sum(
        calendar.working_minutes_between(pause.start, pause.end, "counter")
        for pause in pauses_in(changes, until=issued)
        if pause.end
    )
    return max(calendar.working_minutes_between(submitted, issued, "counter") - away, 0)


def step_minutes(calendar: Calendar, sop: Sop, changes: Changes, until: datetime) -> dict[str, int]:
    """Working minutes of a case in each step of its SOP, corrections and revisions added up, up to `until`."""
    desks = {step.code: sop.desk_of(step.actor) for step in sop.steps}
    found: dict[str, int] = defaultdict(int)
    for code, start, end in _stays(changes):
        if code in desks and start < until:
            found[code] += calendar.working_minutes_between(start, min(end, until), desks[code])
    return dict(found)


def _stays(changes: Changes) -> Iterator[tuple[str, datetime, datetime]]:
    """Step, when it was entered and when it was left."""
    paraf = 0
    for (entered_at, left, stage), (left_at, _, _) in pairwise(changes):
        if stage == Stage.AWAITING_PARAF:
            paraf = paraf + 1 if left == Stage.APPLYING_PARAF else 1
        yield _code(stage, paraf), entered_at, left_at


def _code(stage: str, paraf: int) -> str:
    if stage in (Stage.AWAITING_PARAF, Stage.APPLYING_PARAF):
        return f"paraf_{paraf}"
    return _STEP_OF.get(stage, "")


def _step_row(calendar: Calendar, sop: Sop, step: Step, minutes: Sequence[int]) -> dict[str, Any]:
    return {
        "code": step.code,
        "number": step.number,
        "title": step.title,
        "median": int(median(minutes)),
        "standard": step.minutes or (step.working_days or 0) * _day_minutes(calendar, sop, step),
        "count": len(minutes),
    }


def _day_minutes(calendar: Calendar, sop: Sop, step: Step) -> int:
    """Minutes of an ordinary working day at the step's desk: the longest of a week."""
    desk = sop.desk_of(step.actor)
    monday = datetime.combine(sop.effective_on - timedelta(days=sop.effective_on.weekday()), time(), JAKARTA)
    days = [monday + timedelta(days=one) for one in range(7)]
    return max(calendar.working_minutes_between(day, day + timedelta(days=1), desk) for day in days)
