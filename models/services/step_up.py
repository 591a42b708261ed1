"""Step-up: before what can not be taken back, the person shows once more that it is he, with the subject before him.

An official types his signing passphrase, everybody else his password; or he shows a passkey that was asked for this
very subject. Nothing has moved before that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from models.rules.errors import NotSignedIn, WrongPassphrase
from models.rules.roles import Actor, person_of
from models.services import passkeys
from models.services.casework import record
from models.services.endorse import active_key
from models.services.sign_in import SignInRoom
from models.tables.people import Person

ACCOUNT = "account:"
"""What a change to one's own sign-in is for: the password speaks for it, not the signing passphrase."""
WRONG = "Kata sandi salah. Belum ada yang berubah; ketik lagi."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person gives at a step-up: a secret, or a passkey's answer with its token."""

    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)


def subject_of(purpose: str, parts: Iterable[object]) -> str:
    """What a step-up is for, in one word: the same act on the same things, and nothing else, gives the same."""
    text = "\x1f".join(str(part) for part in parts)
    return f"{purpose}:{hashlib.sha256(text.encode()).hexdigest()}"


def ask_passkey(room: SignInRoom, actor: Actor, subject: str) -> tuple[str, str]:
    """A token and the browser's options, good for this subject alone."""
    return passkeys.begin_check(room, person_of(actor), subject)


def prove(room: SignInRoom, actor: Actor, subject: str, shown: Shown) -> None:
    """Raises WrongPassphrase, told at once and before anything moved; a proof is kept as an event."""
    person_id = person_of(actor)
    if shown.answer:
        means = _by_passkey(room, person_id, subject, shown)
    else:
        means = _by_secret(room, person_id, shown.secret, own_account=subject.startswith(ACCOUNT))
    with room.db.transaction() as session:
        detail = {"purpose": subject.partition(":")[0], "means": means}
        record(session, "step_up", at=room.clock.now(), actor=actor, detail=detail)


def _by_passkey(room: SignInRoom, person_id: UUID, subject: str, shown: Shown) -> str:
    try:
        passkeys.check(room, shown.token, shown.answer, person_id, subject)
    except NotSignedIn as error:
        raise WrongPassphrase(str(error)) from error
    return "passkey"


def _by_secret(room: SignInRoom, person_id: UUID, secret: str, own_account: bool) -> str:
    with room.db.transaction() as session:
        key = None if own_account else active_key(session, person_id, room.clock.now())
        signing = key.passphrase_hash if key is not None else ""
        hashed = signing or session.get_one(Person, person_id).password_hash
    if not secret or not hashed or not room.hasher.verify(secret, hashed):
        raise WrongPassphrase(WRONG)
    return "passphrase" if signing else "password"
