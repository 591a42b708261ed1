"""The first page and the requirements: what everybody may know of the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.responses import HTMLResponse

from api.actors import Office
from api.pages.kept import KeptFor
from api.pages.rendering import page
from api.views.figures import MonthFigures, month_figures
from api.views.offers import offered
from api.wiring import ApiOffice
from models.rules.errors import NotFound
from models.rules.numbering import jakarta_date
from models.rules.requirements import COMPUTED_CONDITIONS, applicable
from models.rules.sop import Sop

router = APIRouter(include_in_schema=False)
FIGURES_HOLD = timedelta(minutes=5)


@router.get("/")
def home(request: Request, office: Office) -> HTMLResponse:
    """Apply, follow, verify; what is promised, and how it is kept this month."""
    today = jakarta_date(office.clock.now())
    with office.db.transaction() as session:
        sops = offered(session, today)
    context = {
        "sops": sops,
        "figures": _figures(request, office),
        "lists": {s.licence_code: _first(s, today) for s in sops},
    }
    return page(request, "public/home.html", context)


def _figures(request: Request, office: ApiOffice) -> MonthFigures:
    kept: KeptFor[MonthFigures] = request.app.state.month_figures
    now = office.clock.now()

    def count() -> MonthFigures:
        with office.db.transaction() as session:
            return month_figures(session, now)

    return kept.get(now, count)


def _first(sop: Sop, today: date) -> list[str]:
    """What the first type asks of everybody."""
    items = applicable(sop, sop.application_types[0].code, today)
    return [item.requirement.label for item in items if item.required]


@router.get("/syarat/{licence}")
def requirements(licence: Annotated[str, Path(max_length=20)], request: Request, office: Office) -> HTMLResponse:
    """The requirements of a licence by type, with their legal basis; made to be printed."""
    today = jakarta_date(office.clock.now())
    with office.db.transaction() as session:
        found = next((sop for sop in offered(session, today) if sop.licence_code == licence.upper()), None)
    if found is None:
        raise NotFound("There is no such licence.")
    return page(request, "public/requirements.html", {"sop": found, "kinds": _by_kind(found, today), "today": today})


def _by_kind(sop: Sop, today: date) -> list[dict[str, Any]]:
    held = frozenset(COMPUTED_CONDITIONS)
    return [{"kind": kind, "items": applicable(sop, kind.code, today, held)} for kind in sop.application_types]


def install(app: FastAPI) -> None:
    """Figures are counted once for all who look."""
    app.state.month_figures = KeptFor[MonthFigures](FIGURES_HOLD)
