"""`/sop`: the SOP drawn from data: steps by actors, the standard against what it really takes, and a case's place."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.actors import AnyCaller, Caller, Office, visible_case
from api.pages.applicant_link import MaybeMine, Mine
from api.pages.formats import working_time
from api.pages.kept import KeptFor
from api.pages.rendering import page
from api.views.offers import offered
from api.views.progress import passages_of, step_lines, step_title
from api.views.step_times import real_medians
from api.wiring import ApiOffice
from models.rules.errors import NotFound
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.sop import Role, Sop, Step
from models.services.definitions import pinned_sop
from models.tables.cases import Application

router = APIRouter(include_in_schema=False)
MEDIANS_HOLD = timedelta(minutes=5)


@router.get("/sop")
def sop_page(
    request: Request,
    office: Office,
    caller: AnyCaller,
    mine: MaybeMine,
    permohonan: UUID | None = None,
    izin: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """For everybody; a case's place for who may see the case."""
    with office.db.transaction() as session:
        case = _case(session, caller, mine, permohonan) if permohonan else None
        sop = _sop(session, office, case, izin)
        lines = {line.code: line for line in step_lines(sop, case, passages_of(session, case.id))} if case else {}
    medians = _medians(request, office, sop)
    rows = [_row(sop, step, medians, lines) for step in sop.steps]
    context = {"sop": sop, "actors": _actors(sop), "rows": rows, "bars": _bars(rows), "case": case}
    title = caller.signed_in.person.title if caller.signed_in else ""
    return page(request, "public/sop.html", context, actor=caller.actor, title=title)


def _case(session: Session, caller: Caller, mine: Mine | None, case_id: UUID) -> Application:
    """Raises NotFound for who may not know of it."""
    actor: Actor | None = caller.actor or (mine.actor if mine else None)
    if actor is None:
        raise NotFound("There is no application with this id.")
    return visible_case(session, actor, case_id)


def _sop(session: Session, office: ApiOffice, case: Application | None, code: str) -> Sop:
    if case is not None and case.sop_id is not None:
        return pinned_sop(session, case.sop_id)
    wanted = case.licence_code if case else code.upper()
    found = offered(session, jakarta_date(office.clock.now()))
    chosen = next((sop for sop in found if sop.licence_code == wanted), found[0] if found and not wanted else None)
    if chosen is None:
        raise NotFound("There is no such licence.")
    return chosen


def _medians(request: Request, office: ApiOffice, sop: Sop) -> dict[str, float]:
    kept: KeptFor[dict[str, float]] = request.app.state.step_medians

    def count() -> dict[str, float]:
        with office.db.transaction() as session:
            return real_medians(session, sop, office.calendar)

    return kept.get(office.clock.now(), count)


def _actors(sop: Sop) -> list[Role]:
    """Those who do a step, in the SOP's order of posts."""
    doing = {code for step in sop.steps for code in (step.actor, *step.also)}
    return [role for role in sop.roles if role.code in doing]


def _row(sop: Sop, step: Step, medians: dict[str, float], lines: dict[str, Any]) -> dict[str, Any]:
    real = medians.get(step.code)
    line = lines.get(step.code)
    return {
        "step": step,
        "title": step_title(sop, step.code),
        "who": {step.actor, *step.also},
        "standard": working_time(step.minutes) if step.minutes else f"{step.working_days} hari kerja",
        "real": working_time(round(real)) if real is not None else "-",
        "minutes": real,
        "state": line.state if line else "",
        "at": line.at if line else None,
    }


def _bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps with a standard in minutes; the day of the signature would dwarf all others."""
    return [
        {"label": row["title"], "value": row["minutes"], "text": row["real"], "limit": row["step"].minutes}
        for row in rows
        if row["minutes"] is not None and row["step"].minutes
    ]


def install(app: FastAPI) -> None:
    """Medians are counted once for all who look."""
    app.state.step_medians = KeptFor[dict[str, float]](MEDIANS_HOLD)
