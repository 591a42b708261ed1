"""Steps 4 to 7, the human half: an official puts a paraf, or the head signs, on one letter or a pile of them.

The passphrase is checked before anything moves, then sealed for the signing worker, for this pile alone. A passkey
instead of it: `models.services.pile_step_up`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Sealer, SecretHasher
from models.rules.errors import (
    AlreadyDone,
    Forbidden,
    InvalidInput,
    ParafError,
    StaleVersion,
    TemporaryFailure,
    WrongPassphrase,
    WrongStage,
)
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor, person_of
from models.rules.stages import TASKS, Command, Stage, decide
from models.rules.validity import valid_until
from models.services.casework import enqueue, expect_version, holder_of, lock_case, move, position_of, record
from models.services.definitions import pinned_sop
from models.services.inputs import PileLetter
from models.services.people import Post, post_held_by
from models.services.tell_official import note_pile_done
from models.tables.cases import Application
from models.tables.letters import Blanko, Endorsement, Letter, Pile, PileItem
from models.tables.people import SigningKey

Kind = Literal["paraf", "signature"]
Means = Literal["passphrase", "passkey"]
MAX_PILE = 100

_WAITING: dict[str, Stage] = {"paraf": Stage.AWAITING_PARAF, "signature": Stage.AWAITING_SIGNATURE}
_APPLYING: dict[str, Stage] = {"paraf": Stage.APPLYING_PARAF, "signature": Stage.APPLYING_SIGNATURE}
_COMMAND: dict[str, Command] = {"paraf": Command.INITIAL, "signature": Command.SIGN}


@dataclass(frozen=True, slots=True)
class Desk:
    """What an official's act needs of the world. `lifetime` is how long the sealed passphrase may be used."""

    db: Database
    clock: Clock
    sealer: Sealer
    hasher: SecretHasher
    lifetime: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LetterOutcome:
    """How one letter of a pile fared at the desk; `error` None means that the act is recorded."""

    application_id: UUID
    version: int | None
    error: ParafError | None = None


@dataclass(frozen=True, slots=True)
class PileOutcome:
    """The pile to follow, and what happened to each letter, in the order given."""

    pile_id: UUID
    letters: tuple[LetterOutcome, ...]


def endorse_one(desk: Desk, actor: Actor, kind: Kind, letter: PileLetter, passphrase: str) -> PileOutcome:
    """Paraf or sign one letter; raises what stood in the way, with nothing recorded."""
    outcome = endorse_pile(desk, actor, kind, [letter], passphrase)
    error = outcome.letters[0].error
    if error is not None:
        raise error
    return outcome


def endorse_pile(desk: Desk, actor: Actor, kind: Kind, letters: Sequence[PileLetter], passphrase: str) -> PileOutcome:
    """Paraf or sign a pile with one step-up; each letter stands or falls alone, and what stands is committed at once.

    Raises WrongPassphrase (nothing has moved), InvalidInput for an empty, too long or repeating pile.
    """
    refuse_odd_pile(letters)
    _check_passphrase(desk, person_of(actor), passphrase)
    with desk.db.transaction() as session:
        record(session, "step_up", at=desk.clock.now(), actor=actor, detail={"purpose": "pile", "means": "passphrase"})
        return put_pile(
            session, desk, actor, kind, letters, lambda pile_id: desk.sealer.seal(passphrase, pile_context(pile_id))
        )


def put_pile(
    session: Session,
    desk: Desk,
    actor: Actor,
    kind: Kind,
    letters: Sequence[PileLetter],
    seal: Callable[[UUID], bytes],
    means: Means = "passphrase",
) -> PileOutcome:
    """What follows the step-up, whatever its means; `seal` gives the pile's secret.

    In the caller's one transaction: a worker that finished the first letter would else find the pile done and wipe
    the others' secret.
    """
    pile = _open_pile(session, desk, person_of(actor), kind, seal, means)
    outcomes: dict[UUID, LetterOutcome] = {}
    # Cases are locked in one order, so that two piles with the same letters never wait for each other.
    for letter in sorted(letters, key=case_of):
        outcomes[case_of(letter)] = _endorse_in_pile(session, desk, actor, kind, letter, pile.id)
    if all(outcome.error for outcome in outcomes.values()):
        wipe(session, pile, desk.clock.now())
    return PileOutcome(pile.id, tuple(outcomes[case_of(letter)] for letter in letters))


def refuse_odd_pile(letters: Sequence[PileLetter]) -> None:
    """Raises InvalidInput for an empty, too long or repeating pile."""
    ids = [case_of(letter) for letter in letters]
    if not 1 <= len(ids) <= MAX_PILE:
        raise InvalidInput(f"A pile holds 1 to {MAX_PILE} letters; this one holds {len(ids)}. Take the rest after it.")
    if len(set(ids)) != len(ids):
        raise InvalidInput("A letter lies twice in this pile; remove one of them.")


