"""What is done with a batch as a whole: look, pause, resume, cancel, and see when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import NotFound, StaleVersion, WrongStage
from models.rules.roles import Actor, Verb, require_role, require_scope
from models.rules.working_time import Calendar
from models.services.batch_intake import SENDERS, TASK, TOKEN_HOLDS, USUAL_RATE, client_of, enqueue_rows
from models.services.batch_rows import GIVEN_UP, refuse_row
from models.services.casework import SYSTEM, enqueue, record
from models.services.heartbeat import beat
from models.services.webhook_events import PRIORITY, note_of_batch
from models.services.webhook_events import TASK as WEBHOOK
from models.tables.batch import Batch
from models.tables.keeping import GoneObject

WATCH: Final = "watch-batches"
BUNDLE: Final = "paraf.bundle_batch"
KEEP: Final = timedelta(days=30)
"""How long after its end a batch can be mended: then its upload and the cells of its rows go."""

_WINDOW: Final = timedelta(seconds=60)

_PLACES = """CASE
    WHEN r.state <> 'taken' THEN r.state
    WHEN l.application_id IS NOT NULL THEN 'issued'
    WHEN a.stage IN ('returned', 'lapsed') THEN 'returned'
    WHEN a.stage IN ('rejected', 'withdrawn') THEN 'rejected'
    WHEN a.stage = 'checking' THEN 'checking'
    WHEN a.stage = 'verifying' THEN 'verifying'
    WHEN a.stage IN ('awaiting_signature', 'applying_signature') THEN 'signature'
    WHEN a.stage IN ('numbering', 'assembling') THEN 'numbering'
    ELSE 'paraf' END"""
_FROM = """batch_row r LEFT JOIN application a ON a.id = r.application_id
    LEFT JOIN licence l ON l.application_id = r.application_id AND l.status = 'valid' AND l.sha256 <> ''"""
_COUNTS: Final = text(f"SELECT {_PLACES} AS place, count(*) FROM {_FROM} WHERE r.batch_id = :batch GROUP BY 1")  # noqa: S608
_OVER: Final = frozenset({"issued", "returned", "rejected", "refused", "cancelled"})
_STOP: Final = text(
    """UPDATE outbox o SET done_at = :now, error = :why FROM batch_row r
        WHERE r.batch_id = :batch AND r.state = 'waiting' AND o.subject_id = r.id AND o.task = :task
          AND o.done_at IS NULL"""
)
_CANCEL: Final = text("UPDATE batch_row SET state = 'cancelled' WHERE batch_id = :batch AND state = 'waiting'")
_STRANDED: Final = text(
    """SELECT r.id FROM batch_row r JOIN batch b ON b.id = r.batch_id
        WHERE b.state = 'running' AND r.state = 'waiting' AND NOT EXISTS (
            SELECT FROM outbox o WHERE o.subject_id = r.id AND o.task = :task AND o.done_at IS NULL)
        LIMIT 500"""
)
_ITEMS: Final = text(
    f"""SELECT r.row, r.key, {_PLACES} AS place, r.errors, r.application_id, a.registration_number
          FROM {_FROM} WHERE r.batch_id = :batch AND r.row > :after
           AND (:place = '' OR {_PLACES} = :place) ORDER BY r.row LIMIT :limit"""  # noqa: S608 - constants of ours
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a batch stands: rows by place; `rate` rows a second of the last minute; `expected` when it may end."""

    batch: Batch
    counts: dict[str, int]
    rate: float
    taken_by: datetime | None
    expected: datetime | None

    @property
    def open_rows(self) -> int:
        """Rows that are not over yet."""
        return sum(number for place, number in self.counts.items() if place not in _OVER)

    @property
    def letters(self) -> int:
        """Letters that may come of it, those that are issued included."""
        lost = ("returned", "rejected", "refused", "cancelled")
        return sum(number for place, number in self.counts.items() if place not in lost)


@dataclass(frozen=True, slots=True)
class Item:
    """One row as its sender sees it."""

    row: int
    key: str
    place: str
    errors: list[dict[str, Any]]
    application_id: UUID | None
    registration_number: str | None


