"""How a pile goes, letter by letter, and the letters whose passphrase ran out before they were done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import exists
from sqlmodel import Session, col

from models.rules.errors import NotFound
from models.rules.roles import Actor
from models.rules.stages import Stage
from models.services.inputs import PileLetter
from models.tables.cases import Application, HolderData
from models.tables.letters import Blanko, Endorsement, Letter, Pile, PileItem, RegisterEntry

APPLYING = (Stage.APPLYING_PARAF.value, Stage.APPLYING_SIGNATURE.value)


@dataclass(frozen=True, slots=True)
class LetterResult:
    """One letter: `state` is done, pending, retry (the passphrase is asked for again) or stuck (an operator's)."""

    application_id: UUID
    name: str
    registration_number: str
    number: str
    state: str
    again: PileLetter | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class PileResult:
    """A pile of its own official."""

    id: UUID
    kind: str
    created_at: datetime
    letters: list[LetterResult]

    def of(self, *states: str) -> list[LetterResult]:
        """The letters in one of these states."""
        return [one for one in self.letters if one.state in states]

    @property
    def finished(self) -> bool:
        return not self.of("pending")

    @property
    def last_change(self) -> datetime:
        return max([self.created_at, *(one.done_at for one in self.letters if one.done_at)])


def result_of(session: Session, actor: Actor, pile_id: UUID, now: datetime) -> PileResult:
    """The pile in two queries; raises NotFound for anybody else's."""
    pile = session.get(Pile, pile_id)
    if pile is None or pile.person_id != actor.person_id:
        raise NotFound("There is no pile of yours with this id.")
    live = pile.secret is not None and pile.expires_at > now
    rows = session.execute(_joined().where(PileItem.pile_id == pile_id).order_by(col(HolderData.name))).all()
    return PileResult(pile.id, pile.kind, pile.created_at, [_result(row, live) for row in rows])


def _joined() -> Any:
    blanko = (col(Blanko.application_id) == col(PileItem.application_id)) & (
        col(Blanko.revision) == col(PileItem.revision)
    )
    entry = (
        (col(RegisterEntry.application_id) == col(PileItem.application_id))
        & (col(RegisterEntry.revision) == col(PileItem.revision))
        & (col(RegisterEntry.state) == "active")
    )
    columns: tuple[Any, ...] = (PileItem, Application, HolderData.name, Blanko.sha256, RegisterEntry.number)
    return (
        sqlalchemy.select(*columns)
        .join(Application, col(Application.id) == col(PileItem.application_id))
        .join(HolderData, col(HolderData.application_id) == col(PileItem.application_id))
        .join(Blanko, blanko)
        .outerjoin(RegisterEntry, entry)
    )


def _result(row: Any, live: bool) -> LetterResult:
    item, case, name, sha256, number = row
    state = _state(item, case, live)
    again = PileLetter(application_id=str(case.id), version=case.version, blanko_sha256=sha256)
    return LetterResult(
        case.id,
        name,
        case.registration_number or "",
        number or "",
        state,
        again if state == "retry" else None,
        item.done_at,
    )


def _state(item: PileItem, case: Application, live: bool) -> str:
    if item.state == "done":
        return "done"
    if item.state == "pending" and live:
        return "pending"
    waits = (
        case.stage in APPLYING
        and case.quarantined_at is None
        and (case.revision, case.paraf_next) == (item.revision, item.ordinal)
    )
    if waits:
        return "retry"
    # Another pile of the same person has done it meanwhile, or the case was set aside.
    return "stuck" if case.quarantined_at is not None else "done"


def waiting_again(session: Session, actor: Actor, now: datetime) -> Sequence[UUID]:
    """The newest piles of the actor with letters whose act is recorded but that no live passphrase can finish."""
    applied = exists().where(
        col(Letter.application_id) == col(Endorsement.application_id),
        col(Letter.revision) == col(Endorsement.revision),
        col(Letter.ordinal) == col(Endorsement.ordinal),
    )
    live = exists().where(
        col(PileItem.application_id) == col(Endorsement.application_id),
        col(PileItem.revision) == col(Endorsement.revision),
        col(PileItem.ordinal) == col(Endorsement.ordinal),
        col(PileItem.state) == "pending",
        col(Pile.id) == col(PileItem.pile_id),
        col(Pile.secret).is_not(None),
        col(Pile.expires_at) > now,
    )
    newest = sqlalchemy.func.max(sqlalchemy.cast(col(PileItem.pile_id), sqlalchemy.Text))
    statement = (
        sqlalchemy.select(newest)
        .select_from(Endorsement)
        .join(Application, col(Application.id) == col(Endorsement.application_id))
        .join(
            PileItem,
            (col(PileItem.application_id) == col(Endorsement.application_id))
            & (col(PileItem.revision) == col(Endorsement.revision))
            & (col(PileItem.ordinal) == col(Endorsement.ordinal)),
        )
        .where(
            col(Endorsement.person_id) == actor.person_id,
            col(Endorsement.revision) == col(Application.revision),
            col(Endorsement.ordinal) == col(Application.paraf_next),
            col(Application.stage).in_(APPLYING),
            col(Application.quarantined_at).is_(None),
            ~applied,
            ~live,
        )
        .group_by(col(Endorsement.application_id))
    )
    return list(dict.fromkeys(UUID(found) for (found,) in session.execute(statement) if found))


def titles_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """Name, workplace and number of each case that there is, by id."""
    columns: tuple[Any, ...] = (
        HolderData.application_id,
        HolderData.name,
        HolderData.workplace_name,
        Application.registration_number,
    )
    statement = (
        sqlalchemy.select(*columns)
        .join(Application, col(Application.id) == col(HolderData.application_id))
        .where(col(HolderData.application_id).in_(ids))
    )
    return {
        case_id: {"title": name, "detail": f"{number or ''}, {workplace}"}
        for case_id, name, workplace, number in session.execute(statement)
    }
