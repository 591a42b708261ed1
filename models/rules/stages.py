"""Where a case may stand and what may move it: one table, one decider, no side effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.rules.errors import WrongStage


class Stage(StrEnum):
    """Where a case stands. Stages with a task are moved on by a machine, the others by a person."""

    DRAFT = "draft"
    CHECKING = "checking"
    VERIFYING = "verifying"
    RETURNED = "returned"
    LAPSED = "lapsed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    PREPARING = "preparing"
    AWAITING_PARAF = "awaiting_paraf"
    APPLYING_PARAF = "applying_paraf"
    AMENDING = "amending"
    AWAITING_SIGNATURE = "awaiting_signature"
    APPLYING_SIGNATURE = "applying_signature"
    NUMBERING = "numbering"
    ASSEMBLING = "assembling"
    READY = "ready"
    ARCHIVING = "archiving"
    CLOSED = "closed"


class Command(StrEnum):
    """What a person or a machine wants to do to a case."""

    SUBMIT = "submit"
    FINISH_CHECK = "finish_check"
    VERIFY = "verify"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    FINISH_BLANKO = "finish_blanko"
    INITIAL = "initial"
    FINISH_PARAF = "finish_paraf"
    SEND_BACK = "send_back"
    SEND_BACK_TO_VERIFY = "send_back_to_verify"
    AMEND = "amend"
    SIGN = "sign"
    FINISH_SIGNATURE = "finish_signature"
    ASSIGN_NUMBER = "assign_number"
    FINISH_LICENCE = "finish_licence"
    VOID = "void"
    HAND_OVER = "hand_over"
    FINISH_DOSSIER = "finish_dossier"


TASKS: dict[Stage, str] = {
    Stage.CHECKING: "paraf.check_completeness",
    Stage.PREPARING: "paraf.generate_blanko",
    Stage.APPLYING_PARAF: "paraf.apply_paraf",
    Stage.APPLYING_SIGNATURE: "paraf.apply_signature",
    Stage.NUMBERING: "paraf.assign_number",
    Stage.ASSEMBLING: "paraf.assemble_licence",
    Stage.ARCHIVING: "paraf.assemble_dossier",
}
"""The task that moves a case out of each machine stage; names are stable wire names."""

FINAL = frozenset({Stage.REJECTED, Stage.WITHDRAWN, Stage.CLOSED})
"""Stages that nothing leaves. LAPSED is not among them: a lapsed berkas can be taken up again."""

WITH_APPLICANT = frozenset({Stage.DRAFT, Stage.RETURNED, Stage.LAPSED})
"""The office's clocks stand still while a case is in one of these."""

TRANSITIONS: dict[tuple[Stage, Command], Stage] = {
    (Stage.DRAFT, Command.SUBMIT): Stage.CHECKING,
    (Stage.DRAFT, Command.WITHDRAW): Stage.WITHDRAWN,
    (Stage.CHECKING, Command.FINISH_CHECK): Stage.VERIFYING,
    (Stage.VERIFYING, Command.VERIFY): Stage.PREPARING,
    (Stage.VERIFYING, Command.RETURN): Stage.RETURNED,
    (Stage.VERIFYING, Command.REJECT): Stage.REJECTED,
    (Stage.VERIFYING, Command.WITHDRAW): Stage.WITHDRAWN,
    (Stage.RETURNED, Command.SUBMIT): Stage.CHECKING,
    (Stage.RETURNED, Command.LAPSE): Stage.LAPSED,
    (Stage.RETURNED, Command.WITHDRAW): Stage.WITHDRAWN,
    (Stage.LAPSED, Command.SUBMIT): Stage.CHECKING,
    (Stage.PREPARING, Command.FINISH_BLANKO): Stage.AWAITING_PARAF,
    (Stage.AWAITING_PARAF, Command.INITIAL): Stage.APPLYING_PARAF,
    (Stage.APPLYING_PARAF, Command.FINISH_PARAF): Stage.AWAITING_PARAF,
    (Stage.AWAITING_PARAF, Command.SEND_BACK): Stage.AMENDING,
    (Stage.AWAITING_PARAF, Command.SEND_BACK_TO_VERIFY): Stage.VERIFYING,
    (Stage.AMENDING, Command.AMEND): Stage.PREPARING,
    (Stage.AWAITING_SIGNATURE, Command.SIGN): Stage.APPLYING_SIGNATURE,
    (Stage.AWAITING_SIGNATURE, Command.SEND_BACK): Stage.AMENDING,
    (Stage.AWAITING_SIGNATURE, Command.SEND_BACK_TO_VERIFY): Stage.VERIFYING,
    (Stage.APPLYING_SIGNATURE, Command.FINISH_SIGNATURE): Stage.NUMBERING,
    (Stage.NUMBERING, Command.ASSIGN_NUMBER): Stage.ASSEMBLING,
    (Stage.ASSEMBLING, Command.FINISH_LICENCE): Stage.READY,
    (Stage.ASSEMBLING, Command.VOID): Stage.AMENDING,
    (Stage.READY, Command.VOID): Stage.AMENDING,
    (Stage.READY, Command.HAND_OVER): Stage.ARCHIVING,
    (Stage.ARCHIVING, Command.FINISH_DOSSIER): Stage.CLOSED,
}

_NEW_REVISION = frozenset({Command.SEND_BACK, Command.SEND_BACK_TO_VERIFY, Command.VOID})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a case stands: `paraf_next` is the ordinal of the paraf awaited, from 1; `revision` counts blankos."""

    stage: Stage
    revision: int
    paraf_next: int
    paraf_count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a command takes a case, and the task that must follow (None: a person is next)."""

    position: Position
    task: str | None


def decide(at: Position, command: Command) -> Decision:
    """Where `command` takes a case that stands at `at`; raises WrongStage when it may not be done there."""
    target = TRANSITIONS.get((at.stage, command))
    if target is None:
        raise WrongStage(_refusal(at.stage, command))
    position = _moved(at, command, target)
    return Decision(position, TASKS.get(position.stage))


def _moved(at: Position, command: Command, target: Stage) -> Position:
    if command is Command.FINISH_PARAF:
        done = at.paraf_next >= at.paraf_count
        stage = Stage.AWAITING_SIGNATURE if done else Stage.AWAITING_PARAF
        return Position(stage, at.revision, at.paraf_next + 1, at.paraf_count)
    if command in _NEW_REVISION:
        return Position(target, at.revision + 1, 1, at.paraf_count)
    return Position(target, at.revision, at.paraf_next, at.paraf_count)


def _refusal(stage: Stage, command: Command) -> str:
    allowed = sorted(c.value for s, c in TRANSITIONS if s is stage)
    if not allowed:
        return f"The case is {stage.value} and final: nothing more can be done to it."
    return f"{command.value!r} is not possible while the case is {stage.value}; possible now: {', '.join(allowed)}."
