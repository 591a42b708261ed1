"""`/cari`: one field for numbers, names and the last four digits of a NIK; `/` on the keyboard leads to it."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import StaffDesk, see_other
from api.pages.forms import Form
from api.views.search import SHOWN, TAIL, Results, search
from api.views.turns import all_sops
from models.services.casework import record
from models.services.register_book import masked

router = APIRouter(include_in_schema=False)
LONGEST = 80
_NIK = re.compile(r"[0-9]{16}")


@router.get("/cari")
def look(request: Request, desk: StaffDesk, office: Office) -> Response:
    """Cases that fit; a search by NIK is an event. A whole NIK is cut to its end, so that no address keeps it."""
    words = " ".join(request.query_params.get("q", "").replace("\0", "").split())[:LONGEST]
    if _NIK.fullmatch(words.replace(" ", "")):
        return see_other("/cari", q=words.replace(" ", "")[-TAIL:])
    with office.db.transaction() as session:
        found = search(session, words) if words else Results([])
        labels = {kind.code: kind.label for sop in all_sops(session).values() for kind in sop.application_types}
        if len(words) == TAIL and words.isdigit():
            detail = {"found": len(found.rows)}
            record(session, "searched_nik_tail", at=office.clock.now(), actor=desk.actor, detail=detail)
    context = {
        "form": Form({"q": [words]}),
        "words": words,
        "found": found,
        "labels": labels,
        "masked": masked,
        "shown": SHOWN,
    }
    return desk.page(request, "backoffice/search.html", context)
