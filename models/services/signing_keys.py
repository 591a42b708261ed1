"""Officials' signing keys on record: registered from a key file, taken back, and watched for their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, KeyKind, Sealer, SecretHasher
from models.rules.errors import InvalidInput, NotFound
from models.rules.roles import ADMIN, Actor, require_role
from models.services.apply import key_context
from models.services.casework import record
from models.tables.people import Person, SigningKey

ENDS_SOON = timedelta(days=30)
MIN_PASSPHRASE = 12


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key file says: its certificate as PEM, whom it names, and its end."""

    certificate_pem: str
    subject: str
    not_after: datetime


class KeyReader(Protocol):
    """Opens a PKCS#12 file."""

    def read(self, data: bytes, passphrase: str) -> KeyFacts:
        """Raises WrongPassphrase, or InvalidInput for what is no key file."""
        ...


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What registering a key needs. The sealer's other half is the signing worker's alone."""

    db: Database
    clock: Clock
    sealer: Sealer
    hasher: SecretHasher
    reader: KeyReader


def register_key(desk: KeyDesk, actor: Actor, person_id: UUID, data: bytes, passphrase: str) -> KeyFacts:
    """Keep an official's PKCS#12 for the signing worker; his earlier keys stay until they are revoked.

    Raises Forbidden, WrongPassphrase, InvalidInput, NotFound.
    """
    require_role(actor, ADMIN)
    facts, now = desk.reader.read(data, passphrase), desk.clock.now()
    if facts.not_after <= now:
        raise InvalidInput("Sertifikat dalam berkas ini sudah berakhir. Minta yang baru.")
    if len(passphrase) < MIN_PASSPHRASE:
        raise InvalidInput(f"Kata sandi berkas kunci paling sedikit {MIN_PASSPHRASE} huruf. Buat ulang berkasnya.")
    with desk.db.transaction() as session:
        person = session.get(Person, person_id)
        if person is None or not person.active:
            raise NotFound("There is no such person.")
        session.add(
            SigningKey(
                person_id=person_id,
                kind=KeyKind.SOFT.value,
                certificate_pem=facts.certificate_pem,
                material=desk.sealer.seal(data.hex(), key_context(person_id)),
                passphrase_hash=desk.hasher.hash(passphrase),
                not_after=facts.not_after,
                created_at=now,
            )
        )
        detail = {"person_id": str(person_id), "not_after": facts.not_after.isoformat()}
        record(session, "signing_key_registered", at=now, actor=actor, detail=detail)
    return facts


def revoke_key(desk: KeyDesk, actor: Actor, key_id: UUID) -> None:
    """Nothing is signed with it any more; letters that it signed stay valid. Raises Forbidden, NotFound."""
    require_role(actor, ADMIN)
    now = desk.clock.now()
    with desk.db.transaction() as session:
        row = session.get(SigningKey, key_id, with_for_update=True)
        if row is None:
            raise NotFound("There is no such key.")
        row.revoked_at = row.revoked_at or now
        session.add(row)
        detail = {"person_id": str(row.person_id), "key_id": str(key_id)}
        record(session, "signing_key_revoked", at=now, actor=actor, detail=detail)


def keys_on_record(session: Session) -> list[tuple[SigningKey, Person]]:
    """Every key with its holder, those in force first."""
    rows = session.exec(
        select(SigningKey, Person)
        .join(Person, col(Person.id) == col(SigningKey.person_id))
        .order_by(col(SigningKey.revoked_at).is_not(None), col(Person.name), col(SigningKey.created_at).desc())
    )
    return [(key, person) for key, person in rows]


def ending_soon(session: Session, now: datetime, person_id: UUID | None = None) -> list[tuple[Person, datetime]]:
    """Whose newest key, the one that he signs with, ends within thirty days or has ended."""
    wanted = (
        select(SigningKey, Person)
        .join(Person, col(Person.id) == col(SigningKey.person_id))
        .where(col(SigningKey.revoked_at).is_(None), col(Person.active))
        .order_by(col(SigningKey.created_at), col(SigningKey.id))
    )
    if person_id is not None:
        wanted = wanted.where(SigningKey.person_id == person_id)
    last = {person.id: (person, key.not_after) for key, person in session.exec(wanted)}
    return [(person, end) for person, end in last.values() if end - now <= ENDS_SOON]
