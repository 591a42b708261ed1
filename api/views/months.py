"""Months as the job counted them last; nothing is counted while somebody looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from models.tables.backoffice import MonthFigures


@dataclass(frozen=True, slots=True)
class Month:
    """One month; `figures` empty: not counted yet."""

    month: date
    figures: Mapping[str, Any]
    made_at: datetime | None

    @property
    def on_time_share(self) -> float | None:
        """Of the letters issued, those that kept the promise; None when none was issued."""
        issued = self.figures.get("issued", 0)
        return self.figures["on_time"] / issued if issued else None


def months(session: Session, wanted: Sequence[date]) -> list[Month]:
    """Each of `wanted`, in that order, in one query."""
    rows = session.exec(select(MonthFigures).where(col(MonthFigures.month).in_(list(wanted))))
    known = {row.month: row for row in rows}
    return [_month(one, known.get(one)) for one in wanted]


def _month(month: date, row: MonthFigures | None) -> Month:
    return Month(month, row.figures, row.made_at) if row else Month(month, {}, None)
