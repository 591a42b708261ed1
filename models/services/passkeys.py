"""Passkeys of a person: registering one, showing it at the sign-in or at a step-up, and taking it away."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from models.rules.errors import InvalidInput, NotFound, NotSignedIn
from models.rules.roles import Actor, person_of
from models.services import proofs
from models.services.casework import record
from models.services.sign_in import SignInRoom
from models.tables.people import Person
from models.tables.sign_in import WebauthnCredential

UNKNOWN = "Passkey ini tidak dikenal atau tidak berlaku lagi. Pakai cara masuk yang lain."
MOST = 10


def passkeys_of(session: Session, person_id: UUID) -> list[WebauthnCredential]:
    """Those in force, oldest first."""
    return list(
        session.exec(
            select(WebauthnCredential)
            .where(WebauthnCredential.person_id == person_id, col(WebauthnCredential.revoked_at).is_(None))
            .order_by(col(WebauthnCredential.created_at), col(WebauthnCredential.id))
        )
    )


def begin_registration(room: SignInRoom, actor: Actor) -> tuple[str, str]:
    """A token, and the options that the browser hands to the authenticator. Raises InvalidInput for too many."""
    person_id = person_of(actor)
    with room.db.transaction() as session:
        known = passkeys_of(session, person_id)
        if len(known) >= MOST:
            raise InvalidInput(f"Paling banyak {MOST} passkey. Hapus yang tidak dipakai dahulu.")
        person = session.get_one(Person, person_id)
        asked = proofs.begin(session, "register", room.clock.now(), person_id=person_id)
    ids = [one.credential_id for one in known]
    return asked.token, room.passkeys.offer(person_id.bytes, person.username, person.name, asked.challenge, ids)


def register(room: SignInRoom, actor: Actor, token: str, answer: str, name: str) -> None:
    """Keep the authenticator's public key. Raises InvalidInput for an answer that does not hold."""
    now, person_id = room.clock.now(), person_of(actor)
    with room.db.transaction() as session:
        proof = proofs.take(session, token, "register", now)
        if proof.person_id != person_id:
            raise InvalidInput(proofs.OVER)
        made = room.passkeys.accept(answer, proof.challenge)
        taken = select(WebauthnCredential.id).where(WebauthnCredential.credential_id == made.credential_id)
        if session.exec(taken).first() is not None:
            raise InvalidInput("Passkey ini sudah terdaftar.")
        session.add(
            WebauthnCredential(
                person_id=person_id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                name=name[:60] or "Passkey",
                created_at=now,
            )
        )
        record(session, "second_factor_added", at=now, actor=actor, detail={"factor": "passkey"})


def revoke(room: SignInRoom, actor: Actor, person_id: UUID, passkey_id: UUID) -> None:
    """Take a passkey of this person away; raises NotFound for anybody else's."""
    now = room.clock.now()
    with room.db.transaction() as session:
        row = session.get(WebauthnCredential, passkey_id, with_for_update=True)
        if row is None or row.person_id != person_id:
            raise NotFound("There is no passkey with this id.")
        row.revoked_at = row.revoked_at or now
        session.add(row)
        detail = {"factor": "passkey", "person_id": str(person_id)}
        record(session, "second_factor_removed", at=now, actor=actor, detail=detail)


def begin_check(room: SignInRoom, person_id: UUID | None = None, subject: str = "") -> tuple[str, str]:
    """A token and the options for showing a passkey: anybody's at the sign-in, one person's at a step-up."""
    with room.db.transaction() as session:
        known = [one.credential_id for one in passkeys_of(session, person_id)] if person_id else []
        asked = proofs.begin(session, "passkey", room.clock.now(), person_id=person_id, subject=subject)
    return asked.token, room.passkeys.ask(asked.challenge, known)


def check(room: SignInRoom, token: str, answer: str, person_id: UUID | None = None, subject: str = "") -> Person:
    """Whose passkey it is. Raises NotSignedIn for one that does not hold, or is not this person's."""
    now = room.clock.now()
    try:
        with room.db.transaction() as session:
            # Taken in a transaction of its own: a challenge is good for one answer, right or wrong.
            proof = proofs.take(session, token, "passkey", now, subject=subject)
        with room.db.transaction() as session:
            return _holder(room, session, answer, proof.challenge, proof.person_id, person_id)
    except InvalidInput as error:
        raise NotSignedIn(str(error)) from error


def _holder(
    room: SignInRoom, session: Session, answer: str, challenge: bytes, asked: UUID | None, wanted: UUID | None
) -> Person:
    wanted_key = (
        select(WebauthnCredential, Person)
        .join(Person, col(Person.id) == col(WebauthnCredential.person_id))
        .where(WebauthnCredential.credential_id == room.passkeys.named(answer))
        .where(col(WebauthnCredential.revoked_at).is_(None), col(Person.active))
        .with_for_update(of=WebauthnCredential)
    )
    found = session.exec(wanted_key).one_or_none()
    if found is None or asked != wanted or (wanted is not None and found[1].id != wanted):
        raise NotSignedIn(UNKNOWN)
    key, person = found
    key.sign_count = room.passkeys.check(answer, challenge, key.public_key, key.sign_count)
    key.used_at = room.clock.now()
    session.add(key)
    return person
