"""`/ops`: is the office well, what waits and why, and a case that was set aside tried again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import Desk, Sent, StaffDesk, number_of, see_other
from api.pages.formats import moment, number
from api.pages.words import STAGES
from api.views.ops_room import BACKUP_SECONDS, Aside, QueueState, Room, aside_of, room
from api.wiring import ApiOffice
from models.rules.errors import NotFound
from models.rules.roles import ADMIN, OPERATOR, require_role
from models.services.casework import read_case
from models.services.machine import retry

router = APIRouter(include_in_schema=False)
MESSAGES = {
    "ulang": "Langkah itu diantrekan lagi dengan hitungan percobaan baru.",
    "berubah": "Permohonan itu sudah berubah sejak Anda melihatnya. Tidak ada yang diulang.",
}
QUEUES = {
    "intake": "Pemeriksaan berkas",
    "letters": "Blanko, nomor, tanda terima",
    "signing": "Paraf, tanda tangan, segel",
    "mail": "Pesan",
    "archive": "Gambar, arsip, register",
    "batch": "Baris kiriman massal",
    "webhooks": "Pemberitahuan ke sistem lain",
}
REDO = {
    "paraf.check_completeness": "Berkas yang belum diperiksa dibuka lagi, lalu setiap syarat dinilai ulang.",
    "paraf.generate_blanko": "Blanko dibuat lagi dari data dan aturan yang sama.",
    "paraf.apply_paraf": "Paraf yang sudah tercatat dibubuhkan lagi pada surat; pejabat tidak perlu memaraf ulang.",
    "paraf.apply_signature": "Tanda tangan yang sudah tercatat dibubuhkan lagi; pejabat tidak perlu mengulang.",
    "paraf.assign_number": "Nomor berikutnya diambil, bila belum ada nomor.",
    "paraf.assemble_licence": "Surat izin disusun, disegel dan diperiksa lagi dengan nomor yang sama.",
    "paraf.assemble_dossier": "Arsip permohonan dijilid lagi.",
}
"""What a retry does, in words, before it is done."""


def operator_at_desk(desk: StaffDesk) -> Desk:
    """Raises Forbidden for everybody but operators and admins."""
    require_role(desk.actor, OPERATOR, ADMIN)
    return desk


OperatorDesk = Annotated[Desk, Depends(operator_at_desk)]


@router.get("/ops")
def look(request: Request, desk: OperatorDesk, office: Office, pesan: str = Query("", max_length=20)) -> HTMLResponse:
    """The whole room."""
    context = {**_context(request, office), "message": MESSAGES.get(pesan, ""), "kind": pesan}
    return desk.page(request, "ops/home.html", context)


@router.get("/ops/keadaan")
def state(request: Request, desk: OperatorDesk, office: Office) -> HTMLResponse:
    """The part that changes."""
    return desk.page(request, "ops/_state.html", _context(request, office))


def _context(request: Request, office: ApiOffice) -> dict[str, Any]:
    now = office.clock.now()
    with office.db.transaction() as session:
        found = room(session, now)
    host = request.url.hostname or "127.0.0.1"
    return {
        "queues": [_line(one, now) for one in found.queues],
        "workers": [_worker(one, now) for one in found.queues],
        "schedules": [{"cells": [name, moment(at) if at else "belum pernah", _ago(at, now)]}
                      for name, at in [("relay", found.relay), *found.schedules]],
        "aside": [_aside(one) for one in found.aside],
        "given_up": [{"cells": [task, number(count)]} for task, count in found.given_up],
        "tiles": _tiles(found, now),
        "flower": f"http://{host}:{office.settings.flower_port}/",
    }  # fmt: skip


def _tiles(found: Room, now: datetime) -> list[dict[str, Any]]:
    away = [one for one in found.queues if one.away(now)]
    old = found.backup is None or (now - found.backup).total_seconds() > BACKUP_SECONDS
    return [
        {"label": "Pekerjaan menunggu", "value": number(sum(one.waiting for one in found.queues))},
        {"label": "Tertua", "value": _span(max(one.age for one in found.queues))},
        {
            "label": "Pekerja tanpa kemajuan",
            "value": str(len(away)),
            "colour": "red" if away else "plain",
            "note": ", ".join(one.queue.value for one in away),
        },
        {
            "label": "Disisihkan",
            "value": str(len(found.aside)),
            "colour": "red" if found.aside else "plain",
            "href": "#disisihkan" if found.aside else "",
        },
        {
            "label": "Cadangan terakhir",
            "value": _ago(found.backup, now),
            "colour": "red" if old else "plain",
            "note": moment(found.backup) if found.backup else "belum ada cadangan yang tercatat",
        },
    ]


def _line(one: QueueState, now: datetime) -> dict[str, Any]:
    state = "Dijeda" if one.paused else "Pekerja tidak bergerak" if one.away(now) and one.waiting else "Berjalan"
    what = f"{one.queue.value}: {QUEUES[one.queue.value]}"
    cells = [what, number(one.waiting), number(one.sent), _span(one.age), number(one.failing), state]
    return {"cells": cells, "mark": "late" if state == "Pekerja tidak bergerak" else ""}


def _worker(one: QueueState, now: datetime) -> dict[str, Any]:
    words = "Tidak ada kemajuan" if one.away(now) else "Bekerja"
    return {"cells": [one.queue.value, moment(one.progress) if one.progress else "belum pernah",
                      _ago(one.progress, now), words]}  # fmt: skip


def _aside(one: Aside) -> dict[str, Any]:
    cells = [one.number, STAGES[one.stage].staff_title, moment(one.since), one.reason]
    return {"cells": cells, "href": f"/ops/kasus/{one.id}"}


def _ago(at: datetime | None, now: datetime) -> str:
    return "belum pernah" if at is None else f"{_span(int((now - at).total_seconds()))} yang lalu"


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{max(seconds, 0)} detik"
    if seconds < 7200:
        return f"{seconds // 60} menit"
    return f"{seconds // 3600} jam" if seconds < 172_800 else f"{seconds // 86_400} hari"


@router.get("/ops/kasus/{case_id}")
def ask(case_id: UUID, request: Request, desk: OperatorDesk, office: Office) -> HTMLResponse:
    """What a retry will redo, before it is done."""
    one = _set_aside(office, case_id)
    context = {"one": one, "stage": STAGES[one.stage].staff_title, "redo": REDO.get(one.task, one.task)}
    return desk.page(request, "ops/retry.html", context)


def _set_aside(office: ApiOffice, case_id: UUID) -> Aside:
    with office.db.transaction() as session:
        case = read_case(session, case_id)
    if case.quarantined_at is None:
        raise NotFound("This case is not set aside.")
    return aside_of(case)


@router.post("/ops/kasus/{case_id}/ulang")
def again(case_id: UUID, desk: OperatorDesk, office: Office, sent: Sent) -> Response:
    """Run the step again, if the case still stands as it was looked at."""
    require_role(desk.actor, OPERATOR)
    try:
        if _set_aside(office, case_id).version != number_of(sent, "versi"):
            return see_other("/ops", pesan="berubah")
        retry(office.db, office.clock, case_id, desk.actor)
    except NotFound:
        return see_other("/ops", pesan="berubah")
    return see_other("/ops", pesan="ulang")
