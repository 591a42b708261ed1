"""`/admin`: what the office's admin keeps, and what needs him now."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from api.actors import Office
from api.pages.desk import Desk, StaffDesk
from api.views.admin import overview
from models.rules.roles import ADMIN, require_role

router = APIRouter(include_in_schema=False)

PARTS = (
    ("/admin", "Ringkasan"),
    ("/admin/orang", "Orang dan peran"),
    ("/admin/mandat", "Mandat Plt./Plh."),
    ("/admin/kunci", "Kunci tanda tangan"),
    ("/admin/kalender", "Libur dan jam kerja"),
    ("/admin/definisi", "Syarat dan naskah"),
    ("/admin/audit", "Catatan kejadian"),
)


def admin_at_desk(desk: StaffDesk) -> Desk:
    """Raises SignInFirst for nobody, Forbidden for everybody but an admin."""
    require_role(desk.actor, ADMIN)
    return desk


AdminDesk = Annotated[Desk, Depends(admin_at_desk)]


def admin_page(
    request: Request, desk: Desk, template: str, context: dict[str, Any], here: str, status: int = 200
) -> HTMLResponse:
    """A page with the admin's own navigation beside it."""
    parts = [{"href": href, "text": text, "current": href == here} for href, text in PARTS]
    return desk.page(request, f"admin/{template}", {**context, "parts": parts}, status=status)


@router.get("/admin")
def admin(request: Request, desk: AdminDesk, office: Office) -> HTMLResponse:
    """Counts, and what ends soon."""
    with office.db.transaction() as session:
        found = overview(session, office.clock.now(), enforced=office.settings.second_factor_enforced)
    return admin_page(request, desk, "home.html", {"found": found}, "/admin")
