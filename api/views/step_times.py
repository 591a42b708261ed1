"""How long each step really took: medians in working minutes, read from the events of the cases issued last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from statistics import median
from uuid import UUID

from sqlmodel import Session, col, select

from api.views.progress import step_code
from models.rules.sop import Sop
from models.rules.stages import Command, Stage
from models.rules.working_time import Calendar, Desk
from models.tables.cases import Event
from models.tables.letters import Licence

CASES = 200
"""The newest so many issued licences count."""
_NOT_MEASURED = frozenset({"submit", "hand_over"})
"""Before the first the office knows nothing of the case; the last waits for its applicant."""


def real_medians(session: Session, sop: Sop, calendar: Calendar) -> dict[str, float]:
    """Working minutes by step, those of its actor's desk; a step that nobody went through is left out."""
    issued = session.exec(
        select(Licence.application_id)
        .where(col(Licence.issued_at).is_not(None))
        .order_by(col(Licence.id).desc())
        .limit(CASES)
    ).all()
    rows = session.exec(
        select(Event)
        .where(col(Event.application_id).in_(issued), Event.stage_from != "")
        .order_by(col(Event.application_id), col(Event.id))
    )
    taken: dict[str, list[int]] = defaultdict(list)
    for case in _cases(rows):
        for code, minutes in _of_case(case, _desks(sop), calendar).items():
            taken[code].append(minutes)
    return {code: median(minutes) for code, minutes in taken.items()}


def _desks(sop: Sop) -> dict[str, Desk]:
    return {step.code: sop.desk_of(step.actor) for step in sop.steps if step.code not in _NOT_MEASURED}


def _cases(rows: Iterable[Event]) -> list[list[Event]]:
    found: dict[UUID | None, list[Event]] = defaultdict(list)
    for row in rows:
        found[row.application_id].append(row)
    return list(found.values())


def _of_case(events: list[Event], desks: Mapping[str, Desk], calendar: Calendar) -> dict[str, int]:
    """The sum of all that a case spent in each step, what lay with its applicant left out."""
    spent: dict[str, int] = defaultdict(int)
    parafs: dict[int | None, int] = defaultdict(int)
    for before, after in pairwise(events):
        if before.kind == Command.FINISH_PARAF.value:
            parafs[before.revision] += 1
        stage = Stage(after.stage_from)
        code = step_code(stage, parafs[before.revision] + 1)
        if code in desks and stage not in (Stage.RETURNED, Stage.LAPSED):
            spent[code] += calendar.working_minutes_between(before.at, after.at, desks[code])
    return spent
