"""`/serah`: a licence is handed over: to whom, on what identity, with his signature on screen if he gives one."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.pages.desk import Desk, Sent, number_of, see_other, text_of
from api.pages.forms import Form, faults_of, filled, nested, typed
from api.pages.loket import FrontDesk, front_office
from api.views.counter import PAGE, proof_of, ready, search
from api.views.letters import licence_sha256
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.stages import Stage
from models.services import hand_over as handing
from models.services.casework import holder_of, read_case, record
from models.services.inputs import HandOverInput
from models.services.survey import invite

router = APIRouter(prefix="/serah", include_in_schema=False)
PNG = b"\x89PNG\r\n\x1a\n"
DATA_URL = "data:image/png;base64,"
LARGEST_SIGNATURE = 256 * 1024
RELATIONS = [("pemohon", "Pemohon sendiri"), ("kuasa", "Penerima kuasa"), ("keluarga", "Keluarga")]
IDENTITIES = [("ktp", "KTP"), ("sim", "SIM"), ("paspor", "Paspor"), ("surat_kuasa_dan_ktp", "Surat kuasa dan KTP")]
TAKEN = ("receiver", "relation", "identity")


@router.get("")
def waiting(
    request: Request,
    desk: FrontDesk,
    office: Office,
    q: Annotated[str, Query(max_length=300)] = "",
    setelah: datetime | None = None,
) -> Response:
    """What is ready, who waits longest first; a scanned receipt leads straight to its case."""
    with office.db.transaction() as session:
        found = [line for line in search(session, q) if line.stage == Stage.READY] if q else ready(session, setelah)
    if q and len(found) == 1:
        return see_other(f"/serah/{found[0].id}")
    more = found[PAGE - 1].since.isoformat() if len(found) > PAGE else ""
    context = {"q": q, "search_form": Form({"q": [q]}), "lines": found[:PAGE], "more": more}
    return desk.page(request, "counter/ready.html", context)


@router.get("/{application_id}")
def ask(application_id: UUID, request: Request, desk: FrontDesk, office: Office) -> Response:
    """Who takes it."""
    return _ask_page(request, desk, office, application_id, None)


def _ask_page(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    case_id: UUID,
    form: Form | None,
    status: int = 200,
    notice: str = "",
) -> Response:
    with office.db.transaction() as session:
        case = read_case(session, case_id)
        if proof_of(session, case_id) is not None and form is None:
            return see_other(f"/serah/{case_id}/bukti")
        holder = holder_of(session, case_id)
    first = filled({"receiver": holder.name, "relation": "pemohon", "identity": "ktp"})
    context: dict[str, Any] = {"case": case, "holder": holder, "form": form or first, "notice": notice}
    context |= {"relations": RELATIONS, "identities": IDENTITIES, "ready": Stage(case.stage) is Stage.READY}
    return desk.page(request, "counter/hand_over.html", context, status)


@router.post("/{application_id}")
def give(application_id: UUID, request: Request, sent: Sent, desk: FrontDesk, office: Office) -> Response:
    """Record the hand-over; the proof follows, with an invitation to the survey that knows nobody."""
    try:
        taken, proof = _taken(sent), _signature(office, sent)
        version = number_of(sent, "version")
        handing.hand_over(office.db, office.clock, desk.actor, application_id, taken, version, proof)
    except (StaleVersion, WrongStage):
        notice = "Permohonan ini sudah berubah sejak Anda membukanya. Belum ada yang dicatat; periksa keadaannya."
        return _ask_page(request, desk, office, application_id, typed(sent), 409, notice)
    except InvalidInput as error:
        return _ask_page(request, desk, office, application_id, typed(sent).refused(_in_words(error)), 422)
    with office.db.transaction() as session:
        licence_code = read_case(session, application_id).licence_code
    return see_other(f"/serah/{application_id}/bukti", survei=invite(office.db, office.clock, licence_code))


def _taken(sent: FormData) -> HandOverInput:
    values = {name: value for name, value in nested(sent).items() if name in TAKEN}
    try:
        return HandOverInput.model_validate(values)
    except ValidationError as error:
        raise InvalidInput("Ada isian yang belum benar.", faults=faults_of(error)) from error


def _in_words(error: InvalidInput) -> InvalidInput:
    words = "Penerima kuasa menunjukkan surat kuasa dan KTP: pilih itu, atau ubah hubungannya."
    faults = [Fault(f.pointer, words, f.code) if "power of attorney" in f.message else f for f in error.faults]
    return InvalidInput(str(error), faults=faults)


def _signature(office: ApiOffice, sent: FormData) -> str:
    """The vault's name of the signature on screen, "" for none. Raises InvalidInput for anything but a PNG."""
    text = text_of(sent, "signature")
    if not text:
        return ""
    try:
        data = base64.b64decode(text.removeprefix(DATA_URL), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not text.startswith(DATA_URL) or not data.startswith(PNG) or len(data) > LARGEST_SIGNATURE:
        sentence = "Tanda tangan di layar tidak terbaca. Ulangi, atau kosongkan."
        raise InvalidInput(sentence, faults=[Fault("/signature", sentence, "image")])
    return office.vault.put(data).sha256


@router.get("/{application_id}/bukti")
def proof(
    application_id: UUID,
    request: Request,
    desk: FrontDesk,
    office: Office,
    survei: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The proof of the hand-over, to be printed."""
    with office.db.transaction() as session:
        case = read_case(session, application_id)
        found = proof_of(session, application_id)
        if found is None:
            raise NotFound("This licence was not handed over yet.")
        holder = holder_of(session, application_id)
    link = f"{office.settings.public_url.rstrip('/')}/survei/{survei}" if survei else ""
    code = segno.make_qr(link, error="m").svg_data_uri(scale=4, border=2) if link else ""
    words = {
        "relation": dict(RELATIONS)[found.hand_over.relation],
        "identity": dict(IDENTITIES)[found.hand_over.identity],
    }
    context = {"case": case, "holder": holder, "proof": found, "words": words, "link": link, "code": code}
    return desk.page(request, "counter/proof.html", context)


@router.get("/{application_id}/tanda-tangan.png", dependencies=[Depends(front_office)])
def signature(application_id: UUID, office: Office) -> Response:
    """The signature that the receiver gave on screen."""
    with office.db.transaction() as session:
        sha256 = _proof_sha256(session, application_id)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
    return Response(office.vault.get(sha256), media_type="image/png", headers=headers)


def _proof_sha256(session: Session, application_id: UUID) -> str:
    found = proof_of(session, application_id)
    if found is None or not found.hand_over.proof_sha256:
        raise NotFound("No signature was given.")
    return found.hand_over.proof_sha256


@router.get("/{application_id}/surat-izin")
def letter(application_id: UUID, desk: FrontDesk, office: Office) -> Response:
    """The licence to be printed for who wants paper; that it was looked at is on record."""
    with office.db.transaction() as session:
        case = read_case(session, application_id)
        sha256, number = licence_sha256(session, desk.actor, case)
        record(session, "viewed_licence", at=office.clock.now(), case=case, actor=desk.actor, detail={"sha256": sha256})
    headers = download_headers(f"izin-{number.replace('/', '-')}.pdf", sha256)
    return Response(office.vault.get(sha256), headers=headers, media_type="application/pdf")