def case_of(letter: PileLetter) -> UUID:
    """Raises InvalidInput for what is no id."""
    try:
        return UUID(letter.application_id)
    except ValueError as error:
        raise InvalidInput(f"{letter.application_id!r} is no id of an application.") from error


def _check_passphrase(desk: Desk, person_id: UUID, passphrase: str) -> None:
    with desk.db.transaction() as session:
        key = active_key(session, person_id, desk.clock.now())
    if key is None:
        raise Forbidden("You have no valid signing key; an admin must register one.")
    if key.passphrase_hash and not desk.hasher.verify(passphrase, key.passphrase_hash):
        raise WrongPassphrase("The passphrase is wrong; nothing has moved. Type it again.")


def active_key(session: Session, person_id: UUID, now: datetime) -> SigningKey | None:
    """The newest credential of a person that is neither revoked nor past its end."""
    return session.exec(
        select(SigningKey)
        .where(SigningKey.person_id == person_id, col(SigningKey.revoked_at).is_(None), SigningKey.not_after > now)
        .order_by(col(SigningKey.created_at).desc(), col(SigningKey.id).desc())
    ).first()


def _open_pile(
    session: Session, desk: Desk, person_id: UUID, kind: Kind, seal: Callable[[UUID], bytes], means: Means
) -> Pile:
    now = desk.clock.now()
    # The id is PostgreSQL's, and the seal is bound to it: so ask for it first.
    pile_id: UUID = session.execute(text("SELECT uuidv7()")).scalar_one()
    pile = Pile(
        id=pile_id,
        person_id=person_id,
        kind=kind,
        means=means,
        secret=seal(pile_id),
        created_at=now,
        expires_at=now + desk.lifetime,
    )
    session.add(pile)
    session.flush()
    return pile


def pile_context(pile_id: UUID) -> str:
    """What a pile's secret is bound to: opened for another pile, it does not open."""
    return f"pile:{pile_id}"


def kept_context(key_id: UUID) -> str:
    """What a passphrase is bound to that its official keeps with the office."""
    return f"kept:{key_id}"


def wipe(session: Session, pile: Pile, now: datetime) -> None:
    """Forget a pile's secret for good."""
    pile.secret, pile.wiped_at = None, now
    session.add(pile)


def _endorse_in_pile(
    session: Session, desk: Desk, actor: Actor, kind: Kind, letter: PileLetter, pile_id: UUID
) -> LetterOutcome:
    application_id = case_of(letter)
    try:
        with session.begin_nested():
            return LetterOutcome(application_id, _endorse(session, desk, actor, kind, letter, pile_id))
    except ParafError as error:
        return LetterOutcome(application_id, None, error)
    except IntegrityError as error:
        return LetterOutcome(application_id, None, _refused_by_the_wall(error))
    except OperationalError as error:
        if error.connection_invalidated:
            raise
        return LetterOutcome(application_id, None, TemporaryFailure("Someone holds this letter; try it again shortly."))


def _refused_by_the_wall(error: IntegrityError) -> ParafError:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    if name == "endorsement_one_person_once":
        return AlreadyDone("You already acted on this revision; another official must do this one.")
    return WrongStage(f"The database refuses this act ({name}); reload the case.")


def _endorse(session: Session, desk: Desk, actor: Actor, kind: Kind, letter: PileLetter, pile_id: UUID) -> int:
    case = lock_case(session, case_of(letter))
    if _renewed(session, desk, actor, kind, case, letter, pile_id):
        return case.version
    expect_version(case, letter.version)
    decide(position_of(case), _COMMAND[kind])
    blanko = _exact_blanko(session, case, letter.blanko_sha256)
    post = _post_for(session, desk, actor, kind, case, blanko)
    if kind == "signature":
        _refuse_no_validity(session, desk, case)
    ordinal = case.paraf_next
    now = max(desk.clock.now(), _latest(session, case, blanko))
    session.add(_row(case, kind, ordinal, post, blanko, now))
    session.flush()
    session.add(PileItem(pile_id=pile_id, application_id=case.id, revision=case.revision, ordinal=ordinal))
    detail = {"ordinal": ordinal, "blanko_sha256": blanko.sha256, "role": post.role, "acting": post.official.acting}
    move(session, case, _COMMAND[kind], actor, now, detail)
    return case.version


def _row(case: Application, kind: Kind, ordinal: int, post: Post, blanko: Blanko, now: datetime) -> Endorsement:
    return Endorsement(
        application_id=case.id,
        revision=case.revision,
        ordinal=ordinal,
        kind=kind,
        role=post.role,
        person_id=post.person_id,
        grant_id=post.grant_id,
        blanko_sha256=blanko.sha256,
        paraf_count=blanko.paraf_count,
        acted_at=now,
    )


def _exact_blanko(session: Session, case: Application, sha256: str) -> Blanko:
    blanko = session.get(Blanko, (case.id, case.revision))
    if blanko is None or blanko.sha256 != sha256:
        raise StaleVersion("The letter you looked at is not the present one: open it again, then act.")
    return blanko


