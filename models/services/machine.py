"""How a machine step runs: count the attempt, work outside any transaction, record once, or say why not.

The message that set it off may come twice, late or never: the case's stage and version decide, not the message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import Session

from models.crash_points import crash_point
from models.db import Database, DatabaseAway
from models.ports import Clock
from models.rules.errors import NotFound, ParafError, TemporaryFailure
from models.rules.roles import Actor
from models.rules.stages import TASKS, Command, Stage
from models.services.casework import (
    SYSTEM,
    Work,
    count_attempt,
    end_work,
    enqueue,
    lock_case,
    lock_work,
    move,
    open_work,
    read_case,
    record,
)
from models.services.issuance import hold
from models.services.tracing import follow
from models.tables.cases import Application
from models.tables.work import Outbox

MAX_ATTEMPTS = 5
"""Attempts before a case is set aside for a person; counted before the work, so that a crash counts too."""

_BACKOFF = (3, 15, 60, 300)
"""Seconds until the next try: a store that is away for some minutes strands nobody in quarantine."""

AT_WORK = timedelta(seconds=30)
"""How long a step may take before its message is sent again: what still runs is not delivered twice."""

log = structlog.get_logger()


class NeedsPerson(ParafError):
    """The step can not go on until a person gives something again (a passphrase that expired)."""

    code = "needs-person"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One piece of machine work: which task, on which case, at which version."""

    task: str
    case_id: UUID
    generation: int

    @property
    def work(self) -> Work:
        return Work(self.task, self.case_id, self.generation)


def run_step(db: Database, clock: Clock, ticket: Ticket, work: Callable[[Application], None]) -> bool:
    """Run `work` on the case if it still stands where the ticket says; True when it was run to its end.

    A temporary failure is tried again later, a permanent one sets the case aside; a bug does both and is raised.
    """
    case = begin(db, clock, ticket)
    if case is None:
        return False
    crash_point("step.begin.after_commit", ticket.task)
    try:
        work(case)
        crash_point("step.record.after_commit", ticket.task)
    except DatabaseAway:
        raise
    except TemporaryFailure as error:
        postpone(db, clock, ticket, str(error))
        return False
    except NeedsPerson as error:
        _settle(db, clock, ticket, str(error))
        return False
    except ParafError as error:
        set_aside(db, clock, ticket, f"{error.code}: {error}")
        return False
    except Exception as error:
        postpone(db, clock, ticket, f"{type(error).__name__} in {ticket.task}")
        raise
    return True


def begin(db: Database, clock: Clock, ticket: Ticket) -> Application | None:
    """Count the attempt; None when there is nothing to do (done, overtaken, set aside, unknown)."""
    with db.transaction() as session:
        now = clock.now()
        if hold(session, ticket.work, now):
            return None
        attempt = count_attempt(session, ticket.work, now + AT_WORK)
        try:
            case = lock_case(session, ticket.case_id)
        except NotFound:
            return None
        if not _stands(case, ticket) or case.quarantined_at is not None:
            end_work(session, ticket.work, now)
            return None
        if attempt is None:
            return None
        follow(attempt.trace)
        if attempt.number > MAX_ATTEMPTS:
            _quarantine(session, case, now, f"{MAX_ATTEMPTS} attempts failed: {attempt.error or 'it crashed'}")
            end_work(session, ticket.work, now, "set aside")
            return None
        crash_point("step.begin.before_commit", ticket.task)
        return case


def finish(
    session: Session, ticket: Ticket, now: datetime, command: Command, detail: dict[str, Any] | None = None
) -> Application | None:
    """Take the case on, inside the caller's transaction that wrote the effect behind `still_mine`."""
    # Locked by `still_mine`, and so are the outbox rows: the session holds the case as it stands.
    case = read_case(session, ticket.case_id)
    # Another delivery may have used up the attempts meanwhile: what is finished needs no operator.
    case.quarantined_at, case.quarantine_reason = None, ""
    move(session, case, command, SYSTEM, now, detail)
    end_work(session, ticket.work, now)
    crash_point("step.record.before_commit", ticket.task)
    return case


