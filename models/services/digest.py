"""The daily digest of those who put parafs and sign: what waits for them, and what is near its promise or past it.

Once a working day, from seven o'clock on; who has nothing waiting hears nothing. Counted when it is sent, not before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from models.db import Database
from models.ports import Clock
from models.rules.moments import moment_in_words
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.stages import Stage
from models.rules.working_time import Calendar
from models.services.definitions import pinned_sop
from models.services.heartbeat import beat
from models.services.tell_official import StaffPost, Told, note, pile_told
from models.services.tell_official import tell_official as _tell
from models.tables.cases import Application
from models.tables.desks import PutOff
from models.tables.people import Person, RoleGrant
from models.tables.work import StaffMessage

HEARTBEAT: Final = "digests"
FROM: Final = time(7, 0)
SOON_MINUTES: Final = 240
"""Working minutes before the promise in which a letter is near it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    case_id: UUID
    revision: int
    number: str
    promised_at: datetime | None


def send_digests(db: Database, clock: Clock, calendar: Calendar) -> int:
    """Note today's digest for each official with work; returns how many. Safe to run at any time and twice."""
    now = clock.now()
    local, noted = now.astimezone(JAKARTA), 0
    if local.time() >= FROM and calendar.is_working_day(local.date(), "back_office"):
        with db.transaction() as session:
            waiting = _by_role(session)
            for person, roles in _holders(session, set(waiting), now):
                if _of(session, person.id, roles, waiting, now):
                    noted += note(session, person, "digest", f"{person.id}:{local.date()}", now)
    beat(db, clock, HEARTBEAT, f"noted={noted}")
    return noted


def tell_official(
    db: Database, clock: Clock, post: StaffPost, calendar: Calendar, message_id: UUID, generation: int
) -> bool:
    """Send one message to an official: how a pile went, or his digest."""

    def write(session: Session, row: StaffMessage) -> Told | None:
        if row.pile_id is not None:
            return pile_told(session, row.pile_id)
        return digest_told(session, calendar, row.person_id, clock.now())

    return _tell(db, clock, post, write, message_id, generation)


def digest_told(session: Session, calendar: Calendar, person_id: UUID, now: datetime) -> Told | None:
    """What waits for one official now; None when nothing does."""
    by_role = _by_role(session)
    holders = {person.id: roles for person, roles in _holders(session, set(by_role), now)}
    found = _of(session, person_id, holders.get(person_id, set()), by_role, now)
    if not found:
        return None
    promised = sorted((one.promised_at, one.number) for one in found if one.promised_at is not None)
    late = [one for one in promised if one[0] <= now]
    soon = [one for one in promised if one[0] > now and _near(calendar, now, one[0])]
    words = [(number, f"dijanjikan {moment_in_words(at)}") for at, number in (*late, *soon)]
    return Told("/tinjau", waiting=len(found), late=len(late), soon=len(soon), lines=words)


def _near(calendar: Calendar, now: datetime, promised: datetime) -> bool:
    return calendar.working_minutes_between(now, promised, "back_office") <= SOON_MINUTES


def _by_role(session: Session) -> Mapping[str, list[_Waiting]]:
    """Letters that wait for a paraf or a signature, by the role whose turn it is."""
    found: dict[str, list[_Waiting]] = defaultdict(list)
    waiting = (Stage.AWAITING_PARAF.value, Stage.AWAITING_SIGNATURE.value)
    statement = select(Application).where(col(Application.stage).in_(waiting), col(Application.sop_id).is_not(None))
    for case in session.exec(statement):
        if case.sop_id is None:
            continue
        sop = pinned_sop(session, case.sop_id)
        signing = case.stage == Stage.AWAITING_SIGNATURE
        role = sop.signatory if signing else sop.initiallers[case.paraf_next - 1]
        found[role].append(_Waiting(case.id, case.revision, case.registration_number or "", case.promised_at))
    return found


def _holders(session: Session, roles: set[str], now: datetime) -> list[tuple[Person, set[str]]]:
    """Who holds these roles today and can be written to."""
    today = jakarta_date(now)
    still: ColumnElement[bool] = or_(col(RoleGrant.valid_until).is_(None), col(RoleGrant.valid_until) >= today)
    rows = session.exec(
        select(Person, RoleGrant.role)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .where(col(RoleGrant.role).in_(roles), RoleGrant.valid_from <= today, still)
        .where(col(Person.active), Person.email != "")
        .order_by(col(Person.id))
    ).all()
    people = {person.id: person for person, _ in rows}
    held: dict[UUID, set[str]] = defaultdict(set)
    for person, role in rows:
        held[person.id].add(role)
    return [(people[person_id], mine) for person_id, mine in held.items()]


def _of(
    session: Session, person_id: UUID, roles: set[str], waiting: Mapping[str, list[_Waiting]], now: datetime
) -> list[_Waiting]:
    later = select(PutOff.application_id, PutOff.revision).where(
        PutOff.person_id == person_id, PutOff.until > jakarta_date(now)
    )
    put_off = set(session.exec(later).all())
    mine = (one for role in sorted(roles) for one in waiting.get(role, []))
    return [one for one in mine if (one.case_id, one.revision) not in put_off]
