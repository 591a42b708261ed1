"""Keys of other systems: made once and shown once, two at most that live, and what each is good for.

A key reads `paraf_<env>_<id>_<secret>`. The secret has 192 random bits, so its SHA-256 is enough at rest.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import update
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import AlreadyDone, InvalidInput, NotFound, NotSignedIn
from models.rules.roles import ADMIN, INTEGRATOR, Actor, require_role
from models.services.casework import record
from models.services.inputs import Choice, Input, Line, Whole
from models.sign_in_ports import TextCipher
from models.tables.clients import ApiClient, ApiKey

LIVE_AT_ONCE: Final = 2
"""The old key goes on while the new one is carried to where it is used."""
USED_EVERY: Final = timedelta(minutes=1)
"""How often the last use is written: each request would be a write else."""

_FORM = re.compile(r"^paraf_[a-z]{4,8}_([0-9a-f]{12})_([0-9a-f]{48})$")
Scope = Annotated[str, StringConstraints(pattern=r"^(read|write|batch):(\*|[A-Z][A-Z0-9-]{0,19})$")]


class ClientInput(Input):
    """A system that is to speak to the office. `rate_per_minute` 0 means the usual rate."""

    name: Line = Field(examples=["RS Melati"])
    contact: Annotated[str, StringConstraints(pattern=r"^$|^[^@\s]{1,64}@[^@\s]{3,190}$")] = ""
    rate_per_minute: Annotated[Whole, Field(ge=0, le=100_000)] = 0


class KeyInput(Input):
    """What a key is good for, and for how long. `must_sign`: batches need an HMAC signature beside the key."""

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=40)] = Field(examples=[["read:SIKRO", "batch:SIKRO"]])
    days: Annotated[Whole, Field(ge=1, le=730)] = 365
    must_sign: Choice = False


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """What keys need of the world; `environment` goes into the key's text."""

    db: Database
    clock: Clock
    cipher: TextCipher
    environment: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key: `text` and `signing_secret` are told now and never again."""

    id: str
    client_id: UUID
    expires_at: datetime
    text: str = field(repr=False)
    signing_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who came with a key."""

    actor: Actor
    key_id: str
    rate_per_minute: int
    must_sign: bool


def add_client(room: KeyRoom, actor: Actor, given: ClientInput) -> UUID:
    """Put a system on record; raises AlreadyDone when one of that name is."""
    require_role(actor, ADMIN)
    now = room.clock.now()
    with room.db.transaction() as session:
        if session.exec(select(ApiClient.id).where(ApiClient.name == given.name)).first() is not None:
            raise AlreadyDone(f"There is a client named {given.name} already; give that one a key.")
        row = ApiClient(**given.model_dump(), created_at=now, created_by=actor.person_id)
        session.add(row)
        session.flush()
        record(session, "api_client_added", at=now, actor=actor, detail={"client": str(row.id)})
        return row.id


def create_key(room: KeyRoom, actor: Actor, client_id: UUID, given: KeyInput) -> NewKey:
    """A key for a client; raises NotFound, InvalidInput when two of its keys live already."""
    require_role(actor, ADMIN)
    with room.db.transaction() as session:
        client = session.get(ApiClient, client_id, with_for_update=True)
        if client is None:
            raise NotFound("There is no client with this id.")
        live = live_keys(session, client_id, room.clock.now())
        if len(live) >= LIVE_AT_ONCE:
            raise InvalidInput("This client has two live keys; revoke the one that is not used, then make a new one.")
        return _make(session, room, actor, client_id, given)


def rotate_key(room: KeyRoom, actor: Actor, key_id: str, overlap: timedelta = timedelta(days=7)) -> NewKey:
    """A new key with the same scopes and length of life; the old one lives `overlap` longer at most.

    Raises NotFound, InvalidInput when it is not live or another one was made beside it already.
    """
    require_role(actor, ADMIN)
    now = room.clock.now()
    with room.db.transaction() as session:
        old = _key(session, key_id)
        session.get_one(ApiClient, old.client_id, with_for_update=True)
        live = live_keys(session, old.client_id, now)
        if key_id not in {one.id for one in live}:
            raise InvalidInput("This key is not live any more: make a new one instead.")
        if len(live) >= LIVE_AT_ONCE:
            raise InvalidInput("This client has two live keys; revoke the one that is not used first.")
        days = max(1, (old.expires_at - old.created_at).days)
        given = KeyInput(scopes=old.scopes, days=days, must_sign=old.signing_secret is not None)
        old.expires_at = min(old.expires_at, now + overlap)
        session.add(old)
        return _make(session, room, actor, old.client_id, given, replaces=key_id)


