"""Systems with a key, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from models.services.api_keys import ClientInput, KeyInput, NewKey, add_client, create_key
from tests.api.counter import Counter, Program

ALL = ("read:SIKRO", "write:SIKRO", "batch:SIKRO")


@dataclass(frozen=True)
class System:
    """A system on record, with its first key."""

    client_id: UUID
    key: NewKey


def a_system(
    counter: Counter, *scopes: str, name: str = "RS Melati", must_sign: bool = False, rate_per_minute: int = 0
) -> System:
    """A system whose key is good for `scopes`, for all verbs of SIKRO when none are named."""
    room, admin = counter.app.state.office.key_room, counter.office.actor("admin")
    client_id = add_client(room, admin, ClientInput(name=name, rate_per_minute=rate_per_minute))
    given = KeyInput(scopes=list(scopes or ALL), must_sign=must_sign)
    return System(client_id, create_key(room, admin, client_id, given))


def by_key(counter: Counter, text: str) -> Program:
    """A program that sends this key."""
    client = counter.client(Authorization=f"Bearer {text}")
    assert isinstance(client, Program)
    return client
