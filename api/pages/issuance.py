"""`/ops/penerbitan`: the stop switch; `/register/penutupan`: the days of the register that are closed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.pages.desk import Desk, Sent, StaffDesk, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.register import Reader
from models.rules.errors import Fault, InvalidInput, NotFound, WrongStage
from models.rules.roles import require_role
from models.services.issuance import MAY_RESUME, MAY_STOP, resume_issuance, state, stop_issuance
from models.services.register_book import note_export
from models.services.register_close import days
from models.services.register_lines import Wanted
from models.tables.audit import RegisterDay

router = APIRouter(include_in_schema=False)
HOME = "/ops/penerbitan"
MESSAGES = {
    "dihentikan": "Penerbitan dihentikan. Langkah yang sedang berjalan selesai dalam beberapa detik.",
    "dilanjutkan": "Penerbitan dilanjutkan. Surat yang menunggu berjalan lagi dengan sendirinya.",
    "sudah": "Keadaan sudah berubah sejak Anda membuka halaman ini. Tidak ada yang dikerjakan.",
}


def switch_at_desk(desk: StaffDesk) -> Desk:
    """Raises Forbidden for who may not stop issuance."""
    require_role(desk.actor, *MAY_STOP)
    return desk


Switch = Annotated[Desk, Depends(switch_at_desk)]


@router.get(HOME)
def look(request: Request, desk: Switch, office: Office) -> HTMLResponse:
    """Whether letters are issued, why not, and how much waits."""
    return _page(request, desk, office, Form())


def _page(request: Request, desk: Desk, office: Office, form: Form, status: int = 200) -> HTMLResponse:
    with office.db.transaction() as session:
        found = state(session, office.clock.now())
    context = {
        "form": form,
        "state": found,
        "may_resume": bool(desk.actor.roles & set(MAY_RESUME)),
        "message": MESSAGES.get(request.query_params.get("hasil", "")),
    }
    return desk.page(request, "ops/issuance.html", context, status)


@router.post(HOME)
def switch(request: Request, desk: Switch, office: Office, sent: Sent) -> Response:
    """Stop with a reason, or resume."""
    act = text_of(sent, "perbuatan")
    try:
        if act == "hentikan":
            stop_issuance(office.db, office.clock, text_of(sent, "alasan"), desk.actor)
            return see_other(HOME, hasil="dihentikan")
        if act == "lanjutkan":
            resume_issuance(office.db, office.clock, desk.actor)
            return see_other(HOME, hasil="dilanjutkan")
    except WrongStage:
        return see_other(HOME, hasil="sudah")
    except InvalidInput:
        fault = Fault("/alasan", "Tulis alasan penghentian, paling sedikit 5 huruf.", "too_short")
        return _page(request, desk, office, typed(sent, [fault]), 422)
    fault = Fault("/perbuatan", "Pilih menghentikan atau melanjutkan penerbitan.", "unknown")
    return _page(request, desk, office, typed(sent, [fault]), 422)


@router.get("/register/penutupan")
def closed(request: Request, desk: Reader, office: Office) -> HTMLResponse:
    """The closed days, the latest first."""
    with office.db.transaction() as session:
        return desk.page(request, "backoffice/closed_days.html", {"days": days(session)})


@router.get("/register/penutupan/{day}.pdf")
def closed_file(day: date, desk: Reader, office: Office) -> Response:
    """The page of one closed day."""
    with office.db.transaction() as session:
        found = session.get(RegisterDay, day)
    if found is None or not found.sha256:
        raise NotFound("This day is not closed yet.")
    note_export(office.db, office.clock, desk.actor, "pdf", Wanted(day.year))
    headers = download_headers(f"penutupan-register-{day.isoformat()}.pdf", found.sha256)
    return Response(office.vault.get(found.sha256), headers=headers, media_type="application/pdf")
