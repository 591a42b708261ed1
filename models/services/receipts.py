"""Step 1, the paper: a receipt of each submission, A5 and 80 mm, with the promise and where to follow it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from uuid import UUID

from sqlmodel import Session, col, or_, select

from models.db import Database
from models.ports import Clock, ReceiptFacts, ReceiptPress, ReceiptSize, Vault
from models.rules.errors import NotFound, PermanentFailure
from models.rules.moments import moment_in_words
from models.rules.numbering import jakarta_date
from models.rules.office import Office
from models.rules.sop import Sop
from models.rules.stages import Command
from models.services.casework import Work, end_work, holder_of, lock_case, read_case, record
from models.services.check import rules_of
from models.services.notify import contact_lines, follow_url
from models.services.side_job import run_job
from models.tables.cases import Application, Document, Event
from models.tables.work import ReceiptFile

TASK: Final = "paraf.make_receipt"
SIZES: Final[tuple[ReceiptSize, ...]] = ("a5", "80mm")


@dataclass(frozen=True, slots=True)
class ReceiptDesk:
    """What making receipts needs of the world."""

    vault: Vault
    press: ReceiptPress
    office: Office
    public_url: str


def make_receipt(db: Database, clock: Clock, desk: ReceiptDesk, application_id: UUID, generation: int) -> bool:
    """Make, store and note the receipts of the submission of round `generation`, one of each size."""
    return run_job(
        db, clock, TASK, application_id, generation, lambda: _make(db, clock, desk, application_id, generation)
    )


def receipt_sha256(session: Session, application_id: UUID, size: ReceiptSize, round_: int | None = None) -> str:
    """The vault's name of a receipt, the newest round's unless one is named; raises NotFound while it is not made."""
    statement = select(ReceiptFile.sha256).where(ReceiptFile.application_id == application_id, ReceiptFile.size == size)
    if round_ is not None:
        statement = statement.where(ReceiptFile.round == round_)
    found = session.exec(statement.order_by(col(ReceiptFile.round).desc()).limit(1)).first()
    if found is None:
        raise NotFound("The receipt is not made yet; try again in a few seconds.")
    return found


def _make(db: Database, clock: Clock, desk: ReceiptDesk, application_id: UUID, round_: int) -> bool:
    with db.transaction() as session:
        if _made(session, application_id, round_):
            return False
        facts = receipt_facts(session, desk, application_id, round_)
    stored = {size: desk.vault.put(desk.press.receipt(facts, size)).sha256 for size in SIZES}
    now = clock.now()
    with db.transaction() as session:
        end_work(session, Work(TASK, application_id, round_), now)
        # Locked, so that of two deliveries at once one finds the other's receipt.
        case = lock_case(session, application_id)
        if _made(session, application_id, round_):
            return True
        for size, sha256 in stored.items():
            session.add(ReceiptFile(application_id=application_id, round=round_, size=size, sha256=sha256, made_at=now))
        record(session, "make_receipt", at=now, case=case, detail={"round": round_, "sha256": stored})
        return True


def _made(session: Session, application_id: UUID, round_: int) -> bool:
    return session.get(ReceiptFile, (application_id, round_, SIZES[-1])) is not None


def receipt_facts(session: Session, desk: ReceiptDesk, application_id: UUID, round_: int) -> ReceiptFacts:
    """What the receipt of a round says: what lay there when it was handed in, however late the receipt is made."""
    case = read_case(session, application_id)
    received_at = _received_at(session, case, round_)
    if case.registration_number is None or case.promised_at is None:
        raise PermanentFailure("The application was never handed in.")
    _, sop = rules_of(session, case, jakarta_date(received_at))
    follow = follow_url(desk.public_url)
    return ReceiptFacts(
        licence_name=sop.licence_name,
        registration_number=case.registration_number,
        applicant=holder_of(session, case.id).name,
        round=round_,
        received_on=jakarta_date(received_at),
        received=moment_in_words(received_at),
        promised=moment_in_words(case.promised_at),
        items=_items(session, sop, case, received_at),
        follow_url=follow,
        qr_url=f"{follow}?nomor={quote(case.registration_number, safe='')}",
        contact=(("Alamat", f"{desk.office.address} {desk.office.postal_code}"), *contact_lines(desk.office)),
    )


def _received_at(session: Session, case: Application, round_: int) -> datetime:
    events = session.exec(
        select(Event).where(Event.application_id == case.id, Event.kind == Command.SUBMIT.value).order_by(col(Event.id))
    )
    moments = [event.at for event in events if (event.detail or {}).get("round") == round_]
    if not moments:
        raise PermanentFailure(f"Round {round_} of this application was never handed in.")
    return moments[-1]


def _items(session: Session, sop: Sop, case: Application, at: datetime) -> tuple[tuple[str, int], ...]:
    rows = session.exec(
        select(Document.requirement)
        .where(Document.application_id == case.id, Document.uploaded_at <= at)
        .where(or_(col(Document.replaced_at).is_(None), col(Document.replaced_at) > at))
    )
    counts = Counter(rows)
    known = {requirement.code: requirement.label for requirement in sop.requirements}
    ordered = [code for code in known if code in counts] + sorted(code for code in counts if code not in known)
    return tuple((known.get(code, code), counts[code]) for code in ordered)
