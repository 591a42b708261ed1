"""Carries out how long each class of data lives, and writes what it did. Safe to run at any time and twice.

First the rows go, with a note of each object that nobody needs any more, in one transaction a case; then the bytes.
A crash in between leaves notes, and the next run takes the bytes. Nothing of a running case, no letter, no licence
and no line of the register is ever touched: the database refuses it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from models.db import Database
from models.ports import Clock, Vault
from models.rules.errors import ParafError
from models.rules.office import Retention
from models.rules.stages import Stage
from models.services.casework import lock_case, record
from models.services.heartbeat import beat
from models.services.keeping import hold_vault
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.desks import PageImage
from models.tables.keeping import GoneObject
from models.tables.letters import Blanko, Dossier, HandOver, Letter, Licence
from models.tables.people import LoginAttempt, LoginSession
from models.tables.work import MailMessage, ReceiptFile

HEARTBEAT: Final = "retention"
AT_ONCE: Final = 500
"""Cases of a class in one run; the next run goes on."""

_ENDED: Final = (Stage.REJECTED.value, Stage.WITHDRAWN.value, Stage.LAPSED.value)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a run did: cases by class, objects taken out of the vault, rows of sessions and messages."""

    drafts: int = 0
    ended: int = 0
    originals: int = 0
    scans: int = 0
    objects: int = 0
    sessions: int = 0
    messages: int = 0


def carry_out(db: Database, clock: Clock, vault: Vault, lives: Retention) -> RetentionReport:
    """One run over all classes."""
    now = clock.now()
    drafts = sum(_forget(db, now, case, "drafts") for case in _drafts(db, now - timedelta(days=lives.drafts)))
    ended = sum(_forget(db, now, case, "ended") for case in _ended(db, now - timedelta(days=lives.ended)))
    originals = sum(_let_go(db, now, case, "originals") for case in _closed(db, now, lives, "originals"))
    scans = sum(_let_go(db, now, case, "scans") for case in _closed(db, now, lives, "scans"))
    objects = _take_out(db, clock, vault)
    sessions, messages = _prune(db, now, lives)
    report = RetentionReport(drafts, ended, originals, scans, objects, sessions, messages)
    beat(db, clock, HEARTBEAT, " ".join(f"{name}={value}" for name, value in asdict(report).items()))
    return report


def _drafts(db: Database, before: datetime) -> Sequence[UUID]:
    touched = select(Event.id).where(Event.application_id == Application.id, col(Event.at) >= before)
    with db.transaction() as session:
        return session.exec(
            select(Application.id)
            .where(Application.stage == Stage.DRAFT.value, col(Application.created_at) < before)
            .where(_has_something(), ~touched.exists())
            .limit(AT_ONCE)
        ).all()


def _ended(db: Database, before: datetime) -> Sequence[UUID]:
    with db.transaction() as session:
        return session.exec(
            select(Application.id)
            .where(col(Application.stage).in_(_ENDED), col(Application.stage_since) < before, _has_something())
            .limit(AT_ONCE)
        ).all()


def _has_something() -> Any:
    return or_(
        select(HolderData.name).where(HolderData.application_id == Application.id).exists(),
        select(Document.id).where(Document.application_id == Application.id).exists(),
        select(ReceiptFile.sha256).where(ReceiptFile.application_id == Application.id).exists(),
    )


def _forget(db: Database, now: datetime, case_id: UUID, data_class: str) -> int:
    """Everything personal of a case that led to nothing: data, files, receipts, and the link that opened it."""
    with db.transaction() as session:
        case = lock_case(session, case_id)
        if case.stage not in (Stage.DRAFT.value, *_ENDED):
            return 0
        documents = session.exec(select(Document).where(Document.application_id == case_id)).all()
        receipts = session.exec(select(ReceiptFile.sha256).where(ReceiptFile.application_id == case_id)).all()
        session.execute(delete(Document).where(col(Document.application_id) == case_id))
        session.execute(delete(ReceiptFile).where(col(ReceiptFile.application_id) == case_id))
        session.execute(delete(HolderData).where(col(HolderData.application_id) == case_id))
        case.link_sha256 = None
        session.add(case)
        names = {name for row in documents for name in (row.sha256, row.clean_sha256) if name} | set(receipts)
        noted = _note(session, now, names, data_class)
        detail = {"class": data_class, "documents": len(documents), "receipts": len(receipts), "objects": noted}
        record(session, "retention", at=now, case=case, detail=detail)
    return 1


def _closed(db: Database, now: datetime, lives: Retention, data_class: str) -> Sequence[UUID]:
    before = now - timedelta(days=lives.originals if data_class == "originals" else lives.scans)
    done = select(GoneObject.sha256)
    name = _let_go_of(data_class)
    with db.transaction() as session:
        return session.exec(
            select(Application.id)
            .join(Document, col(Document.application_id) == col(Application.id))
            .where(Application.stage == Stage.CLOSED.value, col(Application.stage_since) < before)
            .where(_is_over(data_class), name.not_in(done))
            .distinct()
            .limit(AT_ONCE)
        ).all()


