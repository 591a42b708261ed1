"""The pile of an official: what waits for his paraf or signature, what deviates, and what can not be signed and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api.views.batch_cases import of_batch
from api.views.clocks import CaseClock, clock_of
from api.views.deviations import deviations_of, trails_of
from api.views.inbox_desk import standing_of
from api.views.pictures import Picture, pictures_of
from api.views.turns import Sops, all_sops, officials_turns
from models.rules.errors import InvalidInput
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.sop import Sop
from models.rules.stages import Stage
from models.rules.validity import valid_until
from models.rules.working_time import Calendar
from models.tables.cases import Application, HolderData
from models.tables.desks import PutOff
from models.tables.letters import Blanko, Endorsement

Kind = Literal["paraf", "signature"]
PILE = 50
"""Letters of one pile: what a person can look through in one sitting."""

_OTHERS = 50
_STAGES: dict[Kind, Stage] = {"paraf": Stage.AWAITING_PARAF, "signature": Stage.AWAITING_SIGNATURE}


@dataclass(frozen=True, slots=True)
class PileLetterView:
    """One letter: `deviations` are why it needs attention, `reason` why it can not be signed ("" when it can)."""

    case: Application
    holder: HolderData
    blanko: Blanko
    clock: CaseClock
    type_label: str
    valid_until: date | None
    verifier: str
    picture: Picture | None
    deviations: tuple[str, ...]
    reason: str
    put_off: PutOff | None


@dataclass(frozen=True, slots=True)
class PileView:
    """What lies on the desk; `waiting` counts all that can be signed, also those after this pile."""

    kind: Kind
    letters: list[PileLetterView]
    left_out: list[PileLetterView]
    put_off: list[PileLetterView]
    waiting: int

    @property
    def attention(self) -> list[PileLetterView]:
        """What deviates, most first."""
        return sorted((one for one in self.letters if one.deviations), key=lambda one: -len(one.deviations))

    @property
    def passed(self) -> list[PileLetterView]:
        return [one for one in self.letters if not one.deviations]


def kinds_of(actor: Actor, sops: Sops) -> tuple[Kind, ...]:
    """What the actor's posts let him do to letters."""
    found: list[Kind] = []
    if any(actor.roles & set(sop.initiallers) for sop in sops.values()):
        found.append("paraf")
    if any(sop.signatory in actor.roles for sop in sops.values()):
        found.append("signature")
    return tuple(found)


def pile_of(
    session: Session,
    actor: Actor,
    kind: Kind,
    calendar: Calendar,
    now: datetime,
    only: Sequence[UUID] = (),
    batch: UUID | None = None,
) -> PileView:
    """The pile in a fixed number of queries; `only` narrows it to picked letters, `batch` to those of one batch."""
    sops, today = all_sops(session), jakarta_date(now)
    turn = _turn(actor, kind, sops, only)
    turn = and_(turn, of_batch(batch)) if batch else turn
    can = and_(turn, _eligible(actor, kind), ~_put_off(actor, today))
    rows = _read(session, actor, can, PILE)
    waiting = int(session.execute(_counted(can)).scalar_one())
    later = _read(session, actor, and_(turn, _eligible(actor, kind), _put_off(actor, today)), _OTHERS)
    never = _read(session, actor, and_(turn, ~_eligible(actor, kind)), _OTHERS)
    build = _Builder(session, actor, kind, sops, calendar, now, [*rows, *later, *never])
    letters = [build.letter(row) for row in rows]
    return PileView(
        kind,
        [one for one in letters if not one.reason],
        [*(one for one in letters if one.reason), *(build.letter(row) for row in never)],
        [build.letter(row) for row in later],
        waiting,
    )


def _turn(actor: Actor, kind: Kind, sops: Sops, only: Sequence[UUID]) -> ColumnElement[bool]:
    turns = [turn for sop_id, sop in sops.items() for turn in officials_turns(actor, sop_id, sop)]
    found = and_(or_(sqlalchemy.false(), *turns), col(Application.stage) == _STAGES[kind].value)
    return and_(found, col(Application.id).in_(only)) if only else found