def revoke_key(room: KeyRoom, actor: Actor, key_id: str) -> None:
    """It opens nothing from now on; revoking twice is no error."""
    require_role(actor, ADMIN)
    with room.db.transaction() as session:
        row = _key(session, key_id)
        if row.revoked_at is None:
            row.revoked_at = room.clock.now()
            session.add(row)
            record(session, "api_key_revoked", at=row.revoked_at, actor=actor, detail={"key": key_id})


def clients(session: Session) -> list[tuple[ApiClient, list[ApiKey]]]:
    """Every client by name, each with its keys, the newest first."""
    keys = session.exec(select(ApiKey).order_by(col(ApiKey.created_at).desc(), col(ApiKey.id))).all()
    rows = session.exec(select(ApiClient).order_by(col(ApiClient.name))).all()
    return [(row, [key for key in keys if key.client_id == row.id]) for row in rows]


def live_keys(session: Session, client_id: UUID, now: datetime) -> Sequence[ApiKey]:
    """The keys of a client that open something now."""
    return session.exec(
        select(ApiKey).where(ApiKey.client_id == client_id, col(ApiKey.revoked_at).is_(None), ApiKey.expires_at > now)
    ).all()


def looks_like_key(token: str) -> bool:
    """Whether a bearer token is a key and no session."""
    return token.startswith("paraf_")


def holder_of_key(db: Database, clock: Clock, token: str) -> KeyHolder:
    """Who holds the key; raises NotSignedIn, in the same words for every reason but the end of its life."""
    found = _FORM.match(token)
    if found is None:
        raise NotSignedIn("This key has not the form paraf_<env>_<id>_<secret>: copy it whole.")
    now = clock.now()
    with db.transaction() as session:
        row = session.exec(
            select(ApiKey, ApiClient)
            .join(ApiClient, col(ApiClient.id) == col(ApiKey.client_id))
            .where(ApiKey.id == found[1])
        ).one_or_none()
        if row is None or not hmac.compare_digest(row[0].secret_sha256, _hash(found[2])):
            raise NotSignedIn("This key is unknown: ask the office's admin for one.")
        key, client = row
        if key.revoked_at is not None or key.expires_at <= now:
            raise NotSignedIn("This key is revoked or has expired: ask the office's admin for a new one.")
        _note_use(session, key, now)
        return KeyHolder(_actor(client, key), key.id, client.rate_per_minute, key.signing_secret is not None)


def signing_secret(session: Session, cipher: TextCipher, key_id: str) -> str:
    """What the holder of a key signs with, "" when he need not."""
    row = _key(session, key_id)
    return cipher.open(row.signing_secret, _context(key_id)) if row.signing_secret else ""


def _actor(client: ApiClient, key: ApiKey) -> Actor:
    return Actor(
        client.name,
        frozenset({INTEGRATOR}),
        client=f"client:{client.id}",
        client_id=client.id,
        scopes=frozenset(key.scopes),
    )


def _note_use(session: Session, key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
        # Not through the row: two requests at once write the same, and neither waits for a lock that is held long.
        session.execute(update(ApiKey).where(col(ApiKey.id) == key.id).values(last_used_at=now))


def _make(
    session: Session, room: KeyRoom, actor: Actor, client_id: UUID, given: KeyInput, replaces: str = ""
) -> NewKey:
    now, key_id, secret = room.clock.now(), secrets.token_hex(6), secrets.token_hex(24)
    signing = secrets.token_hex(32) if given.must_sign else ""
    row = ApiKey(
        id=key_id,
        client_id=client_id,
        secret_sha256=_hash(secret),
        signing_secret=room.cipher.seal(signing, _context(key_id)) if signing else None,
        scopes=sorted(set(given.scopes)),
        created_at=now,
        created_by=actor.person_id,
        expires_at=now + timedelta(days=given.days),
    )
    session.add(row)
    detail = {"key": key_id, "client": str(client_id), "scopes": row.scopes, "replaces": replaces}
    record(session, "api_key_made", at=now, actor=actor, detail=detail)
    text = f"paraf_{room.environment}_{key_id}_{secret}"
    return NewKey(key_id, client_id, row.expires_at, text, signing)


def _key(session: Session, key_id: str) -> ApiKey:
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no key with this id.")
    return row


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _context(key_id: str) -> str:
    return f"api key:{key_id}"
