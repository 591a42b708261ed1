"""`/dasbor`: a month in figures for the head of office and the secretary; of letters and steps, never of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import Desk, Sent, StaffDesk, see_other, text_of
from api.pages.formats import working_time
from api.pages.forms import Form
from api.views.months import Month, months
from models.rules.dates import MONTHS
from models.rules.numbering import jakarta_date
from models.rules.roles import require_role
from models.services.figures import MONTHS_SHOWN, count_month, month_of, months_back

router = APIRouter(include_in_schema=False)
LEADERS = ("kepala_dinas", "sekretaris", "admin")
STEPS = {
    "check": "Pemeriksaan berkas",
    "blanko": "Pembuatan blanko",
    "paraf_1": "Paraf pertama",
    "paraf_2": "Paraf kedua",
    "paraf_3": "Paraf ketiga",
    "sign": "Tanda tangan",
    "number": "Pemberian nomor",
    "hand_over": "Penyerahan",
}


def leader_at_desk(desk: StaffDesk) -> Desk:
    """Raises Forbidden for those who do not lead the office."""
    require_role(desk.actor, *LEADERS)
    return desk


Leader = Annotated[Desk, Depends(leader_at_desk)]


@router.get("/dasbor")
def look(request: Request, desk: Leader, office: Office) -> HTMLResponse:
    """A month, and the twelve before it."""
    return desk.page(request, "backoffice/dashboard.html", _context(request, office))


@router.get("/dasbor/laporan")
def report(request: Request, desk: Leader, office: Office) -> HTMLResponse:
    """One page of the month for the paper file."""
    return desk.page(request, "backoffice/month_report.html", _context(request, office))


@router.post("/dasbor/hitung")
def count(_: Leader, office: Office, sent: Sent) -> Response:
    """Count a month of the last twelve now."""
    month = _month(text_of(sent, "bulan"), month_of(jakarta_date(office.clock.now())))
    count_month(office.db, office.clock, office.calendar, month)
    return see_other("/dasbor", bulan=f"{month:%Y-%m}")


def _context(request: Request, office: Office) -> dict[str, Any]:
    now = office.clock.now()
    present = month_of(jakarta_date(now))
    month = _month(request.query_params.get("bulan", ""), present)
    with office.db.transaction() as session:
        rows = months(session, months_back(present, MONTHS_SHOWN))
    chosen = next(row for row in rows if row.month == month)
    return {
        "now": now,
        "month": chosen,
        "title": title_of(month),
        "form": Form({"bulan": [f"{month:%Y-%m}"]}),
        "options": [(f"{row.month:%Y-%m}", title_of(row.month)) for row in rows],
        "present": month == present,
        "steps": _steps(chosen.figures),
        "reasons": _reasons(chosen.figures),
        "trend": _trend(rows),
    }


def _month(text: str, present: date) -> date:
    """A month of the last twelve, the present one for anything else."""
    known = {f"{one:%Y-%m}": one for one in months_back(present, MONTHS_SHOWN)}
    return known.get(text, present)


def title_of(month: date) -> str:
    """`Maret 2026`."""
    return f"{MONTHS[month.month - 1]} {month.year}"


def _steps(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each step as a share of its own standard: minutes beside a day would be a line too thin to see."""
    return [_step(one, STEPS.get(one["code"], one["title"])) for one in figures.get("steps", ())]


def _step(step: Mapping[str, Any], name: str) -> dict[str, Any]:
    took, standard = working_time(step["median"]), working_time(step["standard"])
    share = round(100 * step["median"] / step["standard"]) if step["standard"] else 0
    return {
        "name": name,
        "took": took,
        "standard": standard,
        "label": f"{name}: {took} dari {standard}",
        "value": share,
        "limit": 100,
        "text": f"{share} %",
    }


def _reasons(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": row["document"], "detail": row["reason"], "value": row["count"]} for row in figures.get("reasons", ())
    ]


def _trend(rows: list[Month]) -> list[dict[str, Any]]:
    return [
        {"label": title_of(row.month), "value": row.figures["issued"], "received": row.figures["received"]}
        for row in reversed(rows)
        if row.figures
    ]