def _let_go_of(data_class: str) -> Any:
    return col(Document.sha256) if data_class == "originals" else col(Document.clean_sha256)


def _is_over(data_class: str) -> Any:
    """Of a closed case: an original goes where a copy stands for it or where it was replaced, a copy at its end."""
    if data_class == "scans":
        return col(Document.clean_sha256) != ""
    replaced = col(Document.replaced_at).is_not(None)
    return or_(replaced, (col(Document.clean_sha256) != "") & (col(Document.clean_sha256) != col(Document.sha256)))


def _let_go(db: Database, now: datetime, case_id: UUID, data_class: str) -> int:
    with db.transaction() as session:
        case = lock_case(session, case_id)
        if case.stage != Stage.CLOSED.value:
            return 0
        statement = select(_let_go_of(data_class)).where(Document.application_id == case_id, _is_over(data_class))
        noted = _note(session, now, set(session.exec(statement)), data_class)
        if noted:
            record(session, "retention", at=now, case=case, detail={"class": data_class, "objects": noted})
    return 1 if noted else 0


def _note(session: Session, now: datetime, names: Iterable[str], data_class: str) -> int:
    """Note what nobody else needs, with its page pictures; returns how many objects."""
    free = [name for name in sorted(names) if not _needed(session, name, data_class)]
    if not free:
        return 0
    pictures = session.exec(select(PageImage.sha256).where(col(PageImage.object_sha256).in_(free))).all()
    session.execute(delete(PageImage).where(col(PageImage.object_sha256).in_(free)))
    free += [name for name in sorted(set(pictures)) if not _needed(session, name, data_class)]
    for name in free:
        values = {"data_class": data_class, "decided_at": now, "gone_at": None}
        session.execute(
            insert(GoneObject)
            .values(sha256=name, **values)
            .on_conflict_do_update(index_elements=["sha256"], set_=values)
        )
    return len(free)


def _needed(session: Session, name: str, data_class: str) -> bool:
    """Whether any living row still names the object."""
    keepers: list[Any] = [
        select(Blanko.sha256).where(Blanko.sha256 == name),
        select(Letter.sha256).where(Letter.sha256 == name),
        select(Licence.sha256).where(Licence.sha256 == name),
        select(Dossier.sha256).where(Dossier.sha256 == name),
        select(HandOver.proof_sha256).where(HandOver.proof_sha256 == name),
        select(ReceiptFile.sha256).where(ReceiptFile.sha256 == name),
        select(PageImage.sha256).where(PageImage.sha256 == name),
        _documents_that_keep(name, data_class),
    ]
    return any(session.exec(keeper.limit(1)).first() is not None for keeper in keepers)


def _documents_that_keep(name: str, data_class: str) -> Any:
    """Documents of other cases, and of this one those that use the object as what officials see."""
    running = (
        select(Document.id)
        .join(Application, col(Application.id) == col(Document.application_id))
        .where(or_(Document.sha256 == name, Document.clean_sha256 == name))
    )
    if data_class == "originals":
        return running.where(
            or_(
                Application.stage != Stage.CLOSED.value,
                (col(Document.clean_sha256) == name) & col(Document.replaced_at).is_(None),
            )
        )
    return running.where(Application.stage != Stage.CLOSED.value)


def _take_out(db: Database, clock: Clock, vault: Vault) -> int:
    with db.transaction() as session:
        due = session.exec(select(GoneObject.sha256).where(col(GoneObject.gone_at).is_(None))).all()
    return sum(_take_out_one(db, clock, vault, name) for name in due)


def _take_out_one(db: Database, clock: Clock, vault: Vault, name: str) -> int:
    try:
        with db.transaction() as session:
            hold_vault(session)
            row = session.get(GoneObject, name, with_for_update=True)
            if row is None or row.gone_at is not None:
                return 0
            if _needed(session, name, row.data_class):
                session.delete(row)
                return 0
            vault.delete(name)
            row.gone_at = clock.now()
            session.add(row)
            return 1
    except ParafError as error:
        # One object that can not be removed now must not keep all others: the note stays for the next run.
        log.error("retention_failed", object=name[:12], error=str(error))
        return 0


def _prune(db: Database, now: datetime, lives: Retention) -> tuple[int, int]:
    sign_ins, mails = now - timedelta(days=lives.sessions), now - timedelta(days=lives.messages)
    over = or_(col(LoginSession.expires_at) < sign_ins, col(LoginSession.revoked_at) < sign_ins)
    with db.transaction() as session:
        sessions = _rows(session, delete(LoginSession).where(over))
        sessions += _rows(session, delete(LoginAttempt).where(col(LoginAttempt.last_at) < sign_ins))
        messages = _rows(session, delete(MailMessage).where(col(MailMessage.created_at) < mails))
        if sessions or messages:
            record(session, "retention", at=now, detail={"class": "sign_ins_and_messages", "rows": sessions + messages})
    return sessions, messages


def _rows(session: Session, statement: Any) -> int:
    answer = session.execute(statement.execution_options(synchronize_session=False))
    return int(answer.rowcount)  # type: ignore[attr-defined]
