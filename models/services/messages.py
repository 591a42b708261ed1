"""Messages at the moments that matter to an applicant: one message per event, however often a task runs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlmodel import Session, select

from models.services.casework import enqueue
from models.tables.cases import Application, HolderData
from models.tables.work import MailMessage

Moment = Literal["received", "returned", "signed", "ready", "lapsed", "rejected", "rules_changed"]


def tell(session: Session, case: Application, kind: Moment, now: datetime, *, about: str = "") -> bool:
    """Note a message in the caller's transaction; it goes out by the mail queue. No address and no phone: none.

    `about` tells apart what may happen more than once in a round. True when a message was noted, False when it was
    before or can reach nobody.
    """
    holder = session.get(HolderData, case.id)
    if holder is None or not (holder.email or holder.phone):
        return False
    key = ":".join((str(case.id), kind, str(case.round), str(case.revision), *([about] if about else [])))
    if session.exec(select(MailMessage.id).where(MailMessage.key == key)).first() is not None:
        return False
    message = MailMessage(key=key, kind=kind, application_id=case.id, created_at=now)
    session.add(message)
    session.flush()
    enqueue(session, "paraf.send_message", message.id, 1, now, priority=8)
    return True
