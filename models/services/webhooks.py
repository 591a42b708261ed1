"""Endpoints of other systems: registered, changed, switched off, their secrets rotated, their messages looked up.

A secret reads `whsec_...`, is told once and kept sealed. After a rotation both sign until the old one ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid4

from pydantic import Field, StringConstraints
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import Forbidden, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.roles import ADMIN, INTEGRATOR, Actor, Verb, licences_of, require_role
from models.rules.webhook_addresses import Reach, target_of
from models.rules.webhooks import PING, SECRET_BYTES, EventType, body_of, secret_text
from models.services.casework import enqueue, record
from models.services.inputs import Input
from models.services.webhook_events import PRIORITY, TASK, note
from models.sign_in_ports import TextCipher
from models.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret

MOST: Final = 10
"""Endpoints of a system."""

Reason = Literal["hand", "gone", "failing"]
Types = Annotated[list[EventType], Field(min_length=1, max_length=20, examples=[["licence.issued", "batch.finished"]])]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]

_STOP: Final = text(
    """UPDATE webhook_delivery SET state = 'stopped', next_attempt_at = NULL
        WHERE endpoint_id = :endpoint AND state = 'pending'"""
)


class EndpointInput(Input):
    """Where a system wants to be told of what."""

    url: Url = Field(examples=["https://rs.example.org/paraf"])
    types: Types
    description: Description = ""


class EndpointChange(Input):
    """What is to be different; what is left out stays. `enabled` true also takes up one that was switched off."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    enabled: bool | None = None


class Rotation(Input):
    """How long the old secret goes on signing beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


@dataclass(frozen=True, slots=True)
class WebhookRoom:
    """What endpoints need of the world."""

    db: Database
    clock: Clock
    cipher: TextCipher
    reach: Reach


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is told now and never again, and the endpoint that it signs for."""

    endpoint: WebhookEndpoint
    text: str = field(repr=False)


def register(room: WebhookRoom, actor: Actor, given: EndpointInput) -> NewSecret:
    """A new endpoint of the actor's system; raises InvalidInput for an address that may not be reached."""
    client_id = _system_of(actor)
    target_of(given.url, room.reach)
    now = room.clock.now()
    with room.db.transaction() as session:
        living = select(func.count()).where(
            WebhookEndpoint.client_id == client_id, col(WebhookEndpoint.removed_at).is_(None)
        )
        if session.exec(living).one() >= MOST:
            raise InvalidInput(f"A system has {MOST} endpoints at most: remove one that is not used.")
        row = WebhookEndpoint(**_values(given), client_id=client_id, created_at=now)
        session.add(row)
        session.flush()
        record(session, "webhook_added", at=now, actor=actor, detail=_named(row))
        return NewSecret(row, _new_secret(session, room, row.id))


def change(
    room: WebhookRoom, actor: Actor, endpoint_id: UUID, given: EndpointChange, version: int | None = None
) -> WebhookEndpoint:
    """The endpoint as it is now; raises NotFound, StaleVersion, InvalidInput."""
    now = room.clock.now()
    if actor.is_staff and given.model_fields_set - {"enabled"}:
        raise Forbidden("The office switches endpoints on and off; where a system is told of what, it says itself.")
    if given.url is not None:
        target_of(given.url, room.reach)
    with room.db.transaction() as session:
        row = _locked(session, actor, endpoint_id, version)
        for name, value in _values(given).items():
            setattr(row, name, value)
        row.version += 1
        if given.enabled is True or (given.url is not None and not row.disabled_for):
            _take_up(row)
        session.add(row)
        session.flush()
        record(session, "webhook_changed", at=now, actor=actor, detail=_named(row))
        if given.enabled is False and not row.disabled_for:
            switch_off(session, row, "hand", now, actor)
        return row


