"""Where a case stands on the SOP's line: each step with its state and when it was done, read from the case's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from models.rules.sop import Sop
from models.rules.stages import Command, Stage
from models.tables.cases import Application, Event

State = Literal["done", "now", "todo", "stopped"]

_TITLES = {
    "submit": "Berkas masuk",
    "check": "Berkas diperiksa",
    "blanko": "Surat izin disiapkan",
    "number": "Nomor diberikan",
    "hand_over": "Surat izin diterima",
}
_STEP_OF = {
    Stage.DRAFT: "submit",
    Stage.CHECKING: "check",
    Stage.VERIFYING: "check",
    Stage.RETURNED: "check",
    Stage.LAPSED: "check",
    Stage.REJECTED: "check",
    Stage.PREPARING: "blanko",
    Stage.AMENDING: "blanko",
    Stage.AWAITING_SIGNATURE: "sign",
    Stage.APPLYING_SIGNATURE: "sign",
    Stage.NUMBERING: "number",
    Stage.ASSEMBLING: "number",
    Stage.READY: "hand_over",
}
_DONE_BY = {
    Command.SUBMIT.value: "submit",
    Command.VERIFY.value: "check",
    Command.FINISH_BLANKO.value: "blanko",
    Command.FINISH_SIGNATURE.value: "sign",
    Command.FINISH_LICENCE.value: "number",
    Command.HAND_OVER.value: "hand_over",
}
_STOPPED = frozenset({Stage.RETURNED, Stage.LAPSED, Stage.REJECTED, Stage.WITHDRAWN})
_OVER = frozenset({Stage.ARCHIVING, Stage.CLOSED})


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the line; `at` is when it was done."""

    number: int
    code: str
    title: str
    state: State
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One change of stage."""

    at: datetime
    kind: str
    stage_from: str
    revision: int | None


def passages_of(session: Session, application_id: UUID) -> list[Passage]:
    """Every change of stage of a case, oldest first, in one query."""
    rows = session.exec(
        select(Event.at, Event.kind, Event.stage_from, Event.revision)
        .where(Event.application_id == application_id, Event.stage_from != "")
        .order_by(col(Event.id))
    )
    return [Passage(*row) for row in rows]


def step_title(sop: Sop, code: str) -> str:
    """A step in few words; the SOP's own sentence for one that we have no short title for."""
    if code in _TITLES:
        return _TITLES[code]
    step = sop.step(code)
    if code.startswith("paraf_"):
        return f"Paraf {sop.role_title(step.actor)}"
    return f"Tanda tangan {sop.role_title(step.actor)}" if code == "sign" else step.title


def step_code(stage: Stage, paraf_next: int) -> str:
    """The SOP's step in which a case at `stage` is, "" when it has left the line."""
    if stage in (Stage.AWAITING_PARAF, Stage.APPLYING_PARAF):
        return f"paraf_{paraf_next}"
    return _STEP_OF.get(stage, "")


def step_lines(sop: Sop, case: Application, passages: Sequence[Passage]) -> list[StepLine]:
    """The SOP's steps as the case went through them."""
    stage, codes = Stage(case.stage), [step.code for step in sop.steps]
    here = _place(stage, case, codes, passages)
    done = _done(passages, case.revision)
    return [
        StepLine(
            step.number,
            step.code,
            step_title(sop, step.code),
            _state(index, here, stage),
            done.get(step.code) if index < here else None,
        )
        for index, step in enumerate(sop.steps)
    ]


def _place(stage: Stage, case: Application, codes: list[str], passages: Sequence[Passage]) -> int:
    if stage in _OVER:
        return len(codes)
    if stage is Stage.WITHDRAWN and passages:
        stage = Stage(passages[-1].stage_from)
    code = step_code(stage, case.paraf_next)
    return codes.index(code) if code in codes else 0


def _state(index: int, here: int, stage: Stage) -> State:
    if index != here:
        return "done" if index < here else "todo"
    return "stopped" if stage in _STOPPED else "now"


def _done(passages: Sequence[Passage], revision: int) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    parafs = 0
    for passage in passages:
        code = _DONE_BY.get(passage.kind, "")
        if passage.kind == Command.FINISH_PARAF.value and passage.revision == revision:
            parafs += 1
            code = f"paraf_{parafs}"
        if code:
            found[code] = passage.at
    return found
