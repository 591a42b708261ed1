"""What people do on the page of a case: judge the berkas, correct the letter, void its number, send back, put off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office, visible_case
from api.pages.case import show
from api.pages.checklist import Judged, judged_complete, judged_lacking
from api.pages.desk import Desk, Sent, StaffDesk, number_of, see_other, text_of
from api.pages.formats import time_of_day
from api.pages.forms import Form, faults_of, nested, typed
from api.views.case_desk import CaseView, case_view
from api.views.inbox_desk import Asked, inbox
from api.views.turns import all_sops, waiting_for
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, Fault, Forbidden, InvalidInput, StaleVersion, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.stages import Stage
from models.services import send_back, verify, void
from models.services.claim import held_by_another
from models.services.inputs import Amendment
from models.services.put_off import put_off

router = APIRouter(include_in_schema=False)

CHANGED = (StaleVersion, WrongStage, AlreadyDone)
"""Somebody was faster: the page is shown anew with what stands now, and what was typed stays."""

_HELD = "Berkas ini sedang dipegang {name} sampai {until}. Belum ada yang tersimpan; isian Anda tetap di bawah."


def _act(
    request: Request, desk: Desk, office: ApiOffice, application_id: UUID, form: Form, act: Callable[[], object]
) -> HTMLResponse | None:
    """Do it, or the page that says why not; None when it is done."""
    now = office.clock.now()
    with office.db.transaction() as session:
        visible_case(session, desk.actor, application_id)
        held = held_by_another(session, application_id, desk.actor, now)
    if held is not None:
        said = _HELD.format(name=held[0], until=time_of_day(held[1]))
        return show(request, desk, office, application_id, Form(form.values, (Fault("", said),)), status=409)
    try:
        act()
    except CHANGED:
        return show(request, desk, office, application_id, form, status=409, stale=True)
    except InvalidInput as error:
        return show(request, desk, office, application_id, form.refused(error), status=422)
    return None


@router.post("/permohonan/{application_id}/periksa")
def judge(application_id: UUID, request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """Step 2: complete, back to the applicant, or refused; by the button that was pressed."""
    decision, form, version = text_of(sent, "putusan"), typed(sent), number_of(sent, "version")
    if decision == "tolak":
        return _reject(application_id, request, desk, office, form, version)
    complete = decision in ("lengkap", "lengkap-berikutnya")
    view = _view(office, desk, application_id)
    judged = judged_complete(view, form) if complete else judged_lacking(view, form)
    if judged.faults and view.case.version == version:
        return show(request, desk, office, application_id, typed(sent, judged.faults), status=422)
    act = _complete(office, desk, application_id, judged, form, version)
    if not complete:
        act = _return(office, desk, application_id, judged, form, version)
    refused = _act(request, desk, office, application_id, form, act)
    if refused is None and decision == "lengkap-berikutnya":
        return _next_one(office, desk)
    return refused or see_other(f"/permohonan/{application_id}", pesan="lengkap" if complete else "dikembalikan")


def _next_one(office: ApiOffice, desk: Desk) -> Response:
    """The most urgent berkas of the front office that nobody else has open; the inbox when there is none."""
    asked, now = Asked(stage=Stage.VERIFYING), office.clock.now()
    with office.db.transaction() as session:
        rows = inbox(session, desk.actor, asked, office.calendar, now).rows
    free = (row.case.id for row in rows if row.claimed_by in (None, desk.actor.person_id))
    following = next(free, None)
    return (
        see_other(f"/permohonan/{following}", pesan="berikutnya") if following else see_other("/kotak", pesan="habis")
    )


def _view(office: ApiOffice, desk: Desk, application_id: UUID) -> CaseView:
    with office.db.transaction() as session:
        case = visible_case(session, desk.actor, application_id)
        return case_view(session, case, desk.actor, office.calendar, office.clock.now())


def _complete(
    office: ApiOffice, desk: Desk, application_id: UUID, judged: Judged, form: Form, version: int | None
) -> Callable[[], object]:
    note = form.value("note")[:1000]
    return lambda: verify.verify(
        office.db, office.clock, desk.actor, application_id, _seen(version), judged.overrides, note
    )


def _return(
    office: ApiOffice, desk: Desk, application_id: UUID, judged: Judged, form: Form, version: int | None
) -> Callable[[], object]:
    note = form.value("note")[:1000]
    return lambda: verify.return_to_applicant(
        office.db, office.clock, desk.actor, application_id, judged.items, _seen(version), note
    )


def _seen(version: int | None) -> int:
    """A form without its version was never looked at: no version is 0."""
    return version or 0


def _reject(
    application_id: UUID, request: Request, desk: Desk, office: ApiOffice, form: Form, version: int | None
) -> Response:
    reason = form.value("reject_reason").strip()
    if len(reason) < 10:
        fault = Fault("/reject_reason", "Tulis alasan menolak, paling sedikit sepuluh huruf; pemohon membacanya.")
        return show(request, desk, office, application_id, Form(form.values, (fault,)), status=422)
    refused = _act(
        request,
        desk,
        office,
        application_id,
        form,
        lambda: verify.reject(office.db, office.clock, desk.actor, application_id, reason[:500], _seen(version)),
    )
    return refused or see_other(f"/permohonan/{application_id}", pesan="ditolak")


@router.post("/permohonan/{application_id}/perbaiki")
def correct(application_id: UUID, request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """Back office: what the letter says, corrected; the next blanko follows."""
    form, version = typed(sent), number_of(sent, "version")
    try:
        changes = Amendment.model_validate(_amendment(sent))
    except ValidationError as error:
        return show(request, desk, office, application_id, typed(sent, faults_of(error)), status=422)
    refused = _act(
        request,
        desk,
        office,
        application_id,
        form,
        lambda: send_back.amend(office.db, office.clock, desk.actor, application_id, changes, _seen(version)),
    )
    return refused or see_other(f"/permohonan/{application_id}", pesan="diperbaiki")


def _amendment(sent: FormData) -> dict[str, Any]:
    """Every value of the form; an empty date of the STR's end is a lifelong STR."""
    values = {key: value for key, value in nested(sent).items() if key in Amendment.model_fields}
    required = [name for name in Amendment.model_fields if name != "str_valid_until"]
    missing = {name: "" for name in required if name not in values}
    return {**missing, **values, "str_valid_until": values.get("str_valid_until")}