def _eligible(actor: Actor, kind: Kind) -> ColumnElement[bool]:
    acted = exists().where(
        col(Endorsement.application_id) == col(Application.id),
        col(Endorsement.revision) == col(Application.revision),
        col(Endorsement.person_id) == actor.person_id,
    )
    fits = and_(col(Application.quarantined_at).is_(None), ~acted)
    if kind == "paraf":
        return fits
    signer = col(Blanko.officials)[-1]["person_id"].astext
    return and_(fits, signer == str(actor.person_id))


def _put_off(actor: Actor, today: date) -> ColumnElement[bool]:
    # Under a name of its own: the query around it reads the same table.
    later = aliased(PutOff)
    return exists().where(
        col(later.application_id) == col(Application.id),
        col(later.revision) == col(Application.revision),
        col(later.person_id) == actor.person_id,
        col(later.until) > today,
    )


def _this_blanko() -> ColumnElement[bool]:
    return (col(Blanko.application_id) == col(Application.id)) & (col(Blanko.revision) == col(Application.revision))


def _counted(condition: ColumnElement[bool]) -> Any:
    return sqlalchemy.select(func.count()).select_from(Application).join(Blanko, _this_blanko()).where(condition)


def _read(session: Session, actor: Actor, condition: ColumnElement[bool], limit: int) -> Sequence[Any]:
    mine = (
        (col(PutOff.application_id) == col(Application.id))
        & (col(PutOff.revision) == col(Application.revision))
        & (col(PutOff.person_id) == actor.person_id)
    )
    columns: tuple[Any, ...] = (Application, HolderData, Blanko, PutOff)
    statement = (
        sqlalchemy.select(*columns)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .join(Blanko, _this_blanko())
        .outerjoin(PutOff, mine)
        .where(condition)
        .order_by(col(Application.stage_since), col(Application.id))
        .limit(limit)
    )
    return session.execute(statement).all()


class _Builder:
    """What the letters of one page share, read once for all of them."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        kind: Kind,
        sops: Sops,
        calendar: Calendar,
        now: datetime,
        rows: Sequence[Any],
    ) -> None:
        self._actor, self._kind, self._sops, self._calendar, self._now = actor, kind, sops, calendar, now
        cases: list[Application] = [row[0] for row in rows]
        self._trails = trails_of(session, cases)
        self._pictures = pictures_of(session, {row[2].sha256: row[0].id for row in rows})

    def letter(self, row: Any) -> PileLetterView:
        case, holder, blanko, put_off = row
        sop = self._sops[case.sop_id]
        ends, reason = self._validity(sop, holder)
        trail = self._trails[case.id]
        return PileLetterView(
            case=case,
            holder=holder,
            blanko=blanko,
            clock=clock_of(standing_of(case), self._sops, self._calendar, self._now),
            type_label=sop.application_type(case.application_type).label,
            valid_until=ends,
            verifier=trail.verifier,
            picture=next(iter(self._pictures.get(blanko.sha256, ())), None),
            deviations=deviations_of(sop, trail, blanko),
            reason=self._reason(case, blanko, reason),
            put_off=put_off,
        )

    def _validity(self, sop: Sop, holder: HolderData) -> tuple[date | None, str]:
        try:
            return valid_until(sop.validity, jakarta_date(self._now), holder.str_valid_until), ""
        except InvalidInput as error:
            return None, str(error)

    def _reason(self, case: Application, blanko: Blanko, expired: str) -> str:
        if case.quarantined_at is not None:
            return "Disisihkan karena gangguan; operator sedang menanganinya."
        signer = blanko.officials[-1]
        if self._kind == "signature" and signer["person_id"] != str(self._actor.person_id):
            return f"Penanda tangan di surat ini {signer['name']}. Kembalikan, agar blanko baru menamai Anda."
        if self._actor.person_id in self._trails[case.id].actors:
            return "Anda sudah memaraf revisi ini; pejabat lain yang melanjutkan."
        return expired if self._kind == "signature" else ""
