"""What can be applied for today."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from api.views.turns import all_sops
from models.rules.sop import Sop


def offered(session: Session, today: date) -> list[Sop]:
    """The SOP in force of each licence, by name, in one query."""
    begun = [sop for sop in all_sops(session).values() if sop.effective_on <= today]
    newest: dict[str, Sop] = {}
    for sop in sorted(begun, key=lambda one: one.effective_on):
        newest[sop.licence_code] = sop
    return sorted(newest.values(), key=lambda sop: sop.licence_name)


def offers(session: Session, today: date, licence_code: str, application_type: str) -> bool:
    """Whether that type of that licence can be applied for."""
    return any(
        sop.licence_code == licence_code and application_type in {kind.code for kind in sop.application_types}
        for sop in offered(session, today)
    )