def _post_for(session: Session, desk: Desk, actor: Actor, kind: Kind, case: Application, blanko: Blanko) -> Post:
    if case.sop_id is None:
        raise WrongStage("The case has no pinned definition.")
    sop = pinned_sop(session, case.sop_id)
    role = sop.signatory if kind == "signature" else sop.initiallers[case.paraf_next - 1]
    post = post_held_by(session, person_of(actor), role, jakarta_date(desk.clock.now()))
    if post is None:
        raise Forbidden(f"It is the turn of {sop.role_title(role)}; you do not hold that post today.")
    named = blanko.officials[-1]["person_id"]
    if kind == "signature" and named != str(post.person_id):
        raise Forbidden(
            f"This letter names {blanko.officials[-1]['name']} as its signer: send it back, the new blanko names you."
        )
    return post


def _refuse_no_validity(session: Session, desk: Desk, case: Application) -> None:
    # After the signature nothing can be mended: a letter that could never be valid must not get that far.
    if case.sop_id is not None:
        ends = holder_of(session, case.id).str_valid_until
        valid_until(pinned_sop(session, case.sop_id).validity, jakarta_date(desk.clock.now()), ends)


def _latest(session: Session, case: Application, blanko: Blanko) -> datetime:
    # A clock that was set back must not put an act before what it follows.
    rows = session.exec(
        select(Endorsement.acted_at).where(Endorsement.application_id == case.id, Endorsement.revision == case.revision)
    ).all()
    return max([blanko.made_at, *rows])


def _renewed(
    session: Session, desk: Desk, actor: Actor, kind: Kind, case: Application, letter: PileLetter, pile_id: UUID
) -> bool:
    """The act is recorded but its passphrase ran out before the worker came: the same person gives it again."""
    if case.stage != _APPLYING[kind]:
        return False
    own = session.get(Endorsement, (case.id, case.revision, case.paraf_next))
    if own is None or own.person_id != actor.person_id or own.blanko_sha256 != letter.blanko_sha256:
        return False
    if session.get(Letter, (case.id, case.revision, case.paraf_next)) is not None:
        return False
    now = desk.clock.now()
    if live_pile(session, case, now) is not None:
        raise AlreadyDone("Your act is recorded and is being applied; nothing more is needed.")
    session.add(PileItem(pile_id=pile_id, application_id=case.id, revision=case.revision, ordinal=case.paraf_next))
    record(session, "renew_passphrase", at=now, case=case, actor=actor)
    enqueue(session, TASKS[_APPLYING[kind]], case.id, case.version, now, priority=case.priority)
    return True


def live_pile(session: Session, case: Application, now: datetime) -> Pile | None:
    """The newest pile that still holds a usable secret of the person whose endorsement is being applied."""
    return session.exec(
        select(Pile)
        .join(PileItem, col(PileItem.pile_id) == col(Pile.id))
        .where(PileItem.application_id == case.id, PileItem.revision == case.revision)
        .where(PileItem.ordinal == case.paraf_next, col(Pile.secret).is_not(None), Pile.expires_at > now)
        .where(PileItem.state != "failed")
        .order_by(col(Pile.created_at).desc(), col(Pile.id).desc())
    ).first()


def waits_for_person(session: Session, case: Application, now: datetime) -> bool:
    """Whether an act is recorded but can not be applied until its official gives the passphrase again."""
    if case.stage not in _APPLYING.values() or case.sop_id is None:
        return False
    recorded = case.stage == Stage.APPLYING_PARAF and pinned_sop(session, case.sop_id).paraf_mode == "recorded"
    return not recorded and live_pile(session, case, now) is None


def settle_letter(
    session: Session, case: Application, state: Literal["done", "failed"], message: str, now: datetime
) -> bool:
    """Tell every pile that waits for this endorsement how it went; wipe the secrets that nothing waits for any more.

    True when one was wiped. `case` still stands at the endorsement being applied.
    """
    items = session.exec(
        select(PileItem)
        .where(PileItem.application_id == case.id, PileItem.revision == case.revision)
        .where(PileItem.ordinal == case.paraf_next, PileItem.state == "pending")
        .order_by(col(PileItem.pile_id))
    ).all()
    wiped = False
    for item in items:
        # Locked before the item changes: of two letters that end at once, the second one sees the first's end.
        pile = session.get(Pile, item.pile_id, with_for_update={"key_share": True}, populate_existing=True)
        item.state, item.message, item.done_at = state, message[:300], now
        session.add(item)
        session.flush()
        if pile is not None and pile.secret is not None and not _pending(session, pile):
            wipe(session, pile, now)
            note_pile_done(session, pile, now)
            wiped = True
    return wiped


def _pending(session: Session, pile: Pile) -> bool:
    left = select(PileItem.pile_id).where(PileItem.pile_id == pile.id, PileItem.state == "pending").limit(1)
    return session.exec(left).first() is not None
