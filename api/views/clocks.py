"""The clock of a case's present step: which step it is, when it is due, and how much working time is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from api.views.turns import Sops
from models.rules.numbering import jakarta_date
from models.rules.sop import Sop, Step
from models.rules.stages import FINAL, Stage
from models.rules.working_time import Calendar

Desk = Literal["counter", "back_office"]

_STEPS: dict[Stage, str] = {
    Stage.DRAFT: "submit",
    Stage.RETURNED: "check",
    Stage.LAPSED: "check",
    Stage.CHECKING: "check",
    Stage.VERIFYING: "check",
    Stage.PREPARING: "blanko",
    Stage.AMENDING: "blanko",
    Stage.AWAITING_SIGNATURE: "sign",
    Stage.APPLYING_SIGNATURE: "sign",
    Stage.NUMBERING: "number",
    Stage.ASSEMBLING: "number",
    Stage.READY: "hand_over",
    Stage.ARCHIVING: "hand_over",
    Stage.CLOSED: "hand_over",
}
_PAUSED = frozenset({Stage.RETURNED, Stage.LAPSED})
_DONE = FINAL | {Stage.READY, Stage.ARCHIVING}
"""The office has done its part: what is measured is whether the promise was kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a clock needs of a case; a row of a list has it as well as the case itself."""

    stage: str
    stage_since: datetime
    paraf_next: int
    licence_code: str
    sop_id: UUID | None
    promised_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseClock:
    """Minutes of working time: `left` None where no clock runs. `due` is when the present step should be done."""

    left: int | None
    standard: int
    due: datetime | None
    paused: bool = False
    done: bool = False


def sop_of(standing: Standing, sops: Sops, today: date) -> Sop | None:
    """The pinned SOP of a case, else the one in force today."""
    if standing.sop_id is not None:
        return sops.get(standing.sop_id)
    begun = [s for s in sops.values() if s.licence_code == standing.licence_code and s.effective_on <= today]
    return max(reversed(begun), key=lambda sop: sop.effective_on, default=None)


def step_code(stage: str, paraf_next: int) -> str:
    """The code of the SOP's step in which a case stands, "" where it stands in none."""
    if stage in (Stage.AWAITING_PARAF, Stage.APPLYING_PARAF):
        return f"paraf_{paraf_next}"
    return _STEPS.get(Stage(stage), "")


def step_of(standing: Standing, sop: Sop) -> Step | None:
    """The SOP's step in which a case stands."""
    code = step_code(standing.stage, standing.paraf_next)
    return next((step for step in sop.steps if step.code == code), None)


def due_at(standing: Standing, sops: Sops, calendar: Calendar, today: date) -> datetime | None:
    """When the present step is due by the SOP's standard; None where the office has nothing to do."""
    stage = Stage(standing.stage)
    sop = sop_of(standing, sops, today)
    step = step_of(standing, sop) if sop else None
    if sop is None or step is None or stage in _DONE | _PAUSED or stage is Stage.DRAFT:
        return None
    return calendar.step_due(standing.stage_since, step.minutes, step.working_days, sop.desk_of(step.actor))


def clock_of(standing: Standing, sops: Sops, calendar: Calendar, now: datetime) -> CaseClock:
    """The clock as it stands `now`."""
    stage, today = Stage(standing.stage), jakarta_date(now)
    if stage in _DONE or stage in _PAUSED:
        return _promise_clock(standing, calendar, paused=stage in _PAUSED)
    due, sop = due_at(standing, sops, calendar, today), sop_of(standing, sops, today)
    step = step_of(standing, sop) if sop else None
    if due is None or sop is None or step is None:
        return CaseClock(None, 0, None)
    desk = sop.desk_of(step.actor)
    standard = step.minutes or calendar.working_minutes_between(standing.stage_since, due, desk)
    return CaseClock(calendar.working_minutes_between(now, due, desk), standard, due)


def _promise_clock(standing: Standing, calendar: Calendar, *, paused: bool) -> CaseClock:
    if standing.promised_at is None or standing.stage in (Stage.REJECTED, Stage.WITHDRAWN):
        return CaseClock(None, 0, None)
    left = calendar.working_minutes_between(standing.stage_since, standing.promised_at, "counter")
    return CaseClock(left, left, standing.promised_at, paused=paused, done=not paused)