def visible_batch(session: Session, actor: Actor, batch_id: UUID) -> Batch:
    """The batch, if the actor may know of it: its sender, or any staff. Raises NotFound, Forbidden."""
    require_role(actor, *SENDERS) if not actor.is_staff else None
    batch = session.get(Batch, batch_id)
    if batch is None or (not actor.is_staff and batch.client != client_of(actor)):
        raise NotFound("There is no batch with this id.")
    require_scope(actor, Verb.BATCH, batch.licence_code)
    return batch


def batches(session: Session, actor: Actor, before: UUID | None, limit: int) -> list[Batch]:
    """Committed and checked batches that the actor may know of, the newest first."""
    statement = select(Batch).order_by(col(Batch.id).desc()).limit(limit)
    if not actor.is_staff:
        require_role(actor, *SENDERS)
        statement = statement.where(Batch.client == client_of(actor))
    return list(session.exec(statement.where(col(Batch.id) < before) if before else statement))


def standing(session: Session, calendar: Calendar, batch: Batch, promise_days: int, now: datetime) -> Standing:
    """Counts, pace and expected end."""
    counts = {place: int(number) for place, number in session.execute(_COUNTS, {"batch": batch.id})}
    rate = _rate(session, batch, now)
    waiting = counts.get("waiting", 0)
    taken_by = now + timedelta(seconds=waiting / (rate or USUAL_RATE)) if waiting else None
    open_rows = sum(number for place, number in counts.items() if place not in _OVER)
    expected = calendar.deadline(taken_by or batch.committed_at or now, promise_days, ()) if open_rows else None
    return Standing(batch, counts, rate, taken_by, expected)


def _rate(session: Session, batch: Batch, now: datetime) -> float:
    if batch.committed_at is None or batch.finished_at is not None:
        return 0.0
    since = max(batch.committed_at, now - _WINDOW)
    number = session.execute(
        text("SELECT count(*) FROM batch_row WHERE batch_id = :batch AND taken_at >= :since"),
        {"batch": batch.id, "since": since},
    ).scalar_one()
    return round(int(number) / max((now - since).total_seconds(), 1.0), 2)


def items(session: Session, batch_id: UUID, after: int, limit: int, place: str = "") -> list[Item]:
    """Rows after a row, in order, perhaps of one place alone."""
    values = {"batch": batch_id, "after": after, "limit": limit, "place": place}
    return [Item(*row) for row in session.execute(_ITEMS, values)]


def pause(db: Database, clock: Clock, actor: Actor, batch_id: UUID, version: int | None = None) -> None:
    """No further row is begun; what is an application already goes its way. Raises WrongStage, StaleVersion."""
    now = clock.now()
    with db.transaction() as session:
        batch = _locked(session, actor, batch_id, version, "running")
        session.execute(_STOP, {"batch": batch.id, "task": TASK, "now": now, "why": "paused"})
        _set(session, batch, actor, "paused", now)


def resume(db: Database, clock: Clock, actor: Actor, batch_id: UUID, version: int | None = None) -> None:
    """Go on with the rows that wait. Raises WrongStage, StaleVersion."""
    now = clock.now()
    with db.transaction() as session:
        batch = _locked(session, actor, batch_id, version, "paused")
        enqueue_rows(session, batch.id, now)
        _set(session, batch, actor, "running", now)


def cancel(db: Database, clock: Clock, actor: Actor, batch_id: UUID, version: int | None = None) -> None:
    """Rows that have not begun never will; the others go on. A dry run is forgotten. Raises as `pause`."""
    now = clock.now()
    with db.transaction() as session:
        batch = _locked(session, actor, batch_id, version, "running", "paused", "checked")
        if batch.state == "checked":
            _forget(session, batch.id)
            record(session, "batch_cancelled", at=now, actor=actor, detail={"batch": str(batch.id)})
            return
        session.execute(_STOP, {"batch": batch.id, "task": TASK, "now": now, "why": "cancelled"})
        session.execute(_CANCEL, {"batch": batch.id})
        _set(session, batch, actor, "cancelled", now)


