"""`/admin/audit`: the audit trail with filters in the address, the latest first."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.actors import Office
from api.pages.admin import AdminDesk, admin_page
from api.pages.admin_words import EVENT_KINDS
from api.pages.forms import filled
from api.pages.rendering import query
from api.views.admin import Asked, audit, people
from models.rules.numbering import jakarta_date

router = APIRouter(include_in_schema=False)
HOME = "/admin/audit"


@router.get(HOME)
def events(
    request: Request,
    desk: AdminDesk,
    office: Office,
    jenis: str = Query("", max_length=60),
    orang: str = Query("", max_length=40),
    nomor: str = Query("", max_length=60),
    sejak: str = Query("", max_length=10),
    sampai: str = Query("", max_length=10),
    setelah: str = Query("", max_length=200),
) -> HTMLResponse:
    """A page of fifty events."""
    params = {"jenis": jenis, "orang": orang, "nomor": nomor, "sejak": sejak, "sampai": sampai}
    asked = Asked(jenis, _id(orang), nomor.strip(), _day(sejak), _day(sampai), setelah)
    with office.db.transaction() as session:
        found = audit(session, asked)
        names = [(str(r.person.id), r.person.name) for r in people(session, jakarta_date(office.clock.now()))]
    context = {
        "found": found,
        "filters": filled(params),
        "kinds": sorted(EVENT_KINDS.items(), key=lambda item: item[1]),
        "words": EVENT_KINDS,
        "names": names,
        "chosen": [
            {"text": value, "href": HOME + query(params, **{key: ""})} for key, value in params.items() if value
        ],
        "next": HOME + query(params, setelah=found.next) if found.next else "",
        "first": HOME + query(params) if setelah else "",
    }
    return admin_page(request, desk, "audit.html", context, HOME)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