def remove(room: WebhookRoom, actor: Actor, endpoint_id: UUID, version: int | None = None) -> None:
    """Nothing more is sent to it; what was sent stays on record for its time. Raises NotFound, StaleVersion."""
    with room.db.transaction() as session:
        row = _locked(session, actor, endpoint_id, version)
        row.removed_at = room.clock.now()
        row.version += 1
        session.add(row)
        session.flush()
        session.execute(_STOP, {"endpoint": row.id})
        for one in session.exec(select(WebhookSecret).where(WebhookSecret.endpoint_id == row.id)).all():
            session.delete(one)
        record(session, "webhook_removed", at=row.removed_at, actor=actor, detail=_named(row))


def rotate(room: WebhookRoom, actor: Actor, endpoint_id: UUID, overlap: timedelta) -> NewSecret:
    """A new secret, for the endpoint's own system alone; one that was running out already ends at once."""
    _system_of(actor)
    now = room.clock.now()
    with room.db.transaction() as session:
        row = _locked(session, actor, endpoint_id, None)
        for one in session.exec(select(WebhookSecret).where(WebhookSecret.endpoint_id == row.id)).all():
            one.expires_at = now if one.expires_at is not None else now + overlap
            session.add(one)
        record(session, "webhook_secret_rotated", at=now, actor=actor, detail=_named(row))
        return NewSecret(row, _new_secret(session, room, row.id))


def ping(room: WebhookRoom, actor: Actor, endpoint_id: UUID) -> UUID:
    """Send a message that tells nothing; its id. Raises WrongStage for an endpoint that is switched off."""
    now = room.clock.now()
    with room.db.transaction() as session:
        row = _locked(session, actor, endpoint_id, None)
        _refuse_disabled(row)
        data = {"endpoint_id": str(row.id), "links": {"endpoint": f"/v1/webhooks/{row.id}"}}
        (message_id,) = note(session, [row.id], f"ping:{uuid4()}", PING, body_of(PING, now, data), now)
        enqueue(session, TASK, message_id, 1, now, priority=PRIORITY)
        return message_id


