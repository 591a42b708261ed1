"""Number, register row, file and hand-over are held against each other, every one of them, once a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Vault
from models.rules.errors import DamagedObject, NotFound
from models.services.alone import alone
from models.services.heartbeat import beat
from models.tables.audit import Reconciliation, ReconciliationDifference

HEARTBEAT: Final = "reconcile"
EVERY: Final = timedelta(hours=20)
UNFINISHED_AFTER: Final = timedelta(days=1)
"""A number that is neither issued nor void after so long is a difference."""

_PORTION = 200
_LOCK = 0x5245434F  # "RECO"
_LINES = text(
    """SELECT r.series, r.year, r.seq, r.number, r.state, r.assigned_at, l.id AS licence_id, l.status, l.sha256,
        l.size, h.handed_over_at, l.issued_at,
        EXISTS (SELECT FROM event e WHERE e.application_id = r.application_id AND e.kind = 'finish_licence'
                   AND e.detail ->> 'sha256' = l.sha256 AND e.detail ->> 'number' = r.number) AS told
    FROM register_entry r LEFT JOIN licence l USING (series, year, seq) LEFT JOIN hand_over h ON h.licence_id = l.id
    WHERE (r.series, r.year, r.seq) > (:series, :year, :seq) ORDER BY r.series, r.year, r.seq LIMIT :limit"""
)
_GAPS = text(
    """SELECT n.series, n.year, s AS seq FROM number_series n CROSS JOIN LATERAL generate_series(1, n.last_seq) s
    WHERE NOT EXISTS (SELECT FROM register_entry r WHERE (r.series, r.year, r.seq) = (n.series, n.year, s))
      AND NOT EXISTS (SELECT FROM lost_number l WHERE (l.series, l.year, l.seq) = (n.series, n.year, s))
    ORDER BY 1, 2, 3 LIMIT 1000"""
)
_STRAY = text(
    """SELECT h.application_id FROM hand_over h LEFT JOIN licence l ON l.id = h.licence_id
    LEFT JOIN register_entry r USING (series, year, seq) WHERE r.seq IS NULL LIMIT 1000"""
)
log = structlog.get_logger()

Difference = tuple[str, str, str]
"""Rule, what it is about, sentence."""


@dataclass(slots=True)
class Tally:
    """What was looked at, and what did not agree."""

    numbers: int = 0
    files: int = 0
    handed_over: int = 0
    differences: list[Difference] = field(default_factory=list)


def reconcile(db: Database, clock: Clock, vault: Vault, *, every: timedelta = EVERY) -> UUID | None:
    """Compare all, unless that was done a short while ago; returns the run's id, None when none was due."""
    with alone(db, _LOCK) as mine:
        if not mine or _recent(db, clock.now() - every):
            return None
        started = clock.now()
        with db.transaction() as session:
            row = Reconciliation(started_at=started)
            session.add(row)
            session.flush()
            run_id = row.id
        tally = compare(db, vault, started)
        _finish(db, clock.now(), run_id, tally)
        beat(db, clock, HEARTBEAT, f"numbers={tally.numbers} differences={len(tally.differences)}")
        return run_id


def _recent(db: Database, since: datetime) -> bool:
    with db.transaction() as session:
        wanted = select(Reconciliation.id).where(
            col(Reconciliation.started_at) > since, col(Reconciliation.finished_at).is_not(None)
        )
        return session.exec(wanted.limit(1)).first() is not None


def compare(db: Database, vault: Vault, now: datetime) -> Tally:
    """Every number of the register, in short transactions."""
    tally = Tally()
    place: tuple[str, int, int] = ("", 0, 0)
    while rows := _portion(db, place):
        for row in rows:
            tally.numbers += 1
            tally.handed_over += row.handed_over_at is not None
            tally.differences += _line(row, now)
            if row.sha256:
                tally.files += 1
                tally.differences += _file(vault, row)
        place = (rows[-1].series, rows[-1].year, rows[-1].seq)
    with db.transaction() as session:
        tally.differences += _beside(session)
    return tally


def _portion(db: Database, place: tuple[str, int, int]) -> Sequence[Row[Any]]:
    values = {"series": place[0], "year": place[1], "seq": place[2], "limit": _PORTION}
    with db.transaction() as session:
        return session.execute(_LINES, values).all()


def _line(row: Row[Any], now: datetime) -> Iterator[Difference]:
    if row.licence_id is None:
        yield "number_without_licence", row.number, "has no licence, not even an intended one"
        return
    if (row.state == "void") != (row.status == "void"):
        yield "register_and_licence", row.number, f"is {row.state} in the register, its licence is {row.status}"
    if row.status == "intended" and row.assigned_at < now - UNFINISHED_AFTER:
        yield "number_unfinished", row.number, "was neither issued nor voided within a day"
    if row.status in ("valid", "revoked", "replaced") and not row.sha256:
        yield "licence_without_file", row.number, f"is {row.status} and names no file"
    if row.sha256 and not row.told:
        yield "licence_without_event", row.number, "no event tells of its issue with this number and file"
    if row.handed_over_at is not None and (row.state != "active" or row.status in ("intended", "void")):
        yield "handed_over_invalid", row.number, f"was handed over and is {row.status}"


def _file(vault: Vault, row: Row[Any]) -> Iterator[Difference]:
    try:
        size = len(vault.get(row.sha256))
    except NotFound:
        yield "file_missing", row.number, f"the store has no file {row.sha256[:12]}"
        return
    except DamagedObject:
        yield "file_damaged", row.number, f"the bytes of {row.sha256[:12]} are others"
        return
    if size != row.size:
        yield "file_size", row.number, f"{row.sha256[:12]} has {size} bytes, the row says {row.size}"


def _beside(session: Session) -> Iterator[Difference]:
    for series, year, seq in session.execute(_GAPS):
        yield "number_without_row", f"{series} {year} no. {seq}", "was taken and is not in the register"
    for (case_id,) in session.execute(_STRAY):
        yield "hand_over_without_number", str(case_id), "was handed over without a number of the register"


def _finish(db: Database, now: datetime, run_id: UUID, tally: Tally) -> None:
    with db.transaction() as session:
        session.add_all(
            ReconciliationDifference(run_id=run_id, rule=rule, subject=subject, sentence=sentence)
            for rule, subject, sentence in tally.differences
        )
        row = session.get_one(Reconciliation, run_id)
        row.finished_at, row.numbers, row.files = now, tally.numbers, tally.files
        row.handed_over, row.differences = tally.handed_over, len(tally.differences)
        session.add(row)
    if tally.differences:
        log.error("reconciliation_differs", differences=len(tally.differences))
