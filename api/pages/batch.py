"""`/batch`: send many applications at once, see what is wrong before anything runs, follow, pause, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session, select
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.actors import Office
from api.batches import BLOCK, desk_of, standing_of
from api.pages.desk import Desk, Sent, StaffDesk, see_other, text_of
from api.pages.formats import moment, number
from api.pages.forms import Form, typed
from api.wiring import ApiOffice
from models.rules.batch_sheet import HOLDER, KEY
from models.rules.errors import AlreadyDone, Fault, InvalidInput, NotFound, WrongStage
from models.rules.sniffing import safe_name
from models.services import batch_control, batch_intake
from models.services.batch_control import Item, Standing
from models.services.batch_intake import SENDERS, BatchWish, SameFile
from models.tables.batch import Batch
from models.tables.definitions import SopVersion

router = APIRouter(include_in_schema=False)
SHOWN = 25
MOST_REMARKS = 200
STOP_POLLING = 286
STATES: dict[str, dict[str, str]] = {
    "checked": {"words": "Sudah diperiksa, belum dijalankan", "colour": "yellow"},
    "running": {"words": "Berjalan", "colour": "blue"},
    "paused": {"words": "Dijeda", "colour": "yellow"},
    "cancelled": {"words": "Dibatalkan", "colour": "grey"},
    "finished": {"words": "Selesai", "colour": "green"},
}
PLACES = {
    "waiting": "Menunggu giliran",
    "checking": "Pemeriksaan sistem",
    "verifying": "Pemeriksaan petugas",
    "paraf": "Blanko dan paraf",
    "signature": "Tanda tangan",
    "numbering": "Nomor dan segel",
    "issued": "Izin terbit",
    "returned": "Dikembalikan",
    "rejected": "Ditolak",
    "refused": "Tidak dapat diterima",
    "cancelled": "Dibatalkan",
}
OVER = ("issued", "returned", "rejected", "refused", "cancelled")
MESSAGES = {
    "jalan": "Kiriman dijalankan. Halaman ini boleh ditutup.",
    "jeda": "Kiriman dijeda: baris yang belum mulai menunggu.",
    "lanjut": "Kiriman dilanjutkan dari tempatnya berhenti.",
    "batal": "Baris yang belum mulai dibatalkan. Yang sudah menjadi permohonan tetap diproses.",
    "sama": "Berkas ini sudah pernah dikirim: inilah kirimannya. Tidak ada yang dijalankan dua kali.",
    "berubah": "Kiriman ini sudah berubah sejak Anda melihatnya. Periksa keadaannya, lalu ulangi bila perlu.",
}


def _may_send(desk: Desk) -> bool:
    return bool(desk.actor.roles & set(SENDERS))


@router.get("/batch")
def home(request: Request, desk: StaffDesk, office: Office, sebelum: str = Query("", max_length=36)) -> HTMLResponse:
    """What was sent, and the form to send more."""
    return _home(request, desk, office, Form(), before=sebelum)


def _home(
    request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200, before: str = ""
) -> HTMLResponse:
    with office.db.transaction() as session:
        found = batch_control.batches(session, desk.actor, _uuid(before), SHOWN + 1)
        licences = _licences(session)
    shown = found[:SHOWN]
    context = {
        "form": form,
        "may_send": _may_send(desk),
        "most_rows": office.settings.batch_max_rows,
        "licences": licences,
        "mendable": [(str(one.id), f"{one.name}, {moment(one.created_at)}") for one in shown if one.committed_at],
        "rows": [_line(one) for one in shown],
        "next": f"/batch?sebelum={shown[-1].id}" if len(found) > SHOWN else "",
    }
    return desk.page(request, "batch/home.html", context, status)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound("There is no such page of batches.") from error


def _licences(session: Session) -> list[tuple[str, str]]:
    codes = sorted(set(session.exec(select(SopVersion.licence_code))))
    return [(code, code) for code in codes]


def _line(batch: Batch) -> dict[str, Any]:
    cells = [batch.name, batch.sender, moment(batch.created_at), number(batch.row_count), STATES[batch.state]["words"]]
    return {"cells": cells, "href": f"/batch/{batch.id}"}


@router.post("/batch")
def send(request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """Judge every row of a file; nothing runs."""
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _refused(request, desk, office, sent, "Pilih berkas yang akan dikirim.")
    wish = BatchWish(text_of(sent, "licence"), safe_name(file.filename), dry_run=True, mends=_mends(sent))
    try:
        batch_desk = desk_of(office)
        stored = office.vault.put_stream(iter(lambda: file.file.read(BLOCK), b""), batch_desk.most_bytes)
        made = batch_intake.receive(batch_desk, desk.actor, wish, stored)
    except InvalidInput as error:
        return _refused(request, desk, office, sent, str(error))
    return see_other(f"/batch/{made.batch_id}", kode=made.token)


def _mends(sent: FormData) -> UUID | None:
    return _uuid(text_of(sent, "mends"))


def _refused(request: Request, desk: Desk, office: ApiOffice, sent: FormData, sentence: str) -> HTMLResponse:
    return _home(request, desk, office, typed(sent, [Fault("/file", sentence)]), 422)


@router.get("/batch/contoh.csv")
def sample(desk: StaffDesk) -> Response:  # noqa: ARG001 - for staff alone
    """A head to fill in."""
    head = ",".join((KEY, *HOLDER, "surat_permohonan", "ktp", "ijazah", "strro", "pas_foto"))
    headers = {"Content-Disposition": 'attachment; filename="contoh.csv"'}
    return Response(head + "\r\n", media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/batch/{batch_id}")
def show(
    batch_id: UUID,
    request: Request,
    desk: StaffDesk,
    office: Office,
    kode: str = Query("", max_length=100),
    pesan: str = Query("", max_length=20),
) -> HTMLResponse:
    """How a batch goes, and what is to be mended."""
    with office.db.transaction() as session:
        found = standing_of(office, session, batch_control.visible_batch(session, desk.actor, batch_id))
        refused = batch_control.items(session, batch_id, 0, MOST_REMARKS, "refused")
        waiting = batch_control.items(session, batch_id, 0, MOST_REMARKS)
    context = {
        **_state(found),
        "token": kode,
        "may_send": _may_send(desk),
        "see_cases": desk.actor.is_staff,
        "letters": found.letters,
        "message": MESSAGES.get(pesan, ""),
        "kind": "warning" if pesan in ("sama", "berubah") else "success",
        "wrong": _lines(refused, "error"),
        "doubtful": _lines([one for one in waiting if one.place != "refused"], "warning"),
    }
    return desk.page(request, "batch/batch.html", context)


def _lines(rows: Iterable[Item], grade: str) -> list[dict[str, Any]]:
    return [
        {"cells": [str(item.row), item.key, error["column"], error["message"]]}
        for item in rows
        for error in item.errors
        if error["grade"] == grade
    ][:MOST_REMARKS]


def _state(found: Standing) -> dict[str, Any]:
    batch = found.batch
    tiles = [
        {"label": words, "value": number(found.counts[place]), "colour": "red" if place == "refused" else "plain"}
        for place, words in PLACES.items()
        if found.counts.get(place)
    ]
    facts = [
        {"key": "Pengirim", "value": batch.sender},
        {"key": "Jenis izin", "value": batch.licence_code},
        {"key": "Diterima", "value": moment(batch.committed_at or batch.created_at)},
    ]
    if found.rate:
        facts.append({"key": "Laju", "value": f"{number(found.rate)} baris per detik"})
    if found.taken_by:
        facts.append({"key": "Semua baris menjadi permohonan", "value": f"sekitar {moment(found.taken_by)}"})
    if found.expected:
        facts.append({"key": "Surat terakhir diperkirakan", "value": moment(found.expected)})
    if batch.finished_at:
        facts.append({"key": "Selesai", "value": moment(batch.finished_at)})
    over = sum(found.counts.get(place, 0) for place in OVER)
    counts = {place: found.counts.get(place, 0) for place in PLACES}
    return {
        "batch": batch,
        "state": STATES[batch.state],
        "tiles": tiles,
        "facts": facts,
        "over": over,
        "counts": counts,
    }


@router.get("/batch/{batch_id}/kemajuan")
def progress(batch_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """The part that changes; says when there is nothing more to ask for."""
    with office.db.transaction() as session:
        batch = batch_control.visible_batch(session, desk.actor, batch_id)
        found = standing_of(office, session, batch)
    over = batch.finished_at is not None and (batch.bundle_sha256 != "" or not found.counts.get("issued"))
    answer = desk.page(request, "batch/_state.html", _state(found))
    answer.status_code = STOP_POLLING if over else 200
    return answer


@router.post("/batch/{batch_id}/jalankan")
def run(batch_id: UUID, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """Run exactly the file that was judged."""
    try:
        batch_intake.commit(office.db, office.clock, desk.actor, batch_id, text_of(sent, "kode"))
    except SameFile as error:
        return see_other(f"/batch/{error.first}", pesan="sama")
    except (AlreadyDone, NotFound):
        return _after(desk, office, batch_id, "berubah")
    return see_other(f"/batch/{batch_id}", pesan="jalan")


def _after(desk: Desk, office: ApiOffice, batch_id: UUID, message: str) -> Response:
    with office.db.transaction() as session:
        try:
            batch_control.visible_batch(session, desk.actor, batch_id)
        except NotFound:
            return see_other("/batch")
    return see_other(f"/batch/{batch_id}", pesan=message)


def _act(desk: Desk, office: ApiOffice, batch_id: UUID, message: str, act: Callable[[], None]) -> Response:
    try:
        act()
    except WrongStage:
        message = "berubah"
    return _after(desk, office, batch_id, message)


@router.post("/batch/{batch_id}/jeda")
def pause(batch_id: UUID, desk: StaffDesk, office: Office) -> Response:
    """Begin no further row."""
    act = batch_control.pause
    return _act(desk, office, batch_id, "jeda", lambda: act(office.db, office.clock, desk.actor, batch_id))


@router.post("/batch/{batch_id}/lanjut")
def resume(batch_id: UUID, desk: StaffDesk, office: Office) -> Response:
    """Go on."""
    act = batch_control.resume
    return _act(desk, office, batch_id, "lanjut", lambda: act(office.db, office.clock, desk.actor, batch_id))


@router.post("/batch/{batch_id}/batal")
def cancel(batch_id: UUID, desk: StaffDesk, office: Office) -> Response:
    """Cancel what has not begun."""
    act = batch_control.cancel
    return _act(desk, office, batch_id, "batal", lambda: act(office.db, office.clock, desk.actor, batch_id))
