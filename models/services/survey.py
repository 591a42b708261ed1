"""The satisfaction survey of Permenpan RB 14/2017: invited at the hand-over, answered without a name, once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from models.db import Database
from models.ports import Clock
from models.rules.errors import AlreadyDone, Fault, InvalidInput, NotFound
from models.rules.numbering import jakarta_date
from models.tables.survey import SurveyAnswer

ELEMENTS = (
    "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana",
)  # fmt: skip
"""The nine elements in the regulation's order."""
MARKS = range(1, 5)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that holds; `answered` says whether it was used."""

    licence_code: str
    invited_on: date
    answered: bool


def invite(db: Database, clock: Clock, licence_code: str) -> str:
    """A new invitation's token: shown once, stored as a hash, and bound to nobody."""
    token = secrets.token_urlsafe(16)
    today = jakarta_date(clock.now())
    with db.transaction() as session:
        session.add(SurveyAnswer(token_sha256=_hash(token), licence_code=licence_code, invited_on=today))
    return token


def invitation(session: Session, token: str) -> Invitation:
    """Raises NotFound for an unknown token."""
    row = _row(session, token)
    return Invitation(row.licence_code, row.invited_on, row.answers is not None)


def answer_survey(db: Database, clock: Clock, token: str, marks: Mapping[str, int], remark: str = "") -> None:
    """Store nine marks from 1 (poor) to 4 (good). Raises InvalidInput, NotFound, AlreadyDone."""
    faults = [
        Fault(f"/{element}", "Pilih salah satu jawaban.", "missing")
        for element in ELEMENTS
        if marks.get(element) not in MARKS
    ]
    if faults:
        raise InvalidInput("Masih ada pertanyaan yang belum dijawab.", faults=faults)
    with db.transaction() as session:
        row = _row(session, token, lock=True)
        if row.answers is not None:
            raise AlreadyDone("Survei ini sudah diisi. Terima kasih.")
        row.answers = {element: marks[element] for element in ELEMENTS}
        row.remark = remark.strip()[:1000]
        row.answered_on = jakarta_date(clock.now())
        session.add(row)


def _row(session: Session, token: str, *, lock: bool = False) -> SurveyAnswer:
    row = session.get(SurveyAnswer, _hash(token), with_for_update=lock)
    if row is None:
        raise NotFound("There is no such invitation.")
    return row


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
