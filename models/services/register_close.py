"""Days of the register are closed one after the other: what happened to numbers that day, chained, and on paper.

A number is given, then issued or voided with a reason; a closed day says which, and how many are still unfinished.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Vault
from models.rules.moments import day_in_words, moment_in_words
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.working_time import Calendar
from models.services.alone import alone
from models.services.audit import head_of
from models.services.casework import record
from models.services.heartbeat import beat
from models.tables.audit import RegisterDay

HEARTBEAT: Final = "close-register"
GRACE: Final = timedelta(minutes=10)
"""How long after midnight a day is closed: no act takes as long to be committed."""

HEADS: Final = ("Pukul", "Nomor", "Peristiwa", "Keterangan")
WORDS: Final = {
    "given": "diberikan",
    "issued": "terbit",
    "void": "batal",
    "revoked": "dicabut",
    "replaced": "diganti",
    "handed_over": "diserahkan",
    "lost": "batal (hilang saat pemulihan)",
}
_AT_ONCE = 31
_LOCK = 0x4441595F  # "DAY_"

_MOVEMENTS = text(
    """SELECT m.at, m.kind, m.series, m.year, m.seq, m.number, m.what, m.remark, jsonb_build_array(m.kind,
        (extract(epoch FROM m.at) * 1000000)::bigint, m.series, m.year, m.seq, m.number, m.what)::text AS leaf FROM (
    SELECT assigned_at AS at, 'given' AS kind, series, year, seq, number,
        application_id || ' ' || signed_on AS what, '' AS remark FROM register_entry
    UNION ALL SELECT voided_at, 'void', series, year, seq, number,
        encode(sha256(convert_to(void_reason, 'UTF8')), 'hex'), void_reason FROM register_entry WHERE state = 'void'
    UNION ALL SELECT l.issued_at, 'issued', r.series, r.year, r.seq, r.number, l.sha256, left(l.sha256, 16)
        FROM licence l JOIN register_entry r USING (series, year, seq) WHERE l.issued_at IS NOT NULL
    UNION ALL SELECT l.status_at, l.status, r.series, r.year, r.seq, r.number,
        encode(sha256(convert_to(l.status_reason, 'UTF8')), 'hex'), l.status_reason
        FROM licence l JOIN register_entry r USING (series, year, seq) WHERE l.status IN ('revoked', 'replaced')
    UNION ALL SELECT h.handed_over_at, 'handed_over', r.series, r.year, r.seq, r.number, l.sha256, ''
        FROM hand_over h JOIN licence l ON l.id = h.licence_id JOIN register_entry r USING (series, year, seq)
    UNION ALL SELECT recorded_at, 'lost', series, year, seq, '', '', reason FROM lost_number) m
    WHERE m.at >= :start AND m.at < :stop ORDER BY m.at, m.kind, m.series, m.year, m.seq"""
)
_FIRST = text("SELECT min(assigned_at) FROM register_entry")
_UNFINISHED = text(
    """SELECT count(*) FROM register_entry r JOIN licence l USING (series, year, seq)
    WHERE r.assigned_at < :stop AND (l.issued_at IS NULL OR l.issued_at >= :stop)
      AND (r.voided_at IS NULL OR r.voided_at >= :stop)"""
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RegisterDayFacts:
    """The page of one closed day: `lines` in the columns of `heads`; hashes in full. No name and no NIK among them."""

    day: date
    day_words: str
    place: int
    closed: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    summary: tuple[tuple[str, str], ...]
    hash: str
    previous: str
    seal: int
    seal_hash: str


class DayPress(Protocol):
    """Sets the page of a closed day: a pure function of its arguments."""

    def day(self, facts: RegisterDayFacts) -> bytes:
        """A PDF. Raises PermanentFailure."""
        ...


@dataclass(frozen=True, slots=True)
class ClosingDesk:
    """What closing a day needs of the world."""

    vault: Vault
    press: DayPress
    calendar: Calendar


def close_register(db: Database, clock: Clock, desk: ClosingDesk) -> int:
    """Close every day that is over and not closed, print what is not printed; returns how many were closed."""
    with alone(db, _LOCK) as mine:
        if not mine:
            return 0
        closed = 0
        while closed < _AT_ONCE and _close_next(db, clock, desk.calendar):
            closed += 1
        for day in _unprinted(db):
            _print(db, clock, desk, day)
        beat(db, clock, HEARTBEAT, f"closed={closed}")
        return closed


def days(session: Session, limit: int = 60) -> list[RegisterDay]:
    """The closed days, the latest first."""
    return list(session.exec(select(RegisterDay).order_by(col(RegisterDay.day).desc()).limit(limit)).all())


def _close_next(db: Database, clock: Clock, calendar: Calendar) -> bool:
    now = clock.now()
    with db.transaction() as session:
        before = session.exec(select(RegisterDay).order_by(col(RegisterDay.n).desc()).limit(1)).first()
        day = _next(session, before, calendar, now)
        if day is None:
            return False
        session.add(_closed(session, day, before, now))
        session.flush()
        record(session, "register_closed", at=now, detail={"day": day.isoformat()})
        return True


def _next(session: Session, before: RegisterDay | None, calendar: Calendar, now: datetime) -> date | None:
    """The first day after the last closed one that is over, and is a working day or saw something happen."""
    if before is not None:
        day = before.day + timedelta(days=1)
    else:
        first = session.execute(_FIRST).scalar_one_or_none()
        if first is None:
            return None
        day = jakarta_date(first)
    while span_of(day)[1] + GRACE <= now:
        if calendar.is_working_day(day) or movements(session, day):
            return day
        day += timedelta(days=1)
    return None


def span_of(day: date) -> tuple[datetime, datetime]:
    """First moment of a day in Asia/Jakarta and first moment after it."""
    start = datetime.combine(day, time(), JAKARTA)
    return start, start + timedelta(days=1)


def movements(session: Session, day: date) -> list[Row[Any]]:
    """What happened to numbers that day: at, kind, series, year, seq, number, what, remark, leaf."""
    start, stop = span_of(day)
    return list(session.execute(_MOVEMENTS, {"start": start, "stop": stop}).all())


def _closed(session: Session, day: date, before: RegisterDay | None, now: datetime) -> RegisterDay:
    moved = movements(session, day)
    counts = {kind: sum(row.kind == kind for row in moved) for kind in WORDS}
    unfinished = int(session.execute(_UNFINISHED, {"stop": span_of(day)[1]}).scalar_one())
    n, previous = (before.n + 1, before.hash) if before else (1, "")
    leaves = b"".join(hashlib.sha256(row.leaf.encode()).digest() for row in moved)
    content = hashlib.sha256(leaves).hexdigest()
    words = ("paraf-day-1", n, day.isoformat(), previous, len(moved), unfinished, content)
    head = head_of(session)
    return RegisterDay(
        day=day,
        n=n,
        previous=previous,
        hash=hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest(),
        given=counts["given"],
        issued=counts["issued"],
        void=counts["void"] + counts["lost"],
        handed_over=counts["handed_over"],
        unfinished=unfinished,
        seal=head.n,
        seal_hash=head.hash,
        closed_at=now,
    )


def _unprinted(db: Database) -> list[date]:
    with db.transaction() as session:
        wanted = select(col(RegisterDay.day)).where(RegisterDay.sha256 == "").order_by(col(RegisterDay.day))
        return list(session.exec(wanted.limit(_AT_ONCE)).all())


def _print(db: Database, clock: Clock, desk: ClosingDesk, day: date) -> None:
    with db.transaction() as session:
        row = session.get_one(RegisterDay, day)
        facts = _facts(row, movements(session, day))
    stored = desk.vault.put(desk.press.day(facts))
    with db.transaction() as session:
        row = session.get_one(RegisterDay, day)
        if not row.sha256:
            row.sha256, row.size, row.made_at = stored.sha256, stored.size, clock.now()
            session.add(row)
    log.info("register_day_closed", day=day.isoformat(), hash=facts.hash)


def _facts(row: RegisterDay, moved: list[Row[Any]]) -> RegisterDayFacts:
    return RegisterDayFacts(
        day=row.day,
        day_words=day_in_words(row.day),
        place=row.n,
        closed=moment_in_words(row.closed_at),
        heads=HEADS,
        lines=tuple(_line(one) for one in moved),
        summary=(
            ("Nomor diberikan", str(row.given)),
            ("Surat terbit", str(row.issued)),
            ("Nomor batal", str(row.void)),
            ("Surat diserahkan", str(row.handed_over)),
            ("Nomor yang belum terbit dan belum batal", str(row.unfinished)),
        ),
        hash=row.hash,
        previous=row.previous,
        seal=row.seal,
        seal_hash=row.seal_hash,
    )


def _line(row: Row[Any]) -> tuple[str, ...]:
    number = row.number or f"{row.series} {row.year} no. {row.seq}"
    return f"{row.at.astimezone(JAKARTA):%H.%M}", number, WORDS[row.kind], row.remark
