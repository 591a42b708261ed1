"""Step 3: the blanko, made from the pinned definition, the holder's data and the officials in office."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from models.db import Database
from models.ports import Clock, LetterPress, Vault
from models.rules.errors import InvalidInput, PermanentFailure
from models.rules.letter import Holder, LetterFacts, Workplace
from models.rules.numbering import jakarta_date
from models.rules.sop import Sop
from models.rules.stages import Command
from models.services.casework import holder_of
from models.services.check import current_documents
from models.services.definitions import pinned_letter, pinned_sop
from models.services.machine import Ticket, finish, run_step, still_mine
from models.services.page_images import SOON, ask_for_images
from models.services.people import Post, post_of
from models.tables.cases import Application
from models.tables.letters import Blanko


def generate_blanko(db: Database, clock: Clock, vault: Vault, press: LetterPress, ticket: Ticket) -> bool:
    """Render, store and record the blanko of the case's revision."""
    return run_step(db, clock, ticket, lambda case: _prepare(db, clock, vault, press, ticket, case))


def _prepare(db: Database, clock: Clock, vault: Vault, press: LetterPress, ticket: Ticket, case: Application) -> None:
    with db.transaction() as session:
        sop_id = _pinned(case)
        definition = pinned_letter(session, sop_id)
        posts = _posts(session, case, pinned_sop(session, sop_id), clock)
        facts = _facts(session, case, posts)
        photo_sha256 = _photo(session, case)
    photo = vault.get(photo_sha256) if photo_sha256 else None
    stored = vault.put(press.blanko(definition, facts, photo))
    with db.transaction() as session:
        found = still_mine(session, ticket)
        if found is None:
            return
        now = clock.now()
        session.add(_row(found, sop_id, stored.sha256, stored.size, facts, posts, now))
        session.flush()
        ask_for_images(session, found.id, found.revision, now, priority=SOON)
        finish(session, ticket, now, Command.FINISH_BLANKO, {"blanko_sha256": stored.sha256})


def _pinned(case: Application) -> UUID:
    if case.sop_id is None:
        raise PermanentFailure("The case has no pinned definition; it was never declared complete.")
    return case.sop_id


def _posts(session: Session, case: Application, sop: Sop, clock: Clock) -> list[Post]:
    """Initiallers in order, then the signatory. The first revision names who held the posts at completeness."""
    first = case.revision == 1 and case.complete_at is not None
    day = jakarta_date(case.complete_at if first and case.complete_at else clock.now())
    return [post_of(session, role, day) for role in (*sop.initiallers, sop.signatory)]


def _facts(session: Session, case: Application, posts: list[Post]) -> LetterFacts:
    holder = holder_of(session, case.id)
    if case.registration_number is None or case.submitted_at is None:
        raise InvalidInput("The case was never handed in.")
    return LetterFacts(
        registration_number=case.registration_number,
        application_date=jakarta_date(case.submitted_at),
        holder=Holder(holder.name, holder.birth_place, holder.birth_date, holder.sex, holder.address),
        str_number=holder.str_number,
        str_valid_until=holder.str_valid_until,
        workplace=Workplace(holder.workplace_name, holder.workplace_address, holder.place_order),
        head=posts[-1].official,
        initiallers=tuple(post.official for post in posts[:-1]),
        revision=case.revision,
    )


def _photo(session: Session, case: Application) -> str:
    for row in current_documents(session, case.id):
        if row.requirement == "pas_foto":
            return row.clean_sha256 or row.sha256
    return ""


def _row(
    case: Application,
    sop_id: UUID,
    sha256: str,
    size: int,
    facts: LetterFacts,
    posts: list[Post],
    now: datetime,
) -> Blanko:
    return Blanko(
        application_id=case.id,
        revision=case.revision,
        sha256=sha256,
        size=size,
        paraf_count=case.paraf_count,
        sop_id=sop_id,
        facts=_plain(asdict(facts)),
        officials=[post.as_row() for post in posts],
        made_at=now,
    )


def _plain(value: Any) -> Any:
    """JSON of nested facts: days become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
