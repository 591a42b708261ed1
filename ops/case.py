"""`paraf case`: why a case stands where it stands, in one sentence, and its step tried again."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session, col, func, select

from models.db import Database
from models.rules.errors import NotFound
from models.rules.stages import FINAL, TASKS, Stage
from models.services.definitions import pinned_sop
from models.services.issuance import HELD
from models.services.machine import retry
from models.tables.cases import Application
from models.tables.work import Heartbeat, Outbox
from ops.embedded import office_servers
from workers.adapters.clock import SystemClock
from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
Named = Annotated[str, typer.Argument(help="Id or registration number of the application.")]

_DESKS = {
    Stage.DRAFT: "the applicant, who has not handed it in yet",
    Stage.VERIFYING: "the front office, to confirm or return the berkas",
    Stage.RETURNED: "the applicant, to mend what was returned",
    Stage.LAPSED: "the applicant, who may mend it and hand it in again",
    Stage.AMENDING: "the back office, to amend what an official sent back",
    Stage.READY: "the front office and the applicant, to hand the licence over",
}


@app.command("why")
def why_command(case: Named) -> None:
    """Whose desk it is at, or which queue, at what place, and how that queue is doing."""
    with office_servers(Settings()) as servers:
        db = Database(servers.database_url_app, application_name="paraf-case")
        print(why(db, case, SystemClock().now()))
        db.dispose()


@app.command("retry")
def retry_command(case: Named, yes: Annotated[bool, typer.Option(help="Do it without asking.")] = False) -> None:
    """Try the step of a case in quarantine again; says first what will be redone."""
    with office_servers(Settings()) as servers:
        db = Database(servers.database_url_app, application_name="paraf-case")
        found = find(db, case)
        task = TASKS.get(Stage(found.stage))
        if found.quarantined_at is None or task is None:
            raise NotFound(f"{case} is not in quarantine: {why(db, case, SystemClock().now())}")
        print(f"It was set aside: {found.quarantine_reason}", file=sys.stderr)
        print(f"{task} will run again on it, with a fresh count of attempts.", file=sys.stderr)
        if yes or typer.confirm("Go on?", err=True):
            retry(db, SystemClock(), found.id)
        db.dispose()


def find(db: Database, name: str) -> Application:
    """The case with this id or registration number; raises NotFound."""
    with db.transaction() as session:
        by_id = _uuid(name)
        wanted = Application.id == by_id if by_id else Application.registration_number == name
        case = session.exec(select(Application).where(wanted)).one_or_none()
    if case is None:
        raise NotFound(f"There is no application {name!r}: give its id or its registration number.")
    return case


def why(db: Database, name: str, now: datetime) -> str:
    """One sentence on where a case stands and what moves it next."""
    case = find(db, name)
    stage = Stage(case.stage)
    label = case.registration_number or str(case.id)
    if case.quarantined_at is not None:
        return f"{label} is in quarantine ({case.quarantine_reason}); `paraf case retry {label}` tries again."
    if stage in FINAL:
        return f"{label} is {stage.value}: nothing more happens to it."
    with db.transaction() as session:
        return f"{label} {_machine(session, case, now) if stage in TASKS else _person(session, case)}"


def _person(session: Session, case: Application) -> str:
    stage = Stage(case.stage)
    if stage in _DESKS:
        return f"waits for {_DESKS[stage]} (since {case.stage_since:%d-%m-%Y %H:%M} UTC)."
    sop = pinned_sop(session, case.sop_id) if case.sop_id else None
    role = "an official" if sop is None else _official(case, sop.initiallers, sop.signatory)
    return f"waits on the desk of {role} (since {case.stage_since:%d-%m-%Y %H:%M} UTC)."


def _official(case: Application, initiallers: tuple[str, ...], signatory: str) -> str:
    return signatory if case.stage == Stage.AWAITING_SIGNATURE else initiallers[case.paraf_next - 1]


def _machine(session: Session, case: Application, now: datetime) -> str:
    row = session.exec(
        select(Outbox).where(
            Outbox.subject_id == case.id, Outbox.generation == case.version, col(Outbox.done_at).is_(None)
        )
    ).first()
    if row is None:
        return f"is {case.stage} and waits for the official's passphrase, or for the sweeper to ask for its task again."
    if row.error == HELD:
        return f"waits for {row.task}: issuance is stopped; `paraf issuance status` says why."
    ahead = session.exec(
        select(func.count())
        .select_from(Outbox)
        .where(Outbox.queue == row.queue, col(Outbox.done_at).is_(None))
        .where(
            (col(Outbox.priority) < row.priority) | ((col(Outbox.priority) == row.priority) & (col(Outbox.id) < row.id))
        )
    ).one()
    health = _health(session, row.queue, now)
    failed = f" after {row.attempts} attempts ({row.error})" if row.error else ""
    return f"waits in the queue {row.queue} for {row.task}{failed}, {ahead} before it; {health}."


def _health(session: Session, queue: str, now: datetime) -> str:
    beat = session.get(Heartbeat, f"canary.{queue}")
    if beat is None or beat.succeeded_at is None:
        return "that queue's worker has not shown progress yet"
    age = int((now - beat.succeeded_at).total_seconds())
    return f"that queue's worker made progress {age} s ago" + (": it seems to be away" if age > 60 else "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
