"""A passkey instead of the signing passphrase: where no key is needed, or where the official left its passphrase here.

A key file opens by its passphrase alone, so a passkey can not stand for it by itself. Whoever wants it to be enough
leaves the passphrase with the office, sealed to the signing worker: the counter that asks for the passkey can not open
it. A paraf that the SOP has recorded and not signed needs no key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from models.rules.errors import Forbidden, InvalidInput, WrongPassphrase
from models.rules.roles import Actor, person_of
from models.services.casework import record
from models.services.definitions import pinned_sop
from models.services.endorse import (
    Desk,
    Kind,
    PileOutcome,
    active_key,
    case_of,
    kept_context,
    pile_context,
    put_pile,
    refuse_odd_pile,
)
from models.services.inputs import PileLetter
from models.services.passkeys import passkeys_of
from models.services.sign_in import SignInRoom
from models.services.step_up import WRONG, Shown, prove, subject_of
from models.tables.cases import Application
from models.tables.people import SigningKey

KEY_NEEDED = "Kunci tanda tangan Anda dibuka dengan kata sandinya. Passkey belum dapat membukanya."


def pile_subject(kind: Kind, letters: Sequence[PileLetter]) -> str:
    """What a passkey is asked for: these letters as they were looked at, and this act."""
    return subject_of(
        "pile", [kind, *sorted(f"{one.application_id}.{one.version}.{one.blanko_sha256}" for one in letters)]
    )


def passkey_suffices(session: Session, person_id: UUID, kind: Kind, cases: Sequence[UUID], now: datetime) -> bool:
    """Whether the person has a passkey and nothing else is needed for these letters."""
    if not passkeys_of(session, person_id):
        return False
    return _keeps(session, person_id, now) is not None or not _need_key(session, kind, cases)


def endorse_pile_by_passkey(
    desk: Desk, room: SignInRoom, actor: Actor, kind: Kind, letters: Sequence[PileLetter], shown: Shown
) -> PileOutcome:
    """Paraf or sign a pile after a passkey that was asked for this very pile; see `endorse_pile`.

    Raises Forbidden where a passkey is not enough, WrongPassphrase where it does not hold: nothing has moved.
    """
    refuse_odd_pile(letters)
    with desk.db.transaction() as session:
        seal = _seal_for(session, desk, person_of(actor), kind, [case_of(one) for one in letters])
    if not shown.answer:
        raise WrongPassphrase("The passkey gave no answer; nothing has moved.")
    prove(room, actor, pile_subject(kind, letters), shown)
    with desk.db.transaction() as session:
        return put_pile(session, desk, actor, kind, letters, seal, "passkey")


def _seal_for(
    session: Session, desk: Desk, person_id: UUID, kind: Kind, cases: Sequence[UUID]
) -> Callable[[UUID], bytes]:
    kept = _keeps(session, person_id, desk.clock.now())
    if kept is not None:
        return lambda _pile: kept
    if _need_key(session, kind, cases):
        raise Forbidden(KEY_NEEDED)
    # Nothing is opened with it; a pile that is under way holds something.
    return lambda pile_id: desk.sealer.seal("", pile_context(pile_id))


def _keeps(session: Session, person_id: UUID, now: datetime) -> bytes | None:
    key = active_key(session, person_id, now)
    return key.kept_secret if key is not None else None


def _need_key(session: Session, kind: Kind, cases: Sequence[UUID]) -> bool:
    if kind == "signature":
        return True
    pinned = session.exec(select(Application.sop_id).where(col(Application.id).in_(cases)).distinct()).all()
    return any(one is None or pinned_sop(session, one).paraf_mode == "signed" for one in pinned)


def kept_state(session: Session, person_id: UUID, now: datetime) -> str:
    """`none` without a key that opens by a passphrase, else `kept` or `asked`."""
    key = active_key(session, person_id, now)
    if key is None or not key.passphrase_hash:
        return "none"
    return "asked" if key.kept_secret is None else "kept"


def keep_passphrase(desk: Desk, actor: Actor, passphrase: str) -> None:
    """Leave the passphrase of one's key with the signing worker, so that a passkey is enough from now on.

    Raises WrongPassphrase, InvalidInput for whoever has no passkey, Forbidden for whoever has no such key.
    """
    now, person_id = desk.clock.now(), person_of(actor)
    with desk.db.transaction() as session:
        key = _own_key(session, person_id, now)
        if not desk.hasher.verify(passphrase, key.passphrase_hash):
            raise WrongPassphrase(WRONG)
        if not passkeys_of(session, person_id):
            raise InvalidInput("Anda belum mempunyai passkey. Tambah passkey dahulu, lalu ulangi.")
        key.kept_secret = desk.sealer.seal(passphrase, kept_context(key.id))
        session.add(key)
        record(session, "signing_secret_kept", at=now, actor=actor, detail={"key_id": str(key.id)})


def withdraw_passphrase(desk: Desk, actor: Actor) -> None:
    """Take it back: the passphrase is asked for at each pile again. Raises Forbidden."""
    now = desk.clock.now()
    with desk.db.transaction() as session:
        key = _own_key(session, person_of(actor), now)
        key.kept_secret = None
        session.add(key)
        record(session, "signing_secret_withdrawn", at=now, actor=actor, detail={"key_id": str(key.id)})


def _own_key(session: Session, person_id: UUID, now: datetime) -> SigningKey:
    key = active_key(session, person_id, now)
    if key is None or not key.passphrase_hash:
        raise Forbidden("Anda tidak mempunyai kunci tanda tangan yang dibuka dengan kata sandi.")
    return session.get_one(SigningKey, key.id, with_for_update=True)
