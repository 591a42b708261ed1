"""Messages to the office's own officials, through the outbox: one a pile that is done, one a day of what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Courier, Message
from models.rules.errors import PermanentFailure, TemporaryFailure
from models.rules.office import Office
from models.services.casework import Work, end_work, enqueue, record
from models.services.notify import CLAIM, contact_lines
from models.services.side_job import run_job
from models.staff_ports import StaffFacts, StaffRenderer
from models.tables.cases import Application
from models.tables.letters import Pile, PileItem
from models.tables.people import Person
from models.tables.work import StaffMessage

TASK: Final = "paraf.tell_official"
SHOWN: Final = 10
"""Letters that a message names; the page has them all."""

Kind = Literal["pile_done", "digest"]
ACTS: Final = {"paraf": "diparaf", "signature": "ditandatangani"}
_FAILED: Final = {"failed": "gagal", "pending": "belum sempat dikerjakan; kata sandi diminta lagi"}


@dataclass(frozen=True, slots=True)
class StaffPost:
    """What telling an official needs of the world."""

    courier: Courier
    renderer: StaffRenderer
    office: Office
    public_url: str


@dataclass(frozen=True, slots=True)
class Told:
    """The part of a message that its kind decides; `page` is where the official goes from it."""

    page: str
    act: str = ""
    done: int = 0
    failed: int = 0
    waiting: int = 0
    late: int = 0
    soon: int = 0
    lines: Sequence[tuple[str, str]] = ()


def note(
    session: Session, person: Person, kind: Kind, about: str, now: datetime, *, pile_id: UUID | None = None
) -> bool:
    """Note a message in the caller's transaction; False when it was before, or he has no address."""
    if not person.email or not person.active:
        return False
    values = {"key": f"{kind}:{about}", "kind": kind, "person_id": person.id, "pile_id": pile_id, "created_at": now}
    made = insert(StaffMessage).values(**values, error="").on_conflict_do_nothing(index_elements=["key"])
    message_id = session.execute(made.returning(col(StaffMessage.id))).scalar_one_or_none()
    if message_id is not None:
        enqueue(session, TASK, message_id, 1, now, priority=8)
    return message_id is not None


def note_pile_done(session: Session, pile: Pile, now: datetime) -> None:
    """Nothing of the pile is under way any more. A single letter that went well is seen on the page; no mail for it."""
    states = session.exec(select(PileItem.state).where(PileItem.pile_id == pile.id)).all()
    if len(states) > 1 or (states and states[0] != "done"):
        note(session, session.get_one(Person, pile.person_id), "pile_done", str(pile.id), now, pile_id=pile.id)


def pile_told(session: Session, pile_id: UUID) -> Told:
    """How a pile went: counts, and the registration numbers of what is not done."""
    pile = session.get_one(Pile, pile_id)
    rows = session.exec(
        select(PileItem.state, Application.registration_number)
        .join(Application, col(Application.id) == col(PileItem.application_id))
        .where(PileItem.pile_id == pile_id)
        .order_by(col(Application.registration_number))
    ).all()
    left = [(number or "", _FAILED[state]) for state, number in rows if state != "done"]
    return Told(f"/tinjau/tumpukan/{pile_id}", ACTS[pile.kind], len(rows) - len(left), len(left), lines=left)


Writer = Callable[[Session, StaffMessage], Told | None]
"""What a message says at this moment; None: there is nothing to say any more."""


def tell_official(
    db: Database, clock: Clock, post: StaffPost, write: Writer, message_id: UUID, generation: int
) -> bool:
    """Send one message; however often it runs there is one (see `notify.send_message`)."""
    work = Work(TASK, message_id, generation)
    return run_job(db, clock, TASK, message_id, generation, lambda: _send(db, clock, post, write, work))


def _send(db: Database, clock: Clock, post: StaffPost, write: Writer, work: Work) -> bool:
    now = clock.now()
    with db.transaction() as session:
        claimed = _claim(session, post, write, work.subject_id, now)
    if claimed is None:
        return False
    to, key, facts = claimed
    try:
        subject, text, html = post.renderer.render(facts)
        post.courier.send(Message(to, subject, text, html, key))
    except (TemporaryFailure, PermanentFailure) as error:
        with db.transaction() as session:
            row = session.get_one(StaffMessage, work.subject_id, with_for_update=True)
            row.claimed_at, row.error = None, error.code
            session.add(row)
        raise
    _sent(db, clock, work)
    return True


def _claim(
    session: Session, post: StaffPost, write: Writer, message_id: UUID, now: datetime
) -> tuple[str, str, StaffFacts] | None:
    row = session.get(StaffMessage, message_id, with_for_update=True)
    if row is None or row.sent_at is not None:
        return None
    if row.claimed_at is not None and now - row.claimed_at < CLAIM:
        raise TemporaryFailure("Another delivery is sending this message.")
    person, told = session.get_one(Person, row.person_id), write(session, row)
    if told is None or not person.email or not person.active:
        row.error = "overtaken"
        session.add(row)
        return None
    row.claimed_at = now
    session.add(row)
    return person.email, row.key, _facts(post, row.kind, person, told)


def _facts(post: StaffPost, kind: str, person: Person, told: Told) -> StaffFacts:
    office = post.office
    return StaffFacts(
        kind=kind,
        name=person.name,
        act=told.act,
        done=told.done,
        failed=told.failed,
        waiting=told.waiting,
        late=told.late,
        soon=told.soon,
        lines=tuple(told.lines[:SHOWN]),
        more=max(0, len(told.lines) - SHOWN),
        follow_url=post.public_url.rstrip("/") + told.page,
        office=office.short_name,
        office_address=f"{office.address} {office.postal_code}",
        contact=contact_lines(office),
        official_domain=office.official_domain,
    )


def _sent(db: Database, clock: Clock, work: Work) -> None:
    now = clock.now()
    with db.transaction() as session:
        end_work(session, work, now)
        row = session.get_one(StaffMessage, work.subject_id, with_for_update=True)
        if row.sent_at is None:
            row.sent_at, row.error = now, ""
            session.add(row)
            detail = {"message": row.kind, "person_id": str(row.person_id)}
            record(session, "official_told", at=now, detail=detail)