def redeliver(room: WebhookRoom, actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send a message again, under its id and with the whole schedule before it. Raises NotFound, WrongStage."""
    now = room.clock.now()
    with room.db.transaction() as session:
        endpoint = _locked(session, actor, endpoint_id, None)
        _refuse_disabled(endpoint)
        row = session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
        if row is None or row.endpoint_id != endpoint.id:
            raise NotFound("There is no delivery with this id.")
        row.state, row.next_attempt_at = "pending", now
        row.tries, row.round = 0, row.round + 1
        session.add(row)
        session.flush()
        enqueue(session, TASK, row.id, row.round, now, priority=PRIORITY)
        record(session, "webhook_redelivered", at=now, actor=actor, detail={**_named(endpoint), "message": str(row.id)})
        return row


def switch_off(session: Session, row: WebhookEndpoint, reason: Reason, now: datetime, actor: Actor) -> None:
    """Nothing is sent to a locked endpoint any more; what waited can be sent again by hand once it is taken up."""
    row.disabled_at, row.disabled_for = now, reason
    session.add(row)
    session.flush()
    session.execute(_STOP, {"endpoint": row.id})
    record(session, "webhook_disabled", at=now, actor=actor, detail={**_named(row), "reason": reason})


def endpoints(session: Session, actor: Actor, before: UUID | None, limit: int) -> Sequence[WebhookEndpoint]:
    """A system's own endpoints, an admin's all of them; the newest first."""
    require_role(actor, INTEGRATOR, ADMIN)
    statement = select(WebhookEndpoint).where(col(WebhookEndpoint.removed_at).is_(None))
    if not actor.is_staff:
        statement = statement.where(WebhookEndpoint.client_id == actor.client_id)
    if before is not None:
        statement = statement.where(col(WebhookEndpoint.id) < before)
    return session.exec(statement.order_by(col(WebhookEndpoint.id).desc()).limit(limit)).all()


def visible_endpoint(session: Session, actor: Actor, endpoint_id: UUID) -> WebhookEndpoint:
    """The endpoint, for its system and for admins; raises Forbidden, NotFound."""
    require_role(actor, INTEGRATOR, ADMIN)
    row = session.get(WebhookEndpoint, endpoint_id)
    if row is None or row.removed_at is not None or not (actor.is_staff or row.client_id == actor.client_id):
        raise NotFound("There is no webhook endpoint with this id.")
    return row


def deliveries(
    session: Session, endpoint_id: UUID, before: UUID | None, limit: int, state: str = ""
) -> Sequence[WebhookDelivery]:
    """Messages of an endpoint, the newest first."""
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        statement = statement.where(col(WebhookDelivery.id) < before)
    if state:
        statement = statement.where(WebhookDelivery.state == state)
    return session.exec(statement.order_by(col(WebhookDelivery.id).desc()).limit(limit)).all()


def delivery_of(session: Session, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """One message of an endpoint; raises NotFound."""
    row = session.get(WebhookDelivery, delivery_id)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound("There is no delivery with this id.")
    return row


def attempts_of(session: Session, delivery_ids: Sequence[UUID]) -> Sequence[WebhookAttempt]:
    """Every attempt of these messages, in order."""
    statement = select(WebhookAttempt).where(col(WebhookAttempt.delivery_id).in_(delivery_ids))
    return session.exec(statement.order_by(col(WebhookAttempt.number))).all()


def live_secrets(session: Session, cipher: TextCipher, endpoint_id: UUID, now: datetime) -> list[str]:
    """What a message to the endpoint is signed with now, the newest first."""
    rows = session.exec(
        select(WebhookSecret)
        .where(WebhookSecret.endpoint_id == endpoint_id)
        .where((col(WebhookSecret.expires_at).is_(None)) | (col(WebhookSecret.expires_at) > now))
        .order_by(col(WebhookSecret.expires_at).desc().nulls_first())
    ).all()
    return [cipher.open(row.sealed, _context(endpoint_id, row.id)) for row in rows]


def _system_of(actor: Actor) -> UUID:
    """The system that may change its endpoints: a key that only reads can not send its events elsewhere."""
    if actor.client_id is None:
        raise Forbidden("Only a system itself, by its key, registers endpoints and holds their secrets.")
    if not licences_of(actor, Verb.WRITE) | licences_of(actor, Verb.BATCH):
        raise Forbidden("This key only reads: endpoints are changed by one with a scope write:... or batch:...")
    return actor.client_id


def _locked(session: Session, actor: Actor, endpoint_id: UUID, version: int | None) -> WebhookEndpoint:
    visible_endpoint(session, actor, endpoint_id)
    if not actor.is_staff:
        _system_of(actor)
    row = session.get_one(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if version is not None and row.version != version:
        raise StaleVersion("The endpoint changed since you looked at it: reload it, then repeat what is still right.")
    return row


def _values(given: EndpointInput | EndpointChange) -> dict[str, Any]:
    found = {name: value for name, value in given.model_dump(exclude={"enabled"}).items() if value is not None}
    return {**found, "types": sorted(set(found["types"]))} if "types" in found else found


def _take_up(row: WebhookEndpoint) -> None:
    row.failures, row.failing_since, row.rest_until = 0, None, None
    row.disabled_at, row.disabled_for = None, ""


def _refuse_disabled(row: WebhookEndpoint) -> None:
    if row.disabled_for:
        raise WrongStage('The endpoint is switched off: take it up again with PATCH {"enabled": true} first.')


def _new_secret(session: Session, room: WebhookRoom, endpoint_id: UUID) -> str:
    secret_id, words = uuid4(), secret_text(secrets.token_bytes(SECRET_BYTES))
    sealed = room.cipher.seal(words, _context(endpoint_id, secret_id))
    session.add(WebhookSecret(id=secret_id, endpoint_id=endpoint_id, sealed=sealed, created_at=room.clock.now()))
    return words


def _named(row: WebhookEndpoint) -> dict[str, str]:
    # Not the address: its path may be a secret of the other side.
    return {"endpoint": str(row.id), "client": str(row.client_id)}


def _context(endpoint_id: UUID, secret_id: UUID) -> str:
    return f"webhook:{endpoint_id}:{secret_id}"
