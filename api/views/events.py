"""The audit trail of one case."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from api.cursors import after_number, encode
from api.shapes import EventPage, EventShape
from models.tables.cases import Event
from models.tables.people import Person


def page(session: Session, application_id: UUID, limit: int, cursor: str) -> EventPage:
    """A page of events, oldest first. Raises MalformedRequest for a foreign cursor."""
    after = after_number(cursor) if cursor else 0
    rows = session.exec(
        select(Event, Person.name)
        .outerjoin(Person, col(Person.id) == col(Event.actor_id))
        .where(Event.application_id == application_id, Event.id > after)
        .order_by(col(Event.id))
        .limit(limit + 1)
    ).all()
    items = [_event(event, name) for event, name in rows[:limit]]
    return EventPage(items=items, next=encode(items[-1].id) if len(rows) > limit else None)


def _event(row: Event, name: str | None) -> EventShape:
    values = row.model_dump(include=set(EventShape.model_fields) - {"actor"})
    return EventShape(**values, actor=name or row.actor)
