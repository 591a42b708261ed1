"""The inbox of a desk: open cases by time left in working time, with counts that are of the same rows.

Cases of one stage, SOP and paraf have one standard, so within such a group time left is order of arrival: PostgreSQL
takes the first rows of each group, and the few groups are merged here by when they are due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from api.views.batch_cases import of_batch
from api.views.clocks import CaseClock, Standing, clock_of, due_at
from api.views.turns import Sops, all_sops, my_turn, waiting_for
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.roles import Actor
from models.rules.stages import FINAL, Stage
from models.rules.working_time import Calendar
from models.services.claim import CLERKS
from models.services.finding import contains
from models.tables.cases import Application, HolderData
from models.tables.desks import Claim
from models.tables.people import Person

PAGE = 25
LAST_PAGE = 40
OPEN = tuple(stage for stage in Stage if stage not in FINAL and stage is not Stage.DRAFT)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. `scope`: "saya" is my turn, "semua" every open case."""

    scope: str = "saya"
    stage: Stage | None = None
    application_type: str = ""
    name: str = ""
    since: date | None = None
    until: date | None = None
    priority: bool = False
    batch: UUID | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the inbox. `holder` names who has claimed it until `held_until`."""

    case: Application
    name: str
    workplace: str
    waiting_for: str
    clock: CaseClock
    claimed_by: UUID | None
    claimant: str
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the list; `counts` by stage hold for the same filters, whatever stage is chosen."""

    rows: list[Row]
    counts: Mapping[Stage, int]
    more: bool
    sops: Sops = field(repr=False)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def inbox(session: Session, actor: Actor, asked: Asked, calendar: Calendar, now: datetime) -> Inbox:
    """One page in a fixed number of queries."""
    sops = all_sops(session)
    wanted = asked.page * PAGE
    counts, first = _read(session, _conditions(actor, asked, sops), asked.stage, wanted + 1)
    ordered = sorted(first, key=lambda one: _order(one, sops, calendar, jakarta_date(now)))
    chosen = [case_id for case_id, _ in ordered[wanted - PAGE : wanted]]
    return Inbox(_rows(session, chosen, sops, calendar, now), counts, len(ordered) > wanted, sops)


def _conditions(actor: Actor, asked: Asked, sops: Sops) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [col(Application.stage).in_([stage.value for stage in OPEN])]
    if asked.scope == "saya":
        found.append(my_turn(actor, sops))
    if asked.application_type:
        found.append(col(Application.application_type) == asked.application_type)
    if asked.since:
        found.append(col(Application.submitted_at) >= _midnight(asked.since))
    if asked.until:
        found.append(col(Application.submitted_at) < _midnight(asked.until + timedelta(days=1)))
    if asked.batch:
        found.append(of_batch(asked.batch))
    if asked.priority:
        found.append(col(Application.priority) < 5)
    return [*found, _named(asked.name)] if asked.name else found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), JAKARTA)


def _named(name: str) -> ColumnElement[bool]:
    return or_(contains(Application.registration_number, name), contains(HolderData.name, name))


def _read(
    session: Session, conditions: Sequence[ColumnElement[bool]], stage: Stage | None, count: int
) -> tuple[dict[Stage, int], list[tuple[UUID, Standing]]]:
    """How many cases of each stage fit, and the first `count` of each group of the stage, or of all stages."""
    here = col(Application.stage)
    group = [here, col(Application.sop_id), col(Application.licence_code), col(Application.paraf_next)]
    order = (col(Application.stage_since), col(Application.id))
    columns: tuple[Any, ...] = (
        Application.id,
        Application.stage,
        Application.stage_since,
        Application.paraf_next,
        Application.licence_code,
        Application.sop_id,
        Application.promised_at,
        func.row_number().over(partition_by=group, order_by=order).label("place"),
        func.count().over(partition_by=here).label("of_stage"),
    )
    # Only a name asks for the holder's row: else PostgreSQL leaves the join out. A name is read of each open case, as
    # the index of all names would lead to those of ten years first.
    holder = col(HolderData.application_id) == col(Application.id)
    inner = sqlalchemy.select(*columns).outerjoin(HolderData, holder).where(*conditions).subquery()
    # The first of each group comes along whatever stage is looked at: it carries its stage's count.
    shown = inner.c.place <= count if stage is None else (inner.c.place <= count) & (inner.c.stage == stage.value)
    rows = session.execute(sqlalchemy.select(inner).where(shown | (inner.c.place == 1))).all()
    found = {row.stage: row.of_stage for row in rows}
    listed = [(row[0], Standing(*row[1:7])) for row in rows if stage is None or row.stage == stage]
    return {one: found[one] for one in Stage if one in found}, listed


def _order(one: tuple[UUID, Standing], sops: Sops, calendar: Calendar, today: date) -> tuple[datetime, datetime, str]:
    case_id, standing = one
    # What waits for somebody else comes after all that the office can be late with.
    return due_at(standing, sops, calendar, today) or _LAST, standing.stage_since, str(case_id)


def _rows(session: Session, ids: Sequence[UUID], sops: Sops, calendar: Calendar, now: datetime) -> list[Row]:
    columns: tuple[Any, ...] = (
        Application,
        HolderData.name,
        HolderData.workplace_name,
        Claim.person_id,
        Person.name,
        Claim.expires_at,
    )
    held = (col(Claim.application_id) == col(Application.id)) & (col(Claim.expires_at) > now)
    statement = (
        sqlalchemy.select(*columns)
        .outerjoin(HolderData, col(HolderData.application_id) == col(Application.id))
        .outerjoin(Claim, held)
        .outerjoin(Person, col(Person.id) == col(Claim.person_id))
        .where(col(Application.id).in_(ids))
    )
    found = {row[0].id: _row(row, sops, calendar, now) for row in session.execute(statement)}
    return [found[case_id] for case_id in ids if case_id in found]


def _row(row: Any, sops: Sops, calendar: Calendar, now: datetime) -> Row:
    case: Application = row[0]
    clock = clock_of(standing_of(case), sops, calendar, now)
    return Row(case, row[1] or "", row[2] or "", waiting_for(case, sops), clock, row[3], row[4] or "", row[5])


def standing_of(case: Application) -> Standing:
    """What the clock needs of a case."""
    return Standing(case.stage, case.stage_since, case.paraf_next, case.licence_code, case.sop_id, case.promised_at)


def may_claim(actor: Actor, stage: str) -> bool:
    """Whether the actor's role takes cases at this stage one by one."""
    return CLERKS.get(Stage(stage), "-") in actor.roles


def stages_of(session: Session, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Registration number and stage of each case that there is."""
    rows = session.exec(
        select(Application.registration_number, Application.stage).where(col(Application.id).in_(ids))
    ).all()
    return [(number or "permohonan tanpa nomor", stage) for number, stage in rows]
