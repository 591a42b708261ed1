"""The events' hash chain: what is committed is sealed every few seconds, and vouched for outside of the database.

Acts do not wait for it: they insert their events side by side, and one job chains what has become final. The format is
written down in docs/audit.md; `ops.checker.chain` reads it anew, without this code.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import TemporaryFailure
from models.services.alone import alone
from models.services.heartbeat import beat
from models.services.issuance import release
from models.tables.audit import AuditCheckpoint, AuditSeal, AuditWatch, RegisterDay
from models.tables.columns import table_of
from models.tables.letters import NumberSeries

HEARTBEAT: Final = "audit"
AT_ONCE: Final = 2000
"""Events in one seal at most."""

_SEALS_A_RUN = 50
_LOCK = 0x5345414C  # "SEAL"
_SEALS = table_of(AuditSeal)
_FINAL = text(
    """SELECT id, tx, jsonb_build_array(id, tx, (extract(epoch FROM at) * 1000000)::bigint, kind, application_id,
        actor_id, actor, stage_from, stage_to, revision, version, detail, trace)::text
    FROM event WHERE (tx, id) > (:tx, :id) AND tx < audit_horizon() ORDER BY tx, id LIMIT :limit"""
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: its last seal, and the last event in it."""

    n: int = 0
    hash: str = ""
    tx: int = -1
    id: int = -1
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """What a checkpoint vouches for. `numbers`: the last number of each series, as "SERIES YEAR"."""

    n: int
    at: datetime
    seal: int
    hash: str
    numbers: Mapping[str, int]
    register_day: date | None = None
    register_hash: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A line of the checkpoint book: its number, what it vouches for, and its own hash."""

    n: int
    seal: int
    hash: str
    line_sha256: str
    at: datetime


class CheckpointBook(Protocol):
    """Signed lines outside of the database, each over the one before; nothing is ever taken out."""

    def last(self) -> Written | None:
        """The last checkpoint that was written. Raises TemporaryFailure."""
        ...

    def append(self, facts: CheckpointFacts) -> Written:
        """Sign and write a line, durable when it returns. Raises TemporaryFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """A checkpoint `every` so often; nothing is issued once the last one is `longest` old."""

    every: timedelta = timedelta(seconds=60)
    longest: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What one run did; `ran` is False when another one was at it, `error` why no checkpoint could be written."""

    ran: bool = True
    seals: int = 0
    events: int = 0
    checkpoint: int = 0
    released: int = 0
    error: str = field(default="")


def keep_audit(db: Database, clock: Clock, book: CheckpointBook, pace: Pace = Pace()) -> AuditReport:
    """Seal what is final, write a checkpoint when one is due, let go what waited for it. Safe to run at any time."""
    with alone(db, _LOCK) as mine:
        if not mine:
            return AuditReport(ran=False)
        seals, events = _seal_all(db, clock)
        _start_watch(db, clock.now() + pace.longest)
        written, error = 0, ""
        try:
            written = _checkpoint(db, clock, book, pace)
        except TemporaryFailure as failure:
            error = str(failure)
            log.error("checkpoint_failed", error=error)
        with db.transaction() as session:
            released = release(session, clock.now())
        report = AuditReport(True, seals, events, written, released, error)
        if not error:
            beat(db, clock, HEARTBEAT, f"seals={seals} events={events} checkpoint={written}")
        return report


def checkpoint_now(db: Database, clock: Clock, book: CheckpointBook, pace: Pace) -> int:
    """Write a line over the chain as it stands, though the book may know of more: a backup was restored.

    Returns the line's number. Raises TemporaryFailure, also while the job itself runs.
    """
    with alone(db, _LOCK) as mine:
        if not mine:
            raise TemporaryFailure("The chain is being continued elsewhere: close the office first.")
        now = clock.now()
        with db.transaction() as session:
            facts = _facts(session, head_of(session), now)
        written = book.append(_numbered(facts, book.last()))
        if written.seal:
            _remember(db, written, now + pace.longest)
        return written.n


def _seal_all(db: Database, clock: Clock) -> tuple[int, int]:
    seals = events = 0
    while seals < _SEALS_A_RUN and (count := _seal_next(db, clock)):
        seals, events = seals + 1, events + count
        if count < AT_ONCE:
            break
    return seals, events


def _seal_next(db: Database, clock: Clock) -> int:
    """Seal the next events in the order (tx, id), all of them final; returns how many."""
    with db.transaction() as session:
        head = head_of(session)
        rows = session.execute(_FINAL, {"tx": head.tx, "id": head.id, "limit": AT_ONCE}).all()
        if rows:
            session.execute(insert(_SEALS).values(sealed(head, rows, clock.now())))
        return len(rows)


def sealed(head: Head, rows: Sequence[Any], at: datetime) -> dict[str, Any]:
    """The row of the next seal over `rows` of (id, tx, text)."""
    ids = [row[0] for row in rows]
    leaves = b"".join(hashlib.sha256(row[2].encode()).digest() for row in rows)
    content = hashlib.sha256(struct.pack(f">{len(ids)}q", *ids) + leaves).hexdigest()
    words = ("paraf-seal-1", head.n + 1, head.hash, len(ids), rows[-1][1], _micros(at), content)
    digest = hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()
    return {
        "n": head.n + 1,
        "previous": head.hash,
        "last_tx": rows[-1][1],
        "ids": ids,
        "leaves": leaves,
        "hash": digest,
        "sealed_at": at,
    }


def _micros(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def head_of(session: Session) -> Head:
    """The chain's end; Head() before the first seal."""
    found = session.execute(
        text(
            """SELECT n, hash, last_tx, ids[cardinality(ids)], sealed_at FROM audit_seal
            ORDER BY n DESC LIMIT 1"""
        )
    ).first()
    return Head(*found) if found else Head()


