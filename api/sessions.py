"""Server-side sessions: the holder has a token, the database its SHA-256; a guess costs the same whoever is named."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from api.wiring import ApiOffice
from models.rules.errors import NotSignedIn
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.services.people import actor_of
from models.tables.people import LoginSession, Person

SEEN_EVERY = timedelta(minutes=1)
"""How often the idle clock of a session is written: each request would be a write else."""

_HASHING = threading.BoundedSemaphore(4)
"""Argon2 takes much memory: a flood of sign-ins waits in line."""

WRONG = "The name or the password is wrong. Check both; the office's admin can set a new password."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a live session; `ends_at` is when it ends at the latest, `idle_at` when nobody uses it."""

    person: Person
    actor: Actor
    ends_at: datetime
    idle_at: datetime


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def check_password(office: ApiOffice, username: str, password: str) -> Person:
    """The active person of that name and password; raises NotSignedIn, after the same work for every reason."""
    with office.db.transaction() as session:
        person = session.exec(select(Person).where(Person.username == username)).one_or_none()
    known = person is not None and person.active and person.password_hash != ""
    if person is not None and person.password_until is not None and person.password_until <= office.clock.now():
        known = False
    with _HASHING:
        right = office.hasher.verify(password, person.password_hash if person and known else office.dummy_hash)
    if person is None or not known or not right:
        raise NotSignedIn(WRONG)
    return person


def begin_session(
    office: ApiOffice, person: Person, device: str, address: str, replaced: str, until: datetime | None = None
) -> tuple[str, SignedIn]:
    """A new token; the session of `replaced`, which the browser held until now, ends (no fixation).

    `until` keeps the end of a session that is only renewed.
    """
    now, token = office.clock.now(), secrets.token_urlsafe(32)
    ends_at = until or now + timedelta(hours=office.settings.session_max_hours)
    with office.db.transaction() as session:
        _revoke(session, replaced, now)
        session.add(
            LoginSession(
                token_sha256=token_hash(token),
                person_id=person.id,
                device=device[:200],
                address=address,
                created_at=now,
                seen_at=now,
                expires_at=ends_at,
            )
        )
        actor = actor_of(session, person, jakarta_date(now))
    return token, SignedIn(person, actor, ends_at, min(ends_at, now + _idle(office)))


def find_session(office: ApiOffice, token: str) -> SignedIn | None:
    """Who holds the token, None when it is unknown, revoked, too old or was idle too long."""
    now = office.clock.now()
    with office.db.transaction() as session:
        row = session.exec(
            select(LoginSession, Person)
            .join(Person, col(Person.id) == col(LoginSession.person_id))
            .where(LoginSession.token_sha256 == token_hash(token), col(LoginSession.revoked_at).is_(None))
            .where(LoginSession.expires_at > now, LoginSession.seen_at > now - _idle(office), col(Person.active))
        ).one_or_none()
        if row is None:
            return None
        login, person = row
        if now - login.seen_at >= SEEN_EVERY:
            login.seen_at = now
            session.add(login)
        actor = actor_of(session, person, jakarta_date(now))
        return SignedIn(person, actor, login.expires_at, min(login.expires_at, login.seen_at + _idle(office)))


def end_session(office: ApiOffice, token: str) -> None:
    """Sign out; an unknown token is no error."""
    with office.db.transaction() as session:
        _revoke(session, token, office.clock.now())


def _revoke(session: Session, token: str, now: datetime) -> None:
    row = session.exec(select(LoginSession).where(LoginSession.token_sha256 == token_hash(token))).one_or_none()
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
        session.add(row)


def _idle(office: ApiOffice) -> timedelta:
    return timedelta(minutes=office.settings.session_idle_minutes)
