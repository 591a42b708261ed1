"""Carries out how long each class of data lives, and writes what it did. Safe to run at any time and twice.

First the rows go, with a note of each object that nobody needs any more, in one transaction a case; then the bytes.
A crash in between leaves notes, and the next run takes the bytes. Nothing of a running case, no letter, no licence
and no line of the register is ever touched: the database refuses it as well.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Column, Text, delete
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from models.db import Database, changed_rows
from models.ports import Clock, Vault
from models.rules.errors import ParafError
from models.rules.office import Retention
from models.rules.stages import Stage
from models.services.casework import lock_case, record
from models.services.heartbeat import beat
from models.services.idempotency import forget_old
from models.services.keeping import hold_vault
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.desks import PageImage
from models.tables.keeping import GoneObject
from models.tables.letters import Dossier
from models.tables.metadata import METADATA
from models.tables.people import LoginAttempt, LoginSession
from models.tables.work import MailMessage, ReceiptFile, StaffMessage

HEARTBEAT: Final = "retention"
AT_ONCE: Final = 500
"""Cases of a class in one run; the next run goes on."""

DOSSIERS: Final = "dossiers"
_ENDED: Final = (Stage.REJECTED.value, Stage.WITHDRAWN.value, Stage.LAPSED.value)
_NAME_NOTHING: Final = frozenset({"document", "gone_object", "sop_version"})
"""Documents have a rule of their own; the others name no file of the vault."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a run did: cases by class, objects taken out of the vault, rows of sessions and messages."""

    drafts: int = 0
    ended: int = 0
    originals: int = 0
    scans: int = 0
    dossiers: int = 0
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
    dossiers = sum(_let_go_dossier(db, now, case) for case in _dossiers(db, now - timedelta(days=lives.dossiers)))
    objects = _take_out(db, clock, vault)
    sessions, messages = _prune(db, now, lives)
    report = RetentionReport(drafts, ended, originals, scans, dossiers, objects, sessions, messages)
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


def _dossiers(db: Database, before: datetime) -> Sequence[UUID]:
    with db.transaction() as session:
        return session.exec(
            select(Application.id)
            .join(Dossier, col(Dossier.application_id) == col(Application.id))
            .where(Application.stage == Stage.CLOSED.value, col(Application.stage_since) < before)
            .where(col(Dossier.sha256).not_in(select(GoneObject.sha256)))
            .limit(AT_ONCE)
        ).all()


def _let_go_dossier(db: Database, now: datetime, case_id: UUID) -> int:
    """The bound file goes; its row stays and says what it was, and the licence in it is a file of its own."""
    with db.transaction() as session:
        case = lock_case(session, case_id)
        dossier = session.get(Dossier, case_id)
        if case.stage != Stage.CLOSED.value or dossier is None:
            return 0
        noted = _note(session, now, {dossier.sha256}, DOSSIERS)
        if noted:
            record(session, "retention", at=now, case=case, detail={"class": DOSSIERS, "objects": noted})
    return 1 if noted else 0


def _note(session: Session, now: datetime, names: set[str], data_class: str) -> int:
    """Note what nobody else needs, with its page pictures; returns how many objects."""
    free = names - _needed(session, names, data_class)
    pictures = set(session.exec(select(PageImage.sha256).where(col(PageImage.object_sha256).in_(free))))
    session.execute(delete(PageImage).where(col(PageImage.object_sha256).in_(free)))
    free |= pictures - _needed(session, pictures, data_class)
    values = {"data_class": data_class, "decided_at": now, "gone_at": None}
    for name in sorted(free):
        row = insert(GoneObject).values(sha256=name, **values)
        session.execute(row.on_conflict_do_update(index_elements=["sha256"], set_=values))
    return len(free)


def _needed(session: Session, names: Set[str], data_class: str) -> set[str]:
    """Which of the objects some living row still names, in whatever table."""
    if not names:
        return set()
    found: set[str] = set()
    for column in _naming_columns(ended=data_class == DOSSIERS):
        found.update(session.execute(sql_select(column).where(column.in_(names))).scalars())
    for row in session.exec(_documents_that_keep(names, data_class)):
        found.update({row.sha256, row.clean_sha256} & names)
    return found


@cache
def _naming_columns(*, ended: bool) -> tuple[Column[str], ...]:
    """Every column of text in which a row names an object, of tables to come as well.

    `ended`: a dossier's own row does not hold it any more.
    """
    silent = _NAME_NOTHING | {"dossier"} if ended else _NAME_NOTHING
    return tuple(
        column
        for table in METADATA.sorted_tables
        if table.name not in silent
        for column in table.columns
        if column.name.endswith("sha256") and isinstance(column.type, Text) and column.name != "object_sha256"
    )


def _documents_that_keep(names: Set[str], data_class: str) -> Any:
    """Files of cases that run, and, where only originals go, those that officials see of closed ones."""
    rows = (
        select(Document)
        .join(Application, col(Application.id) == col(Document.application_id))
        .where(or_(col(Document.sha256).in_(names), col(Document.clean_sha256).in_(names)))
    )
    running = Application.stage != Stage.CLOSED.value
    if data_class != "originals":
        return rows.where(running)
    return rows.where(or_(running, col(Document.clean_sha256).in_(names) & col(Document.replaced_at).is_(None)))


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
            if _needed(session, {name}, row.data_class):
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
        forget_old(session, now)
        sessions = changed_rows(session, delete(LoginSession).where(over))
        sessions += changed_rows(session, delete(LoginAttempt).where(col(LoginAttempt.last_at) < sign_ins))
        messages = changed_rows(session, delete(MailMessage).where(col(MailMessage.created_at) < mails))
        messages += changed_rows(session, delete(StaffMessage).where(col(StaffMessage.created_at) < mails))
        if sessions or messages:
            record(session, "retention", at=now, detail={"class": "sign_ins_and_messages", "rows": sessions + messages})
    return sessions, messages
