"""Sending what `messages.tell` noted: the facts of the case in the office's words, once, by mail or WhatsApp."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Courier, Message, MessageFacts, MessageRenderer
from models.rules.dates import long_date
from models.rules.errors import PermanentFailure, TemporaryFailure
from models.rules.masking import scrub
from models.rules.moments import moment_in_words
from models.rules.numbering import jakarta_date
from models.rules.office import Office
from models.rules.sop import Sop
from models.rules.working_time import Calendar
from models.services.casework import Work, end_work, holder_of, read_case, record
from models.services.check import rules_of
from models.services.rule_changes import rule_changes
from models.services.side_job import run_job
from models.tables.cases import Application, Deficiency, HolderData, Verification
from models.tables.work import MailMessage

TASK = "paraf.send_message"
CLAIM = timedelta(seconds=150)
"""How long a delivery may take, longer than a task's hard limit: after it the sender is taken for dead."""


@dataclass(frozen=True, slots=True)
class Mailroom:
    """What sending needs of the world; `whatsapp` None: not used. Who gave an e-mail address gets e-mail."""

    courier: Courier
    renderer: MessageRenderer
    office: Office
    calendar: Calendar
    public_url: str
    whatsapp: Courier | None = None


@dataclass(frozen=True, slots=True)
class _Letter:
    courier: Courier
    to: str
    key: str
    facts: MessageFacts


def send_message(db: Database, clock: Clock, mailroom: Mailroom, message_id: UUID, generation: int) -> bool:
    """Send one message; True when it went out by this call or nobody can be reached, False when not now.

    However often it runs there is one message: the row is claimed before it is sent. Only a sender that dies
    between the server's yes and our note of it sends again, under the same Message-ID.
    """
    return run_job(
        db, clock, TASK, message_id, generation, lambda: _send(db, clock, mailroom, Work(TASK, message_id, generation))
    )


def follow_url(public_url: str) -> str:
    """The page on which an applicant follows his application."""
    return f"{public_url.rstrip('/')}/lacak"


def contact_lines(office: Office) -> tuple[tuple[str, str], ...]:
    """How the office is reached, as label and value; what is not given is left out."""
    contact = office.contact
    lines = (
        ("Telepon", contact.phone),
        ("WhatsApp", contact.whatsapp),
        ("Surel", contact.email),
        ("Situs", contact.website),
        ("Pengaduan", contact.complaints),
    )
    return tuple((label, value) for label, value in lines if value)


def _send(db: Database, clock: Clock, mailroom: Mailroom, work: Work) -> bool:
    message_id = work.subject_id
    letter = _claim(db, clock, mailroom, message_id)
    if letter is None:
        return False
    try:
        subject, text, html = mailroom.renderer.render(letter.facts)
        letter.courier.send(Message(letter.to, subject, text, html, letter.key))
    except (TemporaryFailure, PermanentFailure) as error:
        _release(db, message_id, str(error))
        raise
    _sent(db, clock, work)
    return True


def _claim(db: Database, clock: Clock, mailroom: Mailroom, message_id: UUID) -> _Letter | None:
    """The message, taken by this sender; None when it was sent or can reach nobody."""
    now = clock.now()
    with db.transaction() as session:
        row = session.get(MailMessage, message_id, with_for_update=True)
        if row is None or row.sent_at is not None:
            return None
        if row.claimed_at is not None and now - row.claimed_at < CLAIM:
            raise TemporaryFailure("Another delivery is sending this message.")
        case = read_case(session, row.application_id)
        holder = holder_of(session, case.id)
        way = _way(mailroom, holder)
        if way is None:
            row.error = "no address"
            session.add(row)
            return None
        facts = _facts(session, mailroom, row, case, holder)
        if row.kind == "rules_changed" and not facts.changes:
            row.error = "overtaken"  # judged anew or complete by now: the old rules trouble nobody any more
            session.add(row)
            return None
        row.claimed_at = now
        session.add(row)
        return _Letter(way[0], way[1], row.key, facts)


def _way(mailroom: Mailroom, holder: HolderData) -> tuple[Courier, str] | None:
    if holder.email:
        return mailroom.courier, holder.email
    if holder.phone and mailroom.whatsapp is not None:
        return mailroom.whatsapp, holder.phone
    return None


def _release(db: Database, message_id: UUID, error: str) -> None:
    with db.transaction() as session:
        row = session.get_one(MailMessage, message_id, with_for_update=True)
        row.claimed_at = None
        row.error = error[:500]
        session.add(row)


def _sent(db: Database, clock: Clock, work: Work) -> None:
    now = clock.now()
    with db.transaction() as session:
        end_work(session, work, now)
        row = session.get_one(MailMessage, work.subject_id, with_for_update=True)
        if row.sent_at is not None:
            return
        row.sent_at = now
        row.error = ""
        session.add(row)
        case = read_case(session, row.application_id)
        record(session, "message_sent", at=now, case=case, detail={"message": row.kind})


def _facts(
    session: Session, mailroom: Mailroom, row: MailMessage, case: Application, holder: HolderData
) -> MessageFacts:
    _, sop = rules_of(session, case, jakarta_date(row.created_at))
    office = mailroom.office
    return MessageFacts(
        kind=row.kind,
        round=case.round,
        name=holder.name,
        licence_name=sop.licence_name,
        registration_number=case.registration_number or "",
        received=_words(case.submitted_at),
        promised=_words(case.promised_at),
        mend_until=_mend_until(mailroom.calendar, sop, row.created_at),
        deficiencies=_deficiencies(session, sop, case, row),
        reason=_reason(session, case) if row.kind == "rejected" else "",
        changes=_changes(session, case, row),
        follow_url=follow_url(mailroom.public_url),
        office=office.short_name,
        office_address=f"{office.address} {office.postal_code}",
        contact=contact_lines(office),
        official_domain=office.official_domain,
    )


def _words(moment: datetime | None) -> str:
    return moment_in_words(moment) if moment else ""


def _mend_until(calendar: Calendar, sop: Sop, told_at: datetime) -> str:
    return long_date(calendar.add_working_days(jakarta_date(told_at), sop.correction_working_days))


def _deficiencies(
    session: Session, sop: Sop, case: Application, row: MailMessage
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of the round that the message is about: its rows were written in the same transaction, at the same moment."""
    if row.kind != "returned":
        return ()
    found = session.exec(
        select(Deficiency)
        .where(Deficiency.application_id == case.id, Deficiency.created_at == row.created_at)
        .order_by(col(Deficiency.id))
    )
    reasons = {reason.code: reason.label for reason in sop.return_reasons}
    by_label: dict[str, list[str]] = {}
    for one in found:
        words = (reasons.get(one.reason, ""), scrub(one.note))
        by_label.setdefault(_label(sop, one.requirement), []).extend(word for word in words if word)
    return tuple((label, tuple(words)) for label, words in by_label.items())


def _label(sop: Sop, code: str) -> str:
    if code == "data":
        return "Data permohonan"
    return next((requirement.label for requirement in sop.requirements if requirement.code == code), code)


def _changes(session: Session, case: Application, row: MailMessage) -> tuple[str, ...]:
    if row.kind != "rules_changed":
        return ()
    return tuple(change.message for change in rule_changes(session, case, jakarta_date(row.created_at)))


def _reason(session: Session, case: Application) -> str:
    note = session.exec(
        select(Verification.note)
        .where(Verification.application_id == case.id, Verification.decision == "rejected")
        .order_by(col(Verification.decided_at).desc())
        .limit(1)
    ).first()
    return scrub(note or "")
