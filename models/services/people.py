"""People, the roles they hold today, and who an official is on a given day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from models.rules.errors import InvalidInput
from models.rules.letter import Official
from models.rules.roles import Actor
from models.tables.people import Person, RoleGrant


@dataclass(frozen=True, slots=True)
class Post:
    """An official in a post on a day: the person, the grant that says so, and how a letter prints them."""

    person_id: UUID
    grant_id: UUID
    role: str
    official: Official

    def as_row(self) -> dict[str, Any]:
        """As it is kept beside a blanko."""
        o = self.official
        words = {"name": o.name, "title": o.title, "rank": o.rank, "nip": o.nip, "acting": o.acting}
        return {"person_id": str(self.person_id), "role": self.role, **words}


def official_from(row: Mapping[str, Any]) -> Official:
    """The official kept beside a blanko."""
    return Official(row["name"], row["title"], row["rank"], row["nip"], row["acting"])


def grants_on(session: Session, person_id: UUID, day: date) -> list[RoleGrant]:
    """The roles that a person holds on a day."""
    return list(
        session.exec(
            select(RoleGrant)
            .where(RoleGrant.person_id == person_id, RoleGrant.valid_from <= day)
            .where(or_(col(RoleGrant.valid_until).is_(None), col(RoleGrant.valid_until) >= day))
        )
    )


def actor_of(session: Session, person: Person, day: date) -> Actor:
    """The person as an actor with the roles of that day."""
    roles = frozenset(grant.role for grant in grants_on(session, person.id, day))
    return Actor(person.name, roles if person.active else frozenset(), person.id)


def post_of(session: Session, role: str, day: date) -> Post:
    """Who holds a post on a day; an acting official (Plt./Plh.) goes before the one he stands in for.

    Raises InvalidInput when nobody does.
    """
    rows = session.exec(
        select(RoleGrant, Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(RoleGrant.role == role, RoleGrant.valid_from <= day, col(Person.active))
        .where(or_(col(RoleGrant.valid_until).is_(None), col(RoleGrant.valid_until) >= day))
        .order_by(col(RoleGrant.acting).desc(), col(RoleGrant.valid_from).desc(), col(RoleGrant.id).desc())
    ).first()
    if rows is None:
        raise InvalidInput(f"Nobody holds the role {role} on {day.isoformat()}: an admin must grant it first.")
    return _post(*rows)


def post_held_by(session: Session, person_id: UUID, role: str, day: date) -> Post | None:
    """The post as one person holds it on a day, None when he does not."""
    for grant in grants_on(session, person_id, day):
        person = session.get(Person, person_id)
        if grant.role == role and person is not None and person.active:
            return _post(grant, person)
    return None


def _post(grant: RoleGrant, person: Person) -> Post:
    official = Official(person.name, person.title, person.rank, person.nip, grant.acting)
    return Post(person.id, grant.id, grant.role, official)
