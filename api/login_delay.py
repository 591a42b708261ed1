"""A growing delay after failed sign-ins and passphrases: it ends by itself and never locks for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from api.refusals import TooManyAttempts
from api.wiring import ApiOffice
from models.tables.people import LoginAttempt

# Each count stands apart from the transaction of the request: a wrong guess undoes the request, never the count.
FORGET_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, and the longest delay in seconds after more of them."""

    free: int
    longest: int


ACCOUNT = Patience(free=4, longest=60)
"""Short at most, since a stranger who knows a name could else keep its owner out."""
ADDRESS = Patience(free=20, longest=900)
"""A whole office may sit behind one address."""
PASSPHRASE = Patience(free=4, longest=300)
CODE = Patience(free=4, longest=900)


def delay_after(failures: int, patience: Patience) -> timedelta:
    """1, 2, 4 ... seconds once the free failures are used up."""
    over = failures - patience.free
    return timedelta(seconds=min(patience.longest, 2 ** min(over - 1, 20)) if over > 0 else 0)


Attempt = Mapping[str, Patience]
"""What one try is counted under: subjects and how patient we are with each."""


def of_sign_in(username: str, address: str) -> Attempt:
    """Counters of a sign-in. Names are hashed: people type passwords and NIKs into the wrong box."""
    name = hashlib.sha256(username.strip().casefold().encode()).hexdigest()[:32]
    return {f"account:{name}": ACCOUNT, f"address:{address}": ADDRESS}


def of_passphrase(person_id: UUID) -> Attempt:
    """Counter of a signing passphrase: a session that was left open must not become a place to guess."""
    return {f"passphrase:{person_id}": PASSPHRASE}


def of_code(person_id: UUID) -> Attempt:
    """Counter of one-time codes: six digits are few, so who knows the password must not try them all."""
    return {f"code:{person_id}": CODE}


def of_passkey(address: str) -> Attempt:
    """Counter of passkeys that nobody's account stands behind yet."""
    return {f"address:{address}": ADDRESS}


def refuse_blocked(office: ApiOffice, attempt: Attempt) -> bool:
    """Raises TooManyAttempts while a delay runs; else whether there are failures to forgive. Counts nothing."""
    now = office.clock.now()
    with office.db.transaction(apart=True) as session:
        rows = session.exec(select(LoginAttempt).where(col(LoginAttempt.subject).in_(attempt))).all()
    _refuse([row.blocked_until for row in rows], now)
    return any(row.failures for row in rows)


def count_attempt(office: ApiOffice, attempt: Attempt) -> None:
    """Count this try as failed before it is made, so that many at once count too; raises TooManyAttempts."""
    now = office.clock.now()
    with office.db.transaction(apart=True) as session:
        rows = [(_row(session, subject, now), attempt[subject]) for subject in sorted(attempt)]
        _refuse([row.blocked_until for row, _ in rows], now)
        for row, patience in rows:
            _add_failure(session, row, patience, now)


def _refuse(blocks: Iterable[datetime | None], now: datetime) -> None:
    seconds = max((ceil((until - now).total_seconds()) for until in blocks if until is not None), default=0)
    if seconds > 0:
        raise TooManyAttempts(f"Too many failed tries: wait {seconds} seconds, then try again.", seconds)


def forgive_attempt(office: ApiOffice, attempt: Attempt) -> None:
    """The try was right: failures are forgotten, only an address keeps those of others."""
    with office.db.transaction(apart=True) as session:
        for subject in sorted(attempt):
            row = session.get(LoginAttempt, subject, with_for_update=True)
            if row is None:
                continue
            row.failures = max(0, row.failures - 1) if attempt[subject] is ADDRESS else 0
            row.blocked_until = None
            session.add(row)


def _row(session: Session, subject: str, now: datetime) -> LoginAttempt:
    session.execute(insert(LoginAttempt).values(subject=subject, failures=0, last_at=now).on_conflict_do_nothing())
    row = session.get_one(LoginAttempt, subject, with_for_update=True)
    if now - row.last_at > FORGET_AFTER:
        row.failures, row.blocked_until = 0, None
    return row


def _add_failure(session: Session, row: LoginAttempt, patience: Patience, now: datetime) -> None:
    row.failures += 1
    row.last_at = now
    row.blocked_until = now + delay_after(row.failures, patience)
    session.add(row)
