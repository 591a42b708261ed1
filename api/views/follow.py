"""Find an application by its number and four digits, as who waits for it does: nothing but where it stands."""

from __future__ import annotations

import hmac

from sqlmodel import Session, col, select

from models.tables.cases import Application, HolderData

DIGITS = 4


def find_followed(session: Session, number: str, digits: str) -> Application | None:
    """The case of that registration number if `digits` end its phone, or its NIK when no phone was given."""
    found = session.exec(
        select(Application, HolderData)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .where(Application.registration_number == number)
    ).one_or_none()
    case, holder = found or (None, None)
    tail = (holder.phone[-DIGITS:] if holder.phone else holder.nik_tail) if holder else "----"
    return case if hmac.compare_digest(tail.encode(), digits.encode()) else None
