"""Other systems and their keys, for admins: a key's text is answered once, at its making."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from api.actors import Office, Staff
from api.idempotency import Asked, once
from models.rules.roles import ADMIN, require_role
from models.services import api_keys
from models.services.api_keys import ClientInput, KeyInput, NewKey
from models.tables.clients import ApiKey

router = APIRouter(prefix="/v1", tags=["keys"])
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", examples=["5f0c1d2e3a4b"])]


class KeyShape(BaseModel):
    """A key as it is listed; its secret is known to its holder alone."""

    id: str
    scopes: list[str]
    must_sign: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ClientShape(BaseModel):
    """A system on record with its keys, the newest first."""

    id: UUID
    name: str
    contact: str
    rate_per_minute: int
    keys: list[KeyShape]


class ClientList(BaseModel):
    """Every system on record."""

    items: list[ClientShape]


class ClientAdded(BaseModel):
    """The id of a new system."""

    id: UUID


class KeyMade(BaseModel):
    """`key` goes into `Authorization: Bearer`; `signing_secret` is "" when the key need not sign. Told this once."""

    id: str
    client_id: UUID
    expires_at: datetime
    key: str
    signing_secret: str


@router.get("/clients", operation_id="listClients", summary="Other systems and their keys")
def list_clients(actor: Staff, office: Office) -> ClientList:
    """Admins."""
    require_role(actor, ADMIN)
    with office.db.transaction() as session:
        return ClientList(
            items=[
                ClientShape(
                    **row.model_dump(include={"id", "name", "contact", "rate_per_minute"}),
                    keys=[_shape(key) for key in keys],
                )
                for row, keys in api_keys.clients(session)
            ]
        )


@router.post("/clients", operation_id="addClient", status_code=201, summary="Put a system on record")
@once(201)
def add_client(
    given: ClientInput,
    actor: Staff,
    response: Response,  # noqa: ARG001 - `once` takes it
    office: Office,
    asked: Asked,  # noqa: ARG001 - the same
) -> ClientAdded:
    """Admins."""
    return ClientAdded(id=api_keys.add_client(office.key_room, actor, given))


@router.post("/clients/{client_id}/keys", operation_id="createKey", status_code=201, summary="Make a key")
@once(201)
def create_key(
    client_id: UUID,
    given: KeyInput,
    actor: Staff,
    response: Response,  # noqa: ARG001 - `once` takes it
    office: Office,
    asked: Asked,  # noqa: ARG001 - the same
) -> KeyMade:
    """Admins. At most two keys of a system live at once."""
    return _made(api_keys.create_key(office.key_room, actor, client_id, given))


@router.post("/keys/{key_id}/rotation", operation_id="rotateKey", status_code=201, summary="A new key for an old one")
@once(201)
def rotate_key(
    key_id: KeyId,
    actor: Staff,
    response: Response,  # noqa: ARG001 - `once` takes it
    office: Office,
    asked: Asked,  # noqa: ARG001 - the same
) -> KeyMade:
    """Admins. The old key goes on for seven days at most."""
    return _made(api_keys.rotate_key(office.key_room, actor, key_id))


@router.delete("/keys/{key_id}", operation_id="revokeKey", status_code=204, summary="Revoke a key")
def revoke_key(key_id: KeyId, actor: Staff, office: Office) -> None:
    """Admins. It opens nothing from then on."""
    api_keys.revoke_key(office.key_room, actor, key_id)


def _shape(key: ApiKey) -> KeyShape:
    values = key.model_dump(include=set(KeyShape.model_fields) - {"must_sign"})
    return KeyShape(**values, must_sign=key.signing_secret is not None)


def _made(key: NewKey) -> KeyMade:
    return KeyMade(
        id=key.id,
        client_id=key.client_id,
        expires_at=key.expires_at,
        key=key.text,
        signing_secret=key.signing_secret,
    )
