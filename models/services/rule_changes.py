"""Rules that changed while a berkas was not yet complete: what is asked now and was not when it was checked."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from models.rules.numbering import jakarta_date
from models.rules.requirements import Change, applicable, what_changed
from models.services.casework import holder_of
from models.services.check import rules_of
from models.services.definitions import pinned_sop
from models.tables.cases import Application, CompletenessCheck

_ASKS_MORE = frozenset({"added", "now_required", "changed"})


def rule_changes(session: Session, case: Application, today: date) -> tuple[Change, ...]:
    """What differs between the rules of the round's check and those of `today` (Asia/Jakarta date).

    Empty once the rules are pinned, and before the first check.
    """
    check = session.get(CompletenessCheck, (case.id, case.round))
    if check is None or case.sop_id is not None:
        return ()
    conditions = frozenset(holder_of(session, case.id).conditions)
    then, now = pinned_sop(session, check.sop_id), rules_of(session, case, today)[1]
    old = applicable(then, case.application_type, jakarta_date(check.made_at), conditions)
    return what_changed(old, applicable(now, case.application_type, today, conditions))


def asked_anew(session: Session, case: Application, today: date) -> dict[str, str]:
    """The requirements that the check could not judge as they stand today, each with its sentence."""
    _, sop = rules_of(session, case, today)
    return {
        change.requirement: change.message
        for change in rule_changes(session, case, today)
        if change.kind in _ASKS_MORE and sop.requirement(change.requirement).need != "optional"
    }


def not_asked_any_more(session: Session, case: Application, today: date) -> frozenset[str]:
    """The requirements that the check judged and that nobody must bring today."""
    gone = ("removed", "now_optional")
    return frozenset(c.requirement for c in rule_changes(session, case, today) if c.kind in gone)
