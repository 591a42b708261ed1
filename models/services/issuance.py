"""The stop switch: while it is on, or while no checkpoint vouches for the events, nothing is signed or issued.

Work is put off without counting an attempt, and goes on by itself afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text, update
from sqlmodel import Session, col, func, select

import models.tables.metadata  # noqa: F401 - keys of these tables lead to all others, also for a caller that needs no more
from models.db import Database, changed_rows
from models.ports import Clock
from models.rules.errors import Fault, InvalidInput, WrongStage
from models.rules.roles import ADMIN, OPERATOR, Actor, require_role
from models.services.casework import SYSTEM, Work, record
from models.tables.audit import AuditWatch, IssuanceStop
from models.tables.work import Outbox

ISSUING: Final = frozenset({"paraf.apply_signature", "paraf.assign_number", "paraf.assemble_licence"})
HELD: Final = "issuance is stopped"
MAY_STOP: Final = (ADMIN, OPERATOR, "kepala_dinas", "sekretaris")
MAY_RESUME: Final = (ADMIN, OPERATOR, "kepala_dinas")
MIN_REASON: Final = 5

_PAUSE = timedelta(minutes=10)
"""What is held is looked at again after so long even if nobody lets it go; resuming lets it go at once."""

_STANDS = text(
    """SELECT EXISTS (SELECT FROM issuance_stop WHERE resumed_at IS NULL)
        OR coalesce((SELECT checkpoint_by < :now FROM audit_watch WHERE id = 1), false)"""
)
_HOLD = text(
    """WITH open AS MATERIALIZED (
        SELECT id FROM outbox WHERE subject_id = :subject AND task = :task AND generation = :generation
           AND done_at IS NULL ORDER BY id FOR UPDATE)
    UPDATE outbox o SET due_at = :due_at, sent_at = NULL, error = :held FROM open WHERE o.id = open.id"""
)


@dataclass(frozen=True, slots=True)
class IssuanceState:
    """Whether letters are issued now. `cause` is "person", "audit" or empty; `held` counts the work that waits."""

    stopped: bool
    cause: str
    reason: str
    since: datetime | None
    held: int
    checkpoint_by: datetime | None


def hold(session: Session, work: Work, now: datetime) -> bool:
    """Put a piece of issuing work off if nothing may be issued now; False when it may run. Counts no attempt."""
    if work.task not in ISSUING or not stopped_at(session, now):
        return False
    session.connection().execute(_HOLD, {**work.values(), "due_at": now + _PAUSE, "held": HELD})
    return True


def stopped_at(session: Session, now: datetime) -> bool:
    """Whether nothing may be issued at this moment."""
    return bool(session.connection().execute(_STANDS, {"now": now}).scalar_one())


def state(session: Session, now: datetime) -> IssuanceState:
    """What an operator wants to see."""
    stop = _open_stop(session)
    watch = session.get(AuditWatch, 1)
    held = session.exec(
        select(func.count()).select_from(Outbox).where(col(Outbox.done_at).is_(None), Outbox.error == HELD)
    ).one()
    term = watch.checkpoint_by if watch else None
    if stop is not None:
        return IssuanceState(True, "person", stop.reason, stop.stopped_at, held, term)
    if term is not None and term < now:
        return IssuanceState(True, "audit", "No checkpoint of the events could be written in time.", term, held, term)
    return IssuanceState(False, "", "", None, held, term)


def stop_issuance(db: Database, clock: Clock, reason: str, actor: Actor = SYSTEM) -> None:
    """Stop signing, numbering and issuing. Raises InvalidInput without a reason, WrongStage when it is stopped."""
    _need_right(actor, MAY_STOP)
    if len(reason.strip()) < MIN_REASON:
        raise InvalidInput("Stopping needs a reason.", faults=[Fault("/reason", "say why", "too_short")])
    with db.transaction() as session:
        _alone(session)
        if _open_stop(session) is not None:
            raise WrongStage("Issuance is stopped already.")
        now = clock.now()
        session.add(IssuanceStop(reason=reason.strip()[:500], stopped_at=now, stopped_by=actor.person_id))
        # The reason may name somebody: it stays in its row, outside the chain of events.
        record(session, "issuance_stopped", at=now, actor=actor)


def resume_issuance(db: Database, clock: Clock, actor: Actor = SYSTEM) -> int:
    """Issue again; returns how much work goes on at once. Raises WrongStage when nothing was stopped."""
    _need_right(actor, MAY_RESUME)
    with db.transaction() as session:
        _alone(session)
        stop = _open_stop(session)
        if stop is None:
            raise WrongStage("Issuance is not stopped.")
        now = clock.now()
        stop.resumed_at, stop.resumed_by = now, actor.person_id
        session.add(stop)
        session.flush()
        record(session, "issuance_resumed", at=now, actor=actor)
        return release(session, now)


def release(session: Session, now: datetime) -> int:
    """Make work due again that was held, unless nothing may be issued still."""
    if stopped_at(session, now):
        return 0
    held = update(Outbox).where(col(Outbox.done_at).is_(None), col(Outbox.error) == HELD)
    return changed_rows(session, held.values(due_at=now, error=""))


def _need_right(actor: Actor, roles: tuple[str, ...]) -> None:
    """Whoever sits at the machine itself needs no role."""
    if actor is not SYSTEM:
        require_role(actor, *roles)


def _open_stop(session: Session) -> IssuanceStop | None:
    return session.exec(select(IssuanceStop).where(col(IssuanceStop.resumed_at).is_(None))).one_or_none()


def _alone(session: Session) -> None:
    session.execute(text("SELECT pg_advisory_xact_lock(1398034512)"))  # "STOP"
