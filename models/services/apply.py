"""Steps 4 to 7, the machine's half: put the recorded paraf or signature on the letter as an incremental update."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlmodel import Session

from models.crash_points import crash_point
from models.db import Database
from models.ports import Clock, Credential, KeyKind, Signer, Stored, Unsealer, Vault
from models.rules.errors import ParafError, PermanentFailure, TemporaryFailure, WrongPassphrase
from models.rules.letter import Official
from models.rules.stages import Command
from models.services.definitions import pinned_sop
from models.services.endorse import active_key, kept_context, live_pile, pile_context, settle_letter
from models.services.machine import NeedsPerson, Ticket, finish, run_step, still_mine
from models.services.messages import tell
from models.services.people import official_from
from models.tables.cases import Application
from models.tables.letters import Blanko, Endorsement, Letter
from models.tables.people import Person, RoleGrant, SigningKey


class KeyRing(Protocol):
    """Keeps officials' opened keys, each between the letters of its pile."""

    def turn_to(self, pile_id: UUID) -> None:
        """What is opened from now on is opened for this pile."""
        ...

    def let_go(self, pile_id: UUID | None) -> None:
        """Forget what was opened for this pile."""
        ...


@dataclass(frozen=True, slots=True)
class SigningRoom:
    """What only the signing worker holds; without a ring a key is opened for each letter."""

    vault: Vault
    signer: Signer
    unsealer: Unsealer
    ring: KeyRing | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    endorsement: Endorsement
    parent_sha256: str
    recorded_only: bool
    credential: Credential | None
    secret: bytes
    pile_id: UUID | None
    sealed_for: str = ""


def apply_paraf(db: Database, clock: Clock, room: SigningRoom, ticket: Ticket) -> bool:
    """Put the paraf that was given on the letter."""
    return run_step(db, clock, ticket, lambda case: _apply(db, clock, room, ticket, case))


def apply_signature(db: Database, clock: Clock, room: SigningRoom, ticket: Ticket) -> bool:
    """Put the head's signature, with its field lock, on the letter."""
    return run_step(db, clock, ticket, lambda case: _apply(db, clock, room, ticket, case))


def _apply(db: Database, clock: Clock, room: SigningRoom, ticket: Ticket, case: Application) -> None:
    with db.transaction() as session:
        job = _job(session, room, case, clock.now())
    try:
        stored = _appended(room, job)
    except WrongPassphrase as error:
        _let_go(room, job)
        # Trying it again could lock the official's key: he gives it once more.
        _fail(db, clock, ticket, str(error))
        raise NeedsPerson("The passphrase did not open the key: the official gives it once more.") from error
    except TemporaryFailure:
        raise
    except ParafError as error:
        _fail(db, clock, ticket, str(error))
        raise
    now = clock.now()
    with db.transaction() as session:
        found = still_mine(session, ticket)
        if found is None:
            return
        session.add(_row(job, stored, now))
        session.flush()
        if settle_letter(session, found, "done", "", now):
            _let_go(room, job)
        paraf = job.endorsement.kind == "paraf"
        command = Command.FINISH_PARAF if paraf else Command.FINISH_SIGNATURE
        detail = {"ordinal": job.endorsement.ordinal, "sha256": stored.sha256}
        finish(session, ticket, now, command, detail)
        if not paraf:
            tell(session, found, "signed", now)


def _fail(db: Database, clock: Clock, ticket: Ticket, message: str) -> None:
    with db.transaction() as session:
        case = still_mine(session, ticket)
        if case is not None:
            settle_letter(session, case, "failed", message, clock.now())


def _job(session: Session, room: SigningRoom, case: Application, now: datetime) -> _Job:
    endorsement = session.get(Endorsement, (case.id, case.revision, case.paraf_next))
    if endorsement is None or case.sop_id is None:
        raise PermanentFailure("No act is recorded for this step.")
    parent = _parent(session, endorsement)
    pile = live_pile(session, case, now)
    recorded = endorsement.kind == "paraf" and pinned_sop(session, case.sop_id).paraf_mode == "recorded"
    if recorded:
        return _Job(endorsement, parent, True, None, b"", pile.id if pile else None)
    if pile is None or pile.secret is None:
        raise NeedsPerson("The passphrase ran out before the letter was reached: the official gives it once more.")
    key = active_key(session, endorsement.person_id, now)
    if key is None:
        raise PermanentFailure("The official has no valid signing key any more.")
    credential = _credential(session, room, endorsement, key)
    sealed_for = kept_context(key.id) if pile.means == "passkey" else pile_context(pile.id)
    return _Job(endorsement, parent, False, credential, pile.secret, pile.id, sealed_for)


def _parent(session: Session, endorsement: Endorsement) -> str:
    if endorsement.ordinal == 1:
        return endorsement.blanko_sha256
    before = session.get(Letter, (endorsement.application_id, endorsement.revision, endorsement.ordinal - 1))
    if before is None:
        raise PermanentFailure("The letter before this one is missing.")
    return before.sha256


def _credential(session: Session, room: SigningRoom, endorsement: Endorsement, key: SigningKey) -> Credential:
    material = room.unsealer.open(key.material, key_context(key.person_id))
    return Credential(KeyKind(key.kind), _signer(session, endorsement), bytes.fromhex(material))


def key_context(person_id: UUID) -> str:
    """What an official's sealed key is bound to."""
    return f"key:{person_id}"


def _signer(session: Session, endorsement: Endorsement) -> Official:
    blanko = session.get(Blanko, (endorsement.application_id, endorsement.revision))
    for row in blanko.officials if blanko else []:
        if row["person_id"] == str(endorsement.person_id) and row["role"] == endorsement.role:
            return official_from(row)
    person = session.get(Person, endorsement.person_id)
    grant = session.get(RoleGrant, endorsement.grant_id)
    if person is None or grant is None:
        raise PermanentFailure("The official who acted is not known any more.")
    return Official(person.name, person.title, person.rank, person.nip, grant.acting)


def _appended(room: SigningRoom, job: _Job) -> Stored:
    pdf = room.vault.get(job.parent_sha256)
    if job.recorded_only or job.credential is None or job.pile_id is None:
        return Stored(job.parent_sha256, len(pdf))
    if room.ring is not None:
        room.ring.turn_to(job.pile_id)
    secret = room.unsealer.open(job.secret, job.sealed_for)
    at = job.endorsement.acted_at
    crash_point("signature.before", job.endorsement.kind)
    if job.endorsement.kind == "paraf":
        signed = room.signer.paraf(pdf, job.endorsement.ordinal, job.credential, secret, at)
    else:
        signed = room.signer.sign(pdf, job.credential, secret, at)
    crash_point("signature.after", job.endorsement.kind)
    if not signed.startswith(pdf):
        raise PermanentFailure("The signer changed bytes that were already looked at; the letter was not kept.")
    return room.vault.put(signed)


def _let_go(room: SigningRoom, job: _Job) -> None:
    if room.ring is not None:
        room.ring.let_go(job.pile_id)


def _row(job: _Job, stored: Stored, now: datetime) -> Letter:
    done = job.endorsement
    return Letter(
        application_id=done.application_id,
        revision=done.revision,
        ordinal=done.ordinal,
        sha256=stored.sha256,
        size=stored.size,
        parent_sha256=job.parent_sha256,
        made_at=now,
    )
