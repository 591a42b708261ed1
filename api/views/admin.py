"""What the admin's pages read: people with their posts, mandates, events; each in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from api.cursors import after_number, encode
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.second_factor import needs_second_factor
from models.services.signing_keys import ending_soon
from models.tables.cases import Application, Event
from models.tables.people import Person, RoleGrant
from models.tables.sign_in import OneTimeCode, WebauthnCredential

PAGE = 50


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts, and who must do something."""

    active: int
    inactive: int
    without_factor: list[str]
    ending: list[tuple[Person, datetime]]
    mandates: list[tuple[RoleGrant, Person]]


@dataclass(slots=True)
class PersonRow:
    """A person with the posts of today and his second factors."""

    person: Person
    roles: list[RoleGrant] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)


def overview(session: Session, now: datetime, *, enforced: bool) -> Overview:
    """What the admin sees first."""
    rows = people(session, jakarta_date(now))
    bare = [row.person.name for row in rows if row.person.active and not row.factors and _staff(row, enforced)]
    active = sum(row.person.active for row in rows)
    return Overview(active, len(rows) - active, bare, ending_soon(session, now), mandates(session, jakarta_date(now)))


def _staff(row: PersonRow, enforced: bool) -> bool:
    return needs_second_factor((grant.role for grant in row.roles), enforced=enforced)


def people(session: Session, today: date) -> list[PersonRow]:
    """Everyone on record, those who may sign in first."""
    ordered = select(Person).order_by(col(Person.active).desc(), col(Person.name), col(Person.id))
    rows = {person.id: PersonRow(person) for person in session.exec(ordered)}
    for grant in session.exec(_today(select(RoleGrant), today).order_by(col(RoleGrant.role))):
        rows[grant.person_id].roles.append(grant)
    for person_id, names in _factors(session).items():
        rows[person_id].factors.extend(names)
    return list(rows.values())


def _today(statement: Any, today: date) -> Any:
    begun = statement.where(RoleGrant.valid_from <= today)
    return begun.where(or_(col(RoleGrant.valid_until).is_(None), col(RoleGrant.valid_until) >= today))


def _factors(session: Session) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for person_id in session.exec(select(OneTimeCode.person_id).where(col(OneTimeCode.confirmed_at).is_not(None))):
        found[person_id].append("aplikasi kode")
    keys = select(WebauthnCredential.person_id, func.count()).where(col(WebauthnCredential.revoked_at).is_(None))
    for person_id, count in session.exec(keys.group_by(col(WebauthnCredential.person_id))):
        found[person_id].append(f"{count} passkey")
    return found


def grants(session: Session, person_id: UUID) -> list[RoleGrant]:
    """Every post that a person held, holds or will hold, the latest first."""
    wanted = select(RoleGrant).where(RoleGrant.person_id == person_id)
    return list(session.exec(wanted.order_by(col(RoleGrant.valid_from).desc(), col(RoleGrant.id).desc())))


def mandates(session: Session, today: date, *, past: bool = False) -> list[tuple[RoleGrant, Person]]:
    """Mandates that hold or will, or (`past`) those that ended, the latest first."""
    ended = col(RoleGrant.valid_until) < today
    wanted = (
        select(RoleGrant, Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(RoleGrant.acting != "", ended if past else or_(col(RoleGrant.valid_until).is_(None), ~ended))
        .order_by(col(RoleGrant.valid_from).desc(), col(RoleGrant.id).desc())
        .limit(PAGE)
    )
    return [(grant, person) for grant, person in session.exec(wanted)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of the audit view; empty ones do not filter."""

    kind: str = ""
    person_id: UUID | None = None
    number: str = ""
    first: date | None = None
    last: date | None = None
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """A page of events, the latest first; `next` is the cursor of the page after it."""

    rows: list[tuple[Event, str, str]]
    next: str


def audit(session: Session, asked: Asked) -> Audit:
    """Raises MalformedRequest for a foreign cursor."""
    wanted = (
        select(Event, Person.name, Application.registration_number)
        .outerjoin(Person, col(Person.id) == col(Event.actor_id))
        .outerjoin(Application, col(Application.id) == col(Event.application_id))
        .order_by(col(Event.id).desc())
        .limit(PAGE + 1)
    )
    for condition in _conditions(asked):
        wanted = wanted.where(condition)
    found = [(event, name or event.actor, number or "") for event, name, number in session.exec(wanted)]
    more = len(found) > PAGE
    return Audit(found[:PAGE], encode(found[PAGE - 1][0].id) if more else "")


def _conditions(asked: Asked) -> list[Any]:
    found: list[Any] = []
    if asked.kind:
        found.append(Event.kind == asked.kind)
    if asked.person_id:
        found.append(Event.actor_id == asked.person_id)
    if asked.number:
        found.append(Application.registration_number == asked.number)
    if asked.first:
        found.append(Event.at >= _midnight(asked.first))
    if asked.last:
        found.append(Event.at < _midnight(asked.last + timedelta(days=1)))
    if asked.cursor:
        found.append(Event.id < after_number(asked.cursor))
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAKARTA)