@router.post("/permohonan/{application_id}/batal")
def void_number(application_id: UUID, request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """Back office: the number is voided and stays in the register with its reason."""
    form, version, reason = typed(sent), number_of(sent, "version"), text_of(sent, "void_reason")
    if len(reason) < void.MIN_REASON:
        fault = Fault("/void_reason", "Tulis alasan membatalkan nomor, paling sedikit lima huruf.")
        return show(request, desk, office, application_id, Form(form.values, (fault,)), status=422)
    refused = _act(
        request,
        desk,
        office,
        application_id,
        form,
        lambda: void.void_number(office.db, office.clock, desk.actor, application_id, reason[:500], _seen(version)),
    )
    return refused or see_other(f"/permohonan/{application_id}", pesan="batal")


@router.get("/permohonan/{application_id}/kembalikan")
def ask_back(application_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """Where to send the letter back to, and why."""
    return _letter_form(request, desk, office, application_id, "case/send_back.html", Form())


@router.post("/permohonan/{application_id}/kembalikan")
def send_letter_back(application_id: UUID, request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """The official whose turn it is; parafs of this revision count no more."""
    reason, target, form = text_of(sent, "reason"), text_of(sent, "target"), typed(sent)
    faults = [] if len(reason) >= send_back.MIN_REASON else [Fault("/reason", "Tulis apa yang salah pada surat.")]
    if target not in ("blanko", "verification"):
        faults.append(Fault("/target", "Pilih dikembalikan ke mana."))
    if faults:
        return _letter_form(
            request, desk, office, application_id, "case/send_back.html", Form(form.values, tuple(faults)), 422
        )
    to: send_back.Target = "verification" if target == "verification" else "blanko"
    version = _seen(number_of(sent, "version"))
    return _letter_act(
        request,
        desk,
        office,
        application_id,
        ("case/send_back.html", form),
        lambda: send_back.send_back(office.db, office.clock, desk.actor, application_id, reason, to, version),
        "dikembalikan",
    )


@router.get("/permohonan/{application_id}/tunda")
def ask_later(application_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """Until which day, and why."""
    return _letter_form(request, desk, office, application_id, "case/put_off.html", Form())


@router.post("/permohonan/{application_id}/tunda")
def later(application_id: UUID, request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """The letter leaves the pile until that day; the clock runs on."""
    form = typed(sent)
    try:
        until = date.fromisoformat(text_of(sent, "until"))
    except ValueError:
        fault = Fault("/until", "Pilih tanggal kapan surat ini ditinjau lagi.")
        page = "case/put_off.html"
        return _letter_form(request, desk, office, application_id, page, Form(form.values, (fault,)), 422)
    reason, version = text_of(sent, "reason"), _seen(number_of(sent, "version"))
    return _letter_act(
        request,
        desk,
        office,
        application_id,
        ("case/put_off.html", form),
        lambda: put_off(office.db, office.clock, desk.actor, application_id, until, reason, version),
        "ditunda",
    )


def _letter_act(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    application_id: UUID,
    page: tuple[str, Form],
    act: Callable[[], object],
    done: str,
) -> Response:
    template, form = page
    try:
        act()
    except CHANGED:
        return _letter_form(request, desk, office, application_id, template, form, 409, stale=True)
    except InvalidInput as error:
        return _letter_form(request, desk, office, application_id, template, form.refused(error), 422)
    return see_other("/tinjau", pesan=done)


def _letter_form(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    application_id: UUID,
    template: str,
    form: Form,
    status: int = 200,
    *,
    stale: bool = False,
) -> HTMLResponse:
    """A small form on one letter. Raises Forbidden for who does not hold the post whose turn it is."""
    with office.db.transaction() as session:
        case = visible_case(session, desk.actor, application_id)
        waits = waiting_for(case, all_sops(session))
        if not stale and waits not in desk.actor.roles:
            raise Forbidden("This letter does not wait for a post of yours.")
        view = case_view(session, case, desk.actor, office.calendar, office.clock.now())
    context = {
        "form": form,
        "case": case,
        "name": view.holder.name if view.holder else "",
        "workplace": view.holder.workplace_name if view.holder else "",
        "stale": stale,
        "today": jakarta_date(office.clock.now()),
    }
    return desk.page(request, template, context, status)