def _start_watch(db: Database, checkpoint_by: datetime) -> None:
    """The first run sets a term, so that a file which can not even be begun stops issuance too."""
    with db.transaction() as session:
        session.execute(upsert(AuditWatch).values(id=1, checkpoint_by=checkpoint_by).on_conflict_do_nothing())


def _checkpoint(db: Database, clock: Clock, book: CheckpointBook, pace: Pace) -> int:
    """Write a checkpoint if the last one is old; returns its number, 0 when none was due."""
    now = clock.now()
    with db.transaction() as session:
        known = _last_known(session)
        head = head_of(session)
        facts = _facts(session, head, now)
    if not head.n or (known is not None and timedelta(0) <= now - known.written_at < pace.every):
        return 0
    last = book.last()
    _refuse_shortened(known, last)
    written = _adopted(db, last, known) or book.append(_numbered(facts, last))
    _remember(db, written, now + pace.longest)
    return written.n


def _last_known(session: Session) -> AuditCheckpoint | None:
    return session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.n).desc()).limit(1)).first()


def _facts(session: Session, head: Head, now: datetime) -> CheckpointFacts:
    day = session.exec(select(RegisterDay).order_by(col(RegisterDay.n).desc()).limit(1)).first()
    numbers = {f"{row.series} {row.year}": row.last_seq for row in session.exec(select(NumberSeries)).all()}
    return CheckpointFacts(0, now, head.n, head.hash, numbers, day.day if day else None, day.hash if day else "")


def _numbered(facts: CheckpointFacts, last: Written | None) -> CheckpointFacts:
    n = last.n + 1 if last else 1
    return CheckpointFacts(n, facts.at, facts.seal, facts.hash, facts.numbers, facts.register_day, facts.register_hash)


def _refuse_shortened(known: AuditCheckpoint | None, last: Written | None) -> None:
    """A book that lost lines is not written on: whoever cut it off would have it look whole again."""
    if known is None or (last is not None and last.n > known.n):
        return
    if last is None or (last.n, last.line_sha256) != (known.n, known.line_sha256):
        raise TemporaryFailure(
            f"The checkpoint file does not end with line {known.n} as the database knows it:"
            " run `paraf audit verify`, and put the file back from its copy."
        )


def _adopted(db: Database, last: Written | None, known: AuditCheckpoint | None) -> Written | None:
    """A line that was written just before a crash, which the database does not know of yet."""
    if last is None or (known is not None and last.n <= known.n):
        return None
    with db.transaction() as session:
        seal = session.get(AuditSeal, last.seal)
        return last if seal is not None and seal.hash == last.hash else None


def _remember(db: Database, written: Written, checkpoint_by: datetime) -> None:
    with db.transaction() as session:
        session.add(
            AuditCheckpoint(
                n=written.n,
                seal=written.seal,
                hash=written.hash,
                line_sha256=written.line_sha256,
                written_at=written.at,
            )
        )
        session.execute(
            upsert(AuditWatch)
            .values(id=1, checkpoint_by=checkpoint_by)
            .on_conflict_do_update(index_elements=["id"], set_={"checkpoint_by": checkpoint_by})
        )
