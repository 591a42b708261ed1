"""Second factors of a person: an authenticator app, recovery codes on paper, and what he must show."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, SecretHasher
from models.rules.errors import AlreadyDone, InvalidInput, NotFound, NotSignedIn
from models.rules.roles import Actor
from models.services.casework import record
from models.sign_in_ports import OneTimeCodes, Passkeys, TextCipher
from models.tables.people import Person
from models.tables.sign_in import OneTimeCode, RecoveryCode, WebauthnCredential

WRONG_CODE = "Kode salah atau sudah dipakai. Tunggu kode berikutnya di aplikasi, lalu ketik lagi."
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


@dataclass(frozen=True, slots=True)
class SignInRoom:
    """What proving who one is needs of the world."""

    db: Database
    clock: Clock
    hasher: SecretHasher
    cipher: TextCipher
    codes: OneTimeCodes
    passkeys: Passkeys
    issuer: str


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person can show beside a password."""

    app: bool
    passkeys: int
    recovery_codes: int

    @property
    def any(self) -> bool:
        return self.app or self.passkeys > 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret for an authenticator app, not in force before a code from it was typed."""

    secret: str
    address: str


def factors_of(session: Session, person_id: UUID) -> Factors:
    """What is in force for a person."""
    app = select(OneTimeCode).where(OneTimeCode.person_id == person_id, col(OneTimeCode.confirmed_at).is_not(None))
    keys = select(func.count()).where(
        col(WebauthnCredential.person_id) == person_id, col(WebauthnCredential.revoked_at).is_(None)
    )
    codes = select(func.count()).where(col(RecoveryCode.person_id) == person_id, col(RecoveryCode.used_at).is_(None))
    return Factors(session.exec(app).first() is not None, session.exec(keys).one(), session.exec(codes).one())


def start_app(room: SignInRoom, person_id: UUID) -> Enrolment:
    """A secret to scan; asked again before it is confirmed, it is the same one. Raises AlreadyDone."""
    with room.db.transaction() as session:
        person = session.get_one(Person, person_id)
        row = session.get(OneTimeCode, person_id, with_for_update=True)
        if row is not None and row.confirmed_at is not None:
            raise AlreadyDone("Aplikasi kode sudah terpasang. Lepas dahulu, lalu pasang yang baru.")
        if row is None:
            row = OneTimeCode(person_id=person_id, secret=b"", created_at=room.clock.now())
            row.secret = room.cipher.seal(room.codes.new_secret(), _context(person_id))
            session.add(row)
        secret = room.cipher.open(row.secret, _context(person_id))
        return Enrolment(secret, room.codes.address(secret, person.username, room.issuer))


def confirm_app(room: SignInRoom, actor: Actor, person_id: UUID, code: str) -> list[str]:
    """Put the scanned secret in force; returns new recovery codes, shown this once. Raises InvalidInput."""
    now = room.clock.now()
    with room.db.transaction() as session:
        row = session.get(OneTimeCode, person_id, with_for_update=True)
        if row is None or row.confirmed_at is not None:
            raise NotFound("There is no enrolment under way.")
        step = room.codes.step_of(room.cipher.open(row.secret, _context(person_id)), _digits(code), now)
        if step is None:
            raise InvalidInput(WRONG_CODE)
        row.confirmed_at, row.last_step = now, step
        session.add(row)
        record(session, "second_factor_added", at=now, actor=actor, detail={"factor": "app"})
        return _new_codes(room, session, person_id)


def renew_recovery_codes(room: SignInRoom, actor: Actor, person_id: UUID) -> list[str]:
    """New codes for those on paper, which no longer hold."""
    with room.db.transaction() as session:
        record(session, "recovery_codes_renewed", at=room.clock.now(), actor=actor)
        return _new_codes(room, session, person_id)


def remove_app(room: SignInRoom, actor: Actor, person_id: UUID) -> None:
    """Forget a person's authenticator app and his recovery codes; by himself, or by an admin who knows him."""
    with room.db.transaction() as session:
        session.execute(delete(OneTimeCode).where(col(OneTimeCode.person_id) == person_id))
        session.execute(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
        detail = {"factor": "app", "person_id": str(person_id)}
        record(session, "second_factor_removed", at=room.clock.now(), actor=actor, detail=detail)


def check_code(room: SignInRoom, person_id: UUID, code: str) -> None:
    """A code of the app, or one from the paper, each good once. Raises NotSignedIn."""
    with room.db.transaction() as session:
        if not (_app_code(room, session, person_id, _digits(code)) or _paper_code(room, session, person_id, code)):
            raise NotSignedIn(WRONG_CODE)


def _app_code(room: SignInRoom, session: Session, person_id: UUID, code: str) -> bool:
    row = session.get(OneTimeCode, person_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        return False
    step = room.codes.step_of(room.cipher.open(row.secret, _context(person_id)), code, room.clock.now())
    if step is None or step <= row.last_step:
        return False
    row.last_step = step
    session.add(row)
    return True


def _paper_code(room: SignInRoom, session: Session, person_id: UUID, code: str) -> bool:
    wanted = (
        select(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.code_sha256 == _paper_hash(person_id, code))
        .where(col(RecoveryCode.used_at).is_(None))
        .with_for_update()
    )
    row = session.exec(wanted).one_or_none()
    if row is None:
        return False
    row.used_at = room.clock.now()
    session.add(row)
    record(session, "recovery_code_used", at=row.used_at, detail={"person_id": str(person_id)})
    return True


def _new_codes(room: SignInRoom, session: Session, person_id: UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
    made = [_spaced(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]
    now = room.clock.now()
    session.add_all(
        RecoveryCode(person_id=person_id, code_sha256=_paper_hash(person_id, one), created_at=now) for one in made
    )
    return made


def _spaced(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4)).lower()


def _paper_hash(person_id: UUID, code: str) -> bytes:
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(person_id.bytes + letters.encode()).digest()


def _digits(code: str) -> str:
    return "".join(code.split())


def _context(person_id: UUID) -> str:
    return f"one-time code:{person_id}"
