"""Lists of applications: what the actor may see, filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, tuple_
from sqlmodel import Session, col, select

from api.cursors import after_moment, encode
from api.shapes import ApplicationPage, ApplicationSummary
from api.views.turns import Sops, all_sops, my_turn, waiting_for
from models.rules.roles import ANY_LICENCE, Actor, Verb, licences_of
from models.rules.stages import Stage
from models.tables.cases import Application, HolderData
from models.tables.letters import Blanko

Order = Literal["waiting", "newest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for: `waiting` puts what stands longest first, `newest` what was opened last."""

    stages: tuple[Stage, ...] = ()
    mine: bool = False
    registration_number: str = ""
    order: Order = "newest"
    limit: int = 50
    cursor: str = ""


def page(session: Session, actor: Actor, wanted: Wanted) -> ApplicationPage:
    """One page in three queries, however long it is. Raises MalformedRequest for a foreign cursor."""
    sops = all_sops(session)
    statement = _joined().where(*_conditions(actor, wanted, sops))
    moment, way = _key(wanted.order)
    statement = statement.order_by(way(moment), way(col(Application.id))).limit(wanted.limit + 1)
    rows = session.execute(statement).all()
    items = [summary(case, holder, blanko, sops) for case, holder, blanko in rows[: wanted.limit]]
    return ApplicationPage(items=items, next=_next(rows, wanted))


def these(session: Session, ids: Sequence[UUID]) -> list[ApplicationSummary]:
    """The named applications, in that order, in two queries."""
    sops = all_sops(session)
    rows = session.execute(_joined().where(col(Application.id).in_(ids))).all()
    found = {case.id: summary(case, holder, blanko, sops) for case, holder, blanko in rows}
    return [found[id_] for id_ in ids if id_ in found]


def _joined() -> Any:
    this_blanko = (col(Blanko.application_id) == col(Application.id)) & (
        col(Blanko.revision) == col(Application.revision)
    )
    return (
        select(Application, HolderData, Blanko.sha256)
        .outerjoin(HolderData, col(HolderData.application_id) == col(Application.id))
        .outerjoin(Blanko, this_blanko)
    )


def _key(order: Order) -> tuple[Any, Any]:
    if order == "waiting":
        return col(Application.stage_since), lambda column: column.asc()
    return col(Application.created_at), lambda column: column.desc()


def _conditions(actor: Actor, wanted: Wanted, sops: Sops) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not actor.is_staff:
        found.append(_own(actor))
    if wanted.stages:
        found.append(col(Application.stage).in_([stage.value for stage in wanted.stages]))
    if wanted.registration_number:
        found.append(col(Application.registration_number) == wanted.registration_number)
    if wanted.mine:
        found.append(my_turn(actor, sops))
    if wanted.cursor:
        place = tuple_(_key(wanted.order)[0], col(Application.id))
        after = tuple_(*after_moment(wanted.cursor))
        found.append(place > after if wanted.order == "waiting" else place < after)
    return found


def _own(actor: Actor) -> ColumnElement[bool]:
    own = [col(Application.applicant_id) == actor.person_id] if actor.person_id else []
    linked = [col(Application.id) == actor.link_to] if actor.link_to else []
    return or_(false(), *own, *linked, *_handed_in(actor))


def _handed_in(actor: Actor) -> list[ColumnElement[bool]]:
    """What a system handed in, of the licences that its key may read."""
    if actor.client_id is None:
        return []
    theirs, good_for = col(Application.client_id) == actor.client_id, licences_of(actor, Verb.READ)
    return [theirs if ANY_LICENCE in good_for else theirs & col(Application.licence_code).in_(good_for)]


def _next(rows: Any, wanted: Wanted) -> str | None:
    if len(rows) <= wanted.limit:
        return None
    last: Application = rows[wanted.limit - 1][0]
    moment = last.stage_since if wanted.order == "waiting" else last.created_at
    return encode(moment.isoformat(), str(last.id))


def summary(case: Application, holder: HolderData | None, blanko_sha256: str | None, sops: Sops) -> ApplicationSummary:
    """One application as a line of a list."""
    return ApplicationSummary(
        id=case.id,
        licence_code=case.licence_code,
        application_type=case.application_type,
        channel=case.channel,
        registration_number=case.registration_number,
        stage=case.stage,
        stage_since=case.stage_since,
        version=case.version,
        revision=case.revision,
        round=case.round,
        paraf_next=case.paraf_next,
        paraf_count=case.paraf_count,
        waiting_for=waiting_for(case, sops),
        name=holder.name if holder else "",
        workplace_name=holder.workplace_name if holder else "",
        submitted_at=case.submitted_at,
        promised_at=case.promised_at,
        blanko_sha256=blanko_sha256 or "",
        set_aside=case.quarantined_at is not None,
    )