def _locked(session: Session, actor: Actor, batch_id: UUID, version: int | None, *states: str) -> Batch:
    visible_batch(session, actor, batch_id)
    require_role(actor, *SENDERS)
    batch = session.exec(
        select(Batch).where(Batch.id == batch_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if version is not None and version != batch.version:
        raise StaleVersion("The batch changed since you looked at it: reload it, and repeat the act if it is right.")
    if batch.state not in states:
        raise WrongStage(f"The batch is {batch.state}: this is only possible while it is {' or '.join(states)}.")
    return batch


def _set(session: Session, batch: Batch, actor: Actor, state: str, now: datetime) -> None:
    batch.state, batch.changed_at, batch.version = state, now, batch.version + 1
    session.add(batch)
    record(session, f"batch_{state}", at=now, actor=actor, detail={"batch": str(batch.id)})


def _forget(session: Session, batch_id: UUID) -> None:
    for table in ("batch_member", "batch_row"):
        session.execute(text(f"DELETE FROM {table} WHERE batch_id = :batch"), {"batch": batch_id})  # noqa: S608
    session.execute(text("DELETE FROM batch WHERE id = :batch"), {"batch": batch_id})


def watch(db: Database, clock: Clock) -> int:
    """See which batches have ended, give up rows that five attempts could not take, forget old dry runs.

    Returns how many batches ended. Safe to run at any time and twice.
    """
    now = clock.now()
    with db.transaction() as session:
        for row_id in session.execute(_STRANDED, {"task": TASK}).scalars().all():
            refuse_row(session, row_id, [GIVEN_UP])
        old = session.exec(
            select(Batch.id).where(Batch.state == "checked", Batch.created_at < now - TOKEN_HOLDS).limit(20)
        ).all()
        for batch_id in old:
            _let_go(session, batch_id, now)
            _forget(session, batch_id)
        over = select(Batch.id).where(col(Batch.finished_at) < now - KEEP, Batch.upload_sha256 != "").limit(20)
        for batch_id in session.exec(over).all():
            _let_go(session, batch_id, now)
        running = session.exec(
            select(Batch.id).where(col(Batch.finished_at).is_(None), col(Batch.committed_at).is_not(None))
        ).all()
    ended = sum(_end(db, batch_id, now) for batch_id in running)
    beat(db, clock, WATCH, f"open={len(running)} ended={ended}")
    return ended


def _let_go(session: Session, batch_id: UUID, now: datetime) -> None:
    """Nobody needs the upload any more: retention takes its bytes out unless another row names them."""
    batch = session.get_one(Batch, batch_id, with_for_update=True)
    values = {"data_class": "batches", "decided_at": now, "gone_at": None}
    note = insert(GoneObject).values(sha256=batch.upload_sha256, **values)
    session.execute(note.on_conflict_do_update(index_elements=["sha256"], set_=values))
    session.execute(text("DELETE FROM batch_member WHERE batch_id = :batch"), {"batch": batch_id})
    session.execute(text("UPDATE batch_row SET cells = '' WHERE batch_id = :batch"), {"batch": batch_id})
    batch.upload_sha256 = ""
    session.add(batch)
    session.flush()


def _end(db: Database, batch_id: UUID, now: datetime) -> int:
    with db.transaction() as session:
        batch = session.exec(select(Batch).where(Batch.id == batch_id).with_for_update()).one()
        counts = {place: int(number) for place, number in session.execute(_COUNTS, {"batch": batch_id})}
        if batch.finished_at is not None or batch.state == "paused" or set(counts) - _OVER:
            return 0
        batch.state = "cancelled" if batch.state == "cancelled" else "finished"
        batch.finished_at, batch.changed_at, batch.version = now, now, batch.version + 1
        session.add(batch)
        record(session, "batch_finished", at=now, actor=SYSTEM, detail={"batch": str(batch_id), "counts": counts})
        for message_id in note_of_batch(session, batch, counts, now):
            enqueue(session, WEBHOOK, message_id, 1, now, priority=PRIORITY)
        if counts.get("issued"):
            enqueue(session, BUNDLE, batch_id, 1, now, priority=8)
        return 1
