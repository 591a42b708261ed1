"""Personal values and scans leave the office's database only with a trace: who asked, when, for which case."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, NikCipher
from models.rules.errors import Fault, InvalidInput
from models.rules.nik import LENGTH
from models.rules.roles import ADMIN, BACK_OFFICE, FRONT_OFFICE, Actor, require_role
from models.services.casework import read_case, record
from models.tables.cases import Application, Document, HolderData

MOST_FOUND = 50
Copy = Literal["original", "clean"]


def find_by_nik(session: Session, clock: Clock, cipher: NikCipher, actor: Actor, nik: str) -> list[UUID]:
    """Cases of the holder of a NIK, newest first, at most 50. The event says who searched and how many were found.

    Found through the keyed blind index: the database never sees the NIK. Raises Forbidden, InvalidInput.
    """
    require_role(actor, FRONT_OFFICE, BACK_OFFICE, ADMIN)
    if len(nik) != LENGTH or not (nik.isascii() and nik.isdigit()):
        raise InvalidInput("NIK terdiri dari 16 angka.", faults=[Fault("/nik", "is not 16 digits")])
    found = session.exec(
        select(Application.id)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .where(HolderData.nik_blind == cipher.blind(nik))
        .order_by(col(Application.created_at).desc())
        .limit(MOST_FOUND)
    ).all()
    record(session, "nik_searched", at=clock.now(), actor=actor, detail={"found": len(found)})
    return list(found)


def note_rows(db: Database, clock: Clock, actor: Actor, batch_id: UUID) -> None:
    """Record that rows of a batch, with their NIKs, are about to be handed out to be mended."""
    with db.transaction() as session:
        record(session, "batch_errors_read", at=clock.now(), actor=actor, detail={"batch": str(batch_id)})


def note_download(db: Database, clock: Clock, actor: Actor, document: Document, copy: Copy) -> None:
    """Record that a scan is about to be handed out."""
    with db.transaction() as session:
        case = read_case(session, document.application_id)
        detail = {"document": str(document.id), "requirement": document.requirement, "copy": copy}
        record(session, "document_downloaded", at=clock.now(), case=case, actor=actor, detail=detail)
