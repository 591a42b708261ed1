"""This month in figures, for everybody: counted from issued licences and from applications handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.rules.numbering import JAKARTA
from models.tables.cases import Application
from models.tables.letters import Licence


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Since the first of the month in Jakarta; `on_time` is a share of those issued, None when there are none."""

    since: datetime
    received: int
    issued: int
    on_time: float | None


def month_figures(session: Session, now: datetime) -> MonthFigures:
    """Two counts over this month's rows."""
    since = now.astimezone(JAKARTA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    received = session.exec(select(func.count()).where(col(Application.submitted_at) >= since)).one()
    timely: Any = func.count().filter(col(Licence.issued_at) <= col(Application.promised_at))
    issued, on_time = session.exec(
        select(func.count(), timely)
        .select_from(Licence)
        .join(Application, col(Application.id) == col(Licence.application_id))
        .where(col(Licence.issued_at) >= since, Licence.status != "void")
    ).one()
    return MonthFigures(since, received, issued, on_time / issued if issued else None)
