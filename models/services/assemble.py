"""Step 8, second half, as a certificate authority issues: make, lint, store, read back, and only then record."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, select

from models.crash_points import crash_point
from models.db import Database
from models.ports import Clock, LetterExpectation, LetterPress, Signer, Stored, Vault
from models.rules.errors import DamagedObject, PermanentFailure
from models.rules.letter import LateFacts
from models.rules.stages import Command
from models.services.machine import Ticket, finish, run_step, still_mine
from models.services.messages import tell
from models.tables.cases import Application
from models.tables.letters import Blanko, Letter, Licence, RegisterEntry


@dataclass(frozen=True, slots=True)
class IssuingRoom:
    """What assembling a licence needs of the world."""

    vault: Vault
    press: LetterPress
    signer: Signer


@dataclass(frozen=True, slots=True)
class _Plan:
    licence: Licence
    late: LateFacts
    signed_sha256: str
    paraf_count: int


def assemble_licence(db: Database, clock: Clock, room: IssuingRoom, ticket: Ticket) -> bool:
    """Fill, seal, lint, store and read back the licence that was intended with its number."""
    return run_step(db, clock, ticket, lambda case: _assemble(db, clock, room, ticket, case))


def _assemble(db: Database, clock: Clock, room: IssuingRoom, ticket: Ticket, case: Application) -> None:
    with db.transaction() as session:
        plan = _plan(session, case)
    filled = room.press.fill(room.vault.get(plan.signed_sha256), plan.late)
    crash_point("seal.before")
    data = room.signer.seal(filled, clock.now())
    crash_point("seal.after")
    _lint(room, plan, data)
    stored = room.vault.put(data)
    _read_back(room, stored)
    now = clock.now()
    with db.transaction() as session:
        found = still_mine(session, ticket)
        if found is None:
            return
        licence = _intended(session, found)
        licence.sha256, licence.size = stored.sha256, stored.size
        licence.status, licence.issued_at = "valid", now
        session.add(licence)
        session.flush()
        finish(session, ticket, now, Command.FINISH_LICENCE, {"number": plan.late.number, "sha256": stored.sha256})
        tell(session, found, "ready", now)


def _intended(session: Session, case: Application) -> Licence:
    licence = session.exec(
        select(Licence)
        .where(Licence.application_id == case.id, Licence.revision == case.revision, Licence.status == "intended")
        .with_for_update()
    ).one_or_none()
    if licence is None:
        raise PermanentFailure("No licence is intended for this revision.")
    return licence


def _plan(session: Session, case: Application) -> _Plan:
    licence = _intended(session, case)
    entry = session.get(RegisterEntry, (licence.series, licence.year, licence.seq))
    blanko = session.get(Blanko, (case.id, case.revision))
    letter = session.get(Letter, (case.id, case.revision, case.paraf_count + 1))
    if entry is None or blanko is None or letter is None:
        raise PermanentFailure("The signed letter or its number is missing.")
    late = LateFacts(
        number=entry.number,
        signed_on=entry.signed_on,
        valid_until=licence.valid_until,
        token=licence.token,
        holder_name=str(blanko.facts["holder"]["name"]),
        blanko_sha256=blanko.sha256,
    )
    return _Plan(licence, late, letter.sha256, case.paraf_count)


def _lint(room: IssuingRoom, plan: _Plan, data: bytes) -> None:
    expected = LetterExpectation(plan.licence.blanko_sha256, plan.licence.blanko_size, plan.late, plan.paraf_count)
    wrong = room.press.lint(data, expected)
    if wrong:
        raise PermanentFailure("The finished licence is not right: " + "; ".join(wrong))


def _read_back(room: IssuingRoom, stored: Stored) -> None:
    if len(room.vault.get(stored.sha256)) != stored.size:
        raise DamagedObject("The stored licence is not what was written.")
