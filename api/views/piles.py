"""A pile and how each of its letters fared."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from api.problems import problem_of
from api.shapes import PileLetterShape, PileShape
from models.rules.errors import NotFound
from models.rules.roles import Actor
from models.services.endorse import LetterOutcome
from models.tables.letters import Pile, PileItem


def shape(session: Session, actor: Actor, pile_id: UUID, outcomes: Sequence[LetterOutcome] = ()) -> PileShape:
    """The pile of its own official; raises NotFound for anybody else's. `outcomes`: what the desk just answered."""
    pile = session.get(Pile, pile_id)
    if pile is None or pile.person_id != actor.person_id:
        raise NotFound("There is no pile of yours with this id.")
    rows = session.exec(
        select(PileItem).where(PileItem.pile_id == pile_id).order_by(col(PileItem.application_id))
    ).all()
    letters = _in_order(outcomes, {row.application_id: row for row in rows}) if outcomes else [_of_row(r) for r in rows]
    return PileShape.model_validate(
        {
            "id": pile.id,
            "kind": pile.kind,
            "created_at": pile.created_at,
            "expires_at": pile.expires_at,
            "finished": not any(letter.state == "pending" for letter in letters),
            "letters": letters,
        }
    )


def _in_order(outcomes: Sequence[LetterOutcome], rows: dict[UUID, PileItem]) -> list[PileLetterShape]:
    return [
        _refused(outcome) if outcome.error else _of_row(rows[outcome.application_id], outcome.version)
        for outcome in outcomes
    ]


def _refused(outcome: LetterOutcome) -> PileLetterShape:
    assert outcome.error is not None
    return PileLetterShape(
        application_id=outcome.application_id,
        state="refused",
        message=str(outcome.error),
        problem=problem_of(outcome.error),
    )


def _of_row(row: PileItem, version: int | None = None) -> PileLetterShape:
    values = row.model_dump(include={"application_id", "state", "message", "done_at"})
    return PileLetterShape(**values, version=version)
