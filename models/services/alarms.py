"""The dead man's alarm: what should have happened and did not. It looks at results, never at processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Courier, Message
from models.queues import LATEST
from models.rules.errors import ParafError
from models.rules.stages import TASKS, Stage
from models.services.alone import alone
from models.services.audit import head_of
from models.services.casework import record
from models.services.heartbeat import beat
from models.services.issuance import state
from models.tables.audit import Alarm, Reconciliation
from models.tables.work import Heartbeat

HEARTBEAT: Final = "alarms"
OLDEST: Final[dict[Stage, timedelta]] = {
    **{stage: timedelta(minutes=30) for stage in TASKS},
    Stage.DRAFT: timedelta(days=400),  # retention takes drafts long before
    Stage.VERIFYING: timedelta(days=7),
    Stage.RETURNED: timedelta(days=120),  # the sweep lapses them before
    Stage.LAPSED: timedelta(days=3650),
    Stage.AWAITING_PARAF: timedelta(days=7),
    Stage.AMENDING: timedelta(days=7),
    Stage.AWAITING_SIGNATURE: timedelta(days=7),
    Stage.READY: timedelta(days=90),
}
"""How long a case may stand at each stage that is not the end before somebody is told."""

UNSEALED_AFTER: Final = timedelta(minutes=10)

_LOCK = 0x414C524D  # "ALRM"
_STUCK = text(
    "SELECT count(*) FROM application WHERE stage = :stage AND stage_since < :before AND quarantined_at IS NULL"
)
_ASIDE = text("SELECT count(*) FROM application WHERE quarantined_at IS NOT NULL")
_UNSEALED = text("""SELECT EXISTS (SELECT FROM event e WHERE (e.tx, e.id) > (:tx, :id) AND e.at < :before)""")
_BEGAN = text("SELECT min(at) FROM event")
log = structlog.get_logger()

Sentences = dict[str, str]


def raise_alarms(db: Database, clock: Clock, courier: Courier | None = None, to: str = "") -> Sentences:
    """Write which alarms stand and which are over, tell `to` of new ones once; returns those that stand."""
    with alone(db, _LOCK) as mine:
        if not mine:
            return {}
        now = clock.now()
        with db.transaction() as session:
            standing = dict(_standing(session, now))
            new = _note(session, standing, now)
        if new and courier is not None and to:
            _tell(db, clock, courier, to, new)
        beat(db, clock, HEARTBEAT, f"standing={len(standing)}")
        return standing


def standing(session: Session, now: datetime) -> Sentences:
    """What is wrong at this moment, a sentence each."""
    return dict(_standing(session, now))


def _standing(session: Session, now: datetime) -> Iterator[tuple[str, str]]:
    yield from _late(session, now)
    issuance = state(session, now)
    if issuance.stopped:
        yield "issuance", f"Nothing is issued ({issuance.cause}): {issuance.held} pieces of work wait."
    yield from _unsealed(session, now)
    yield from _stuck(session, now)
    aside = int(session.execute(_ASIDE).scalar_one())
    if aside:
        yield "quarantine", f"{aside} cases are set aside."
    yield from _different(session)


def _late(session: Session, now: datetime) -> Iterator[tuple[str, str]]:
    rows = {row.name: row.succeeded_at for row in session.exec(select(Heartbeat)).all()}
    began = session.execute(_BEGAN).scalar_one_or_none()
    for name, longest in LATEST.items():
        # An office that has just been opened has not done everything yet; this job itself is `paraf doctor`'s to watch.
        last = rows.get(name) or began
        if name != HEARTBEAT and last is not None and now - last > timedelta(seconds=longest):
            yield f"late:{name}", f"{name} has had no success since {last.isoformat(timespec='seconds')}."


def _unsealed(session: Session, now: datetime) -> Iterator[tuple[str, str]]:
    """The chain stands still though its job runs: a transaction somewhere on the server does not end."""
    head = head_of(session)
    values = {"tx": head.tx, "id": head.id, "before": now - UNSEALED_AFTER}
    if head.n and session.execute(_UNSEALED, values).scalar_one():
        yield "unsealed", f"Events older than {UNSEALED_AFTER} have no seal: look for a transaction that does not end."


def _stuck(session: Session, now: datetime) -> Iterator[tuple[str, str]]:
    for stage, longest in OLDEST.items():
        count = int(session.execute(_STUCK, {"stage": stage.value, "before": now - longest}).scalar_one())
        if count:
            yield f"stage:{stage.value}", f"{count} cases stand at {stage.value} for more than {longest}."


def _different(session: Session) -> Iterator[tuple[str, str]]:
    last = session.exec(
        select(Reconciliation)
        .where(col(Reconciliation.finished_at).is_not(None))
        .order_by(col(Reconciliation.started_at).desc())
        .limit(1)
    ).first()
    if last is not None and last.differences:
        yield "reconciliation", f"{last.differences} differences between numbers, files and hand-overs."


def _note(session: Session, standing: Sentences, now: datetime) -> Sentences:
    """Bring the rows up to date; returns what nobody was told of yet."""
    known = {row.name: row for row in session.exec(select(Alarm)).all()}
    new: Sentences = {}
    for name, sentence in standing.items():
        row = known.get(name)
        if row is None or row.ended_at is not None:
            row = row or Alarm(name=name, sentence=sentence, since=now)
            row.since, row.told_at, row.ended_at = now, None, None
            record(session, "alarm_raised", at=now, detail={"alarm": name})
            log.error("alarm_raised", alarm=name, sentence=sentence)
        if row.told_at is None:
            new[name] = sentence
        row.sentence = sentence
        session.add(row)
    for name, row in known.items():
        if name not in standing and row.ended_at is None:
            row.ended_at = now
            session.add(row)
            record(session, "alarm_ended", at=now, detail={"alarm": name})
    return new


def _tell(db: Database, clock: Clock, courier: Courier, to: str, new: Sentences) -> None:
    lines = "\n".join(f"- {sentence}" for sentence in new.values())
    subject = f"Paraf: {len(new)} peringatan baru"
    words = f"Yang berikut perlu dilihat operator:\n\n{lines}\n\nLihat `paraf doctor`."
    key = f"alarm:{clock.now().isoformat()}"
    try:
        courier.send(Message(to, subject, words, f"<pre>{words}</pre>", key))
    except ParafError as error:
        log.error("alarm_not_told", error=str(error))
        return
    with db.transaction() as session:
        for row in session.exec(select(Alarm).where(col(Alarm.name).in_(list(new)))).all():
            row.told_at = clock.now()
            session.add(row)
