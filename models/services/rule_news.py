"""Whose berkas is under way, and not yet declared complete, is told when the rules change for him: once a change."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import select as sql_select
from sqlmodel import Session, col

from models.db import Database
from models.ports import Clock
from models.rules.numbering import jakarta_date
from models.rules.requirements import Change, applicable, what_changed
from models.rules.stages import Stage
from models.services.casework import lock_case
from models.services.definitions import current_sop, pinned_sop
from models.services.heartbeat import beat
from models.services.messages import tell
from models.services.rule_changes import rule_changes
from models.tables.cases import Application, CompletenessCheck, HolderData

HEARTBEAT: Final = "rule-news"
_WAITING: Final = (Stage.VERIFYING.value, Stage.RETURNED.value)
"""A lapsed berkas is told on its page when it is taken up again; one in the check is judged by today's rules."""

_JUDGED = (
    sql_select(
        col(Application.id),
        col(Application.licence_code),
        col(Application.application_type),
        col(CompletenessCheck.sop_id),
        col(CompletenessCheck.made_at),
        col(HolderData.conditions),
    )
    .join(CompletenessCheck, col(CompletenessCheck.application_id) == col(Application.id))
    .join(HolderData, col(HolderData.application_id) == col(Application.id))
    .where(col(Application.stage).in_(_WAITING), col(Application.sop_id).is_(None))
    .where(col(CompletenessCheck.round) == col(Application.round))
)


def tell_rule_changes(db: Database, clock: Clock) -> int:
    """One look at every berkas that waits; returns how many applicants are told now. Safe to run twice."""
    now = clock.now()
    with db.transaction() as session:
        touched = _touched(session, jakarta_date(now))
    told = sum(_tell(db, clock, case_id) for case_id in touched)
    beat(db, clock, HEARTBEAT, f"told={told}")
    return told


def _touched(session: Session, today: date) -> list[UUID]:
    """Cases whose check was made by rules that are not today's; many share the answer, so it is found once."""

    @cache
    def differs(code: str, kind: str, sop_id: UUID, checked_on: date, conditions: frozenset[str]) -> bool:
        then, now = pinned_sop(session, sop_id), current_sop(session, code, today)[1]
        old, new = applicable(then, kind, checked_on, conditions), applicable(now, kind, today, conditions)
        return bool(what_changed(old, new))

    rows = session.execute(_JUDGED).all()
    return [
        case_id
        for case_id, code, kind, sop_id, made_at, conditions in rows
        if differs(code, kind, sop_id, jakarta_date(made_at), frozenset(conditions))
    ]


def _tell(db: Database, clock: Clock, case_id: UUID) -> bool:
    now = clock.now()
    with db.transaction() as session:
        case = lock_case(session, case_id)
        changes = rule_changes(session, case, jakarta_date(now)) if case.stage in _WAITING else ()
        return bool(changes) and tell(session, case, "rules_changed", now, about=_name_of(changes))


def _name_of(changes: tuple[Change, ...]) -> str:
    """The same changes have the same name, whenever they are looked at."""
    words = "\n".join(sorted(f"{change.kind} {change.requirement} {change.message}" for change in changes))
    return hashlib.sha256(words.encode()).hexdigest()[:16]
