"""Where a person is signed in, and ending a sign-in from another device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from api.sessions import token_hash
from api.wiring import ApiOffice
from models.rules.errors import NotFound
from models.tables.people import LoginSession

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """A live session; `here` is the one that asks."""

    id: UUID
    name: str
    address: str
    since: datetime
    seen_at: datetime
    here: bool


def devices_of(office: ApiOffice, person_id: UUID, token: str) -> list[Device]:
    """The live sessions of a person, last used first."""
    now = office.clock.now()
    idle = timedelta(minutes=office.settings.session_idle_minutes)
    with office.db.transaction() as session:
        rows = session.exec(
            select(LoginSession)
            .where(LoginSession.person_id == person_id, col(LoginSession.revoked_at).is_(None))
            .where(LoginSession.expires_at > now, LoginSession.seen_at > now - idle)
            .order_by(col(LoginSession.seen_at).desc(), col(LoginSession.id).desc())
        ).all()
    mine = token_hash(token)
    return [
        Device(row.id, device_name(row.device), row.address, row.created_at, row.seen_at, row.token_sha256 == mine)
        for row in rows
    ]


def end_device(office: ApiOffice, person_id: UUID, session_id: UUID) -> None:
    """End one session of the person; raises NotFound for anybody else's."""
    with office.db.transaction() as session:
        row = session.get(LoginSession, session_id)
        if row is None or row.person_id != person_id:
            raise NotFound("There is no session of yours with this id.")
        row.revoked_at = row.revoked_at or office.clock.now()
        session.add(row)


def end_other_devices(office: ApiOffice, person_id: UUID, token: str) -> int:
    """End every session of the person but the one that asks; returns how many."""
    now = office.clock.now()
    with office.db.transaction() as session:
        rows = session.exec(
            select(LoginSession)
            .where(LoginSession.person_id == person_id, col(LoginSession.revoked_at).is_(None))
            .where(LoginSession.token_sha256 != token_hash(token))
        ).all()
        for row in rows:
            row.revoked_at = now
            session.add(row)
        return len(rows)


def device_name(agent: str) -> str:
    """`Chrome di Android` of a User-Agent; programs show what they call themselves."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} di {system}"
    return browser or system or agent[:40] or "Perangkat tanpa nama"