def still_mine(session: Session, ticket: Ticket) -> Application | None:
    """The case, locked, if nobody else finished the step meanwhile: every effect is written behind this guard."""
    # Outbox rows first, then the case: the same order as `begin`, so that two deliveries never wait for each other.
    lock_work(session, ticket.work)
    case = lock_case(session, ticket.case_id)
    return case if _stands(case, ticket) else None


def postpone(db: Database, clock: Clock, ticket: Ticket, error: str) -> None:
    """Leave the work in the outbox, due again after a growing pause; after the last attempt set the case aside."""
    with db.transaction() as session:
        rows = open_work(session, ticket.task, ticket.case_id, ticket.generation)
        if max((row.attempts for row in rows), default=0) >= MAX_ATTEMPTS:
            _give_up(session, ticket, rows, clock.now(), f"{MAX_ATTEMPTS} attempts failed: {error}")
            return
        for row in rows:
            pause = _BACKOFF[min(row.attempts, len(_BACKOFF)) - 1] if row.attempts else 0
            row.due_at = clock.now() + timedelta(seconds=pause)
            row.sent_at = None
            row.error = error[:500]
            session.add(row)
        session.flush()
        crash_point("step.postpone.before_commit", ticket.task)
    crash_point("step.postpone.after_commit", ticket.task)
    log.warning("step_postponed", task=ticket.task, case=str(ticket.case_id), error=error)


def set_aside(db: Database, clock: Clock, ticket: Ticket, reason: str) -> None:
    """Put the case in quarantine: an operator reads the reason and retries."""
    with db.transaction() as session:
        rows = open_work(session, ticket.task, ticket.case_id, ticket.generation)
        _give_up(session, ticket, rows, clock.now(), reason)
        session.flush()
        crash_point("step.set_aside.before_commit", ticket.task)
    crash_point("step.set_aside.after_commit", ticket.task)


def _give_up(session: Session, ticket: Ticket, rows: list[Outbox], now: datetime, reason: str) -> None:
    case = lock_case(session, ticket.case_id)
    if _stands(case, ticket):
        _quarantine(session, case, now, reason)
        log.error("case_set_aside", task=ticket.task, case=str(ticket.case_id), reason=reason)
    _done(session, rows, now, reason)


def retry(db: Database, clock: Clock, case_id: UUID, actor: Actor = SYSTEM) -> str:
    """Take a case out of quarantine with a fresh count of attempts; returns the task that will run again."""
    with db.transaction() as session:
        case = lock_case(session, case_id)
        task = TASKS.get(Stage(case.stage))
        if case.quarantined_at is None or task is None:
            raise NotFound("This case is not in quarantine.")
        case.quarantined_at = None
        case.quarantine_reason = ""
        session.add(case)
        record(session, "retry", at=clock.now(), case=case, actor=actor, detail={"task": task})
        enqueue(session, task, case.id, case.version, clock.now(), priority=case.priority)
        return task


def _stands(case: Application, ticket: Ticket) -> bool:
    return case.version == ticket.generation and TASKS.get(Stage(case.stage)) == ticket.task


def _quarantine(session: Session, case: Application, now: datetime, reason: str) -> None:
    case.quarantined_at = now
    case.quarantine_reason = reason[:500]
    session.add(case)
    record(session, "quarantine", at=now, case=case)


def _settle(db: Database, clock: Clock, ticket: Ticket, reason: str) -> None:
    with db.transaction() as session:
        rows = open_work(session, ticket.task, ticket.case_id, ticket.generation)
        # A row that was never taken up came after this attempt: the person has already given it again.
        _done(session, [row for row in rows if row.attempts], clock.now(), reason)


def _done(session: Session, rows: list[Outbox], now: datetime, error: str) -> None:
    for row in rows:
        row.done_at = now
        row.error = error[:500]
        session.add(row)
