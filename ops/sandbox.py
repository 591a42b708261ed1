"""A sandbox for integrators: a system of the local office with keys of its own, never in production.

`sandbox.env` among the office's secrets holds them, to be read by a shell (`. var/secrets/sandbox.env`); the keys stay
the same as long as they live, the address is that of the office which is open now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlmodel import select

from models.db import Database
from models.rules.errors import DefinitionError
from models.rules.numbering import jakarta_date
from models.rules.roles import ADMIN, Actor
from models.services.api_keys import ClientInput, KeyInput, KeyRoom, NewKey, add_client, create_key, live_keys
from models.services.api_keys import revoke_key as revoke
from models.services.people import actor_of
from models.tables.clients import ApiClient
from models.tables.people import Person
from ops.home import write_private
from ops.office import LocalOffice
from workers.adapters.clock import SystemClock
from workers.adapters.text_cipher import AesTextCipher

NAME: Final = "Sandbox"
SCOPES: Final = ["read:*", "write:*", "batch:*"]
_NAMES: Final = ("SANDBOX_URL", "SANDBOX_KEY", "SANDBOX_SIGNING_KEY", "SANDBOX_SIGNING_SECRET")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`key` needs no signature; batches sent with `signing_key` are signed with `signing_secret`."""

    url: str
    key: str
    signing_key: str
    signing_secret: str

    def lines(self) -> list[str]:
        """What a shell reads."""
        values = (self.url, self.key, self.signing_key, self.signing_secret)
        return [f"export {name}={value}" for name, value in zip(_NAMES, values, strict=True)]


def open_sandbox(office: LocalOffice) -> Sandbox | None:
    """The sandbox of the office that is open, made at its first opening; None in production."""
    if office.settings.environment == "production":
        return None
    clock = SystemClock()
    db = Database(office.servers.database_url_app, application_name="paraf-sandbox")
    try:
        cipher = AesTextCipher(office.secrets.nik_key.read_bytes().strip())
        return sandbox_of(KeyRoom(db, clock, cipher, "test"), office.home.secrets / "sandbox.env", office.base_url)
    finally:
        db.dispose()


def sandbox_of(room: KeyRoom, file: Path, url: str) -> Sandbox:
    """The keys in `file` while they live, else new ones; `file` names `url` afterwards. Raises DefinitionError for a
    room whose keys are good for a real office."""
    if room.environment != "test":
        raise DefinitionError("A sandbox has keys that everybody may read: it is not for production.")
    found = _kept(file)
    if found is None or not _lives(room, found):
        found = _made(room)
    found = Sandbox(url, found.key, found.signing_key, found.signing_secret)
    write_private(file, "\n".join(found.lines()) + "\n")
    return found


def _kept(file: Path) -> Sandbox | None:
    if not file.exists():
        return None
    pairs = (line.removeprefix("export ").partition("=") for line in file.read_text(encoding="ascii").splitlines())
    values: Mapping[str, str] = {name: value for name, _, value in pairs}
    return Sandbox(*(values[name] for name in _NAMES)) if set(_NAMES) <= set(values) else None


def _lives(room: KeyRoom, sandbox: Sandbox) -> bool:
    wanted = {key.split("_")[2] for key in (sandbox.key, sandbox.signing_key)}
    return wanted <= _live(room, _client(room))


def _live(room: KeyRoom, client_id: UUID | None) -> set[str]:
    with room.db.transaction() as session:
        return {one.id for one in live_keys(session, client_id, room.clock.now())} if client_id else set()


def _client(room: KeyRoom) -> UUID | None:
    with room.db.transaction() as session:
        return session.exec(select(ApiClient.id).where(ApiClient.name == NAME)).first()


def _made(room: KeyRoom) -> Sandbox:
    admin, client_id = _admin(room), _client(room)
    for key_id in _live(room, client_id):
        revoke(room, admin, key_id)
    if client_id is None:
        client_id = add_client(room, admin, ClientInput(name=NAME))
    plain, signing = (_key(room, admin, client_id, must_sign) for must_sign in (False, True))
    return Sandbox("", plain.text, signing.text, signing.signing_secret)


def _key(room: KeyRoom, admin: Actor, client_id: UUID, must_sign: bool) -> NewKey:
    return create_key(room, admin, client_id, KeyInput(scopes=SCOPES, must_sign=must_sign))


def _admin(room: KeyRoom) -> Actor:
    with room.db.transaction() as session:
        people = session.exec(select(Person).order_by(Person.username))
        actors = (actor_of(session, person, jakarta_date(room.clock.now())) for person in people.all())
        found = next((actor for actor in actors if ADMIN in actor.roles), None)
    if found is None:
        raise DefinitionError("No admin is on record who could give the sandbox its keys.")
    return found
