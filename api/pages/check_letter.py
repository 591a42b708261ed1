"""`/v` and `/verifikasi`: anybody holds a licence against the register, from its QR code, its number or its file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.actors import Office
from api.login_delay import count_attempt, forgive_attempt
from api.pages.desk import Sent, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.guesses import of_guess, too_many_guesses
from api.pages.rendering import page
from api.refusals import TooManyAttempts
from api.views import standing
from api.views.standing import Standing
from api.wiring import ApiOffice
from models.ports import LetterJudgement
from models.rules.errors import Fault
from models.rules.numbering import jakarta_date
from models.rules.typed_code import read_code

router = APIRouter(include_in_schema=False)
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
GUESS = "letter"
Kind = Literal["valid", "replaced", "invalid"]


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says: one of three kinds, in words."""

    kind: Kind
    title: str
    text: str


VERDICTS: dict[str, Told] = {
    "valid": Told("valid", "Surat izin ini berlaku", "Tercatat di register kami dan masih berlaku hari ini."),
    "expired": Told("replaced", "Surat izin ini asli, tetapi sudah habis masa berlakunya", "Minta surat izin terbaru."),
    "replaced": Told("replaced", "Surat izin ini sudah diganti", "Surat ini asli, tetapi ada surat yang lebih baru."),
    "revoked": Told("invalid", "Surat izin ini sudah dicabut", "Pemegangnya tidak lagi berizin di tempat kerja ini."),
    "void": Told("invalid", "Surat izin ini dibatalkan", "Nomor ini dibatalkan dan tidak berlaku sebagai izin."),
}
UNKNOWN = Told(
    "invalid",
    "Surat izin ini tidak dikenal",
    "Tidak ada surat izin seperti itu di register kami. Jangan terima surat ini; hubungi kami bila ragu.",
)
CHANGED = Told(
    "invalid", "Berkas ini sudah diubah", "Tanda tangan di dalamnya tidak lagi cocok dengan isinya. Jangan terima."
)
FOREIGN = Told(
    "invalid", "Berkas ini bukan dari kami", "Tanda tangan di dalamnya bukan milik pejabat kami. Jangan terima."
)
UNSIGNED = Told(
    "invalid",
    "Berkas ini tidak bertanda tangan elektronik",
    "Ini bukan berkas surat izin kami; mungkin hasil pindai atau cetak ulang. Periksa dengan kode QR atau nomornya.",
)
UNREADABLE = Told(
    "invalid", "Berkas ini tidak dapat dibaca", "Ini bukan PDF surat izin yang utuh. Minta berkas aslinya."
)
NOT_GENUINE = {"changed": CHANGED, "foreign": FOREIGN, "unsigned": UNSIGNED, "unreadable": UNREADABLE}


@router.get("/v")
@router.get("/verifikasi")
def ask(request: Request) -> HTMLResponse:
    """Three ways to check a licence."""
    return _ask_page(request, Form())


def _ask_page(request: Request, form: Form, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return page(request, "public/verify.html", {"form": form}, status=status, headers=headers)


@router.get("/v/{token}")
def by_token(token: str, request: Request, office: Office) -> HTMLResponse:
    """Where a QR code leads. An unknown token and one that can be none get the same answer, and many have to wait."""
    found = _by_token(office, token)
    if found is None:
        too_many_guesses(office, request, GUESS)
    return _told(request, found, UNKNOWN, status=200 if found else 404)


def _by_token(office: ApiOffice, token: str) -> Standing | None:
    if not TOKEN.fullmatch(token):
        return None
    with office.db.transaction() as session:
        return standing.by_token(session, token, _today(office))


def _today(office: ApiOffice) -> date:
    return jakarta_date(office.clock.now())


@router.post("/verifikasi")
def check(request: Request, sent: Sent, office: Office) -> Response:
    """A typed code, a number with its date, or a file."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.size:
        return _check_file(request, office, file)
    if code := text_of(sent, "kode"):
        short = read_code(code)
        return _check_code(request, sent, office, short) if short else see_other(f"/v/{_token_in(code)}")
    return _check_number(request, sent, office)


def _check_code(request: Request, sent: FormData, office: ApiOffice, code: str) -> Response:
    """The short code beneath the QR code; wrong ones are counted like guessed numbers."""
    attempt = of_guess(request, GUESS)
    try:
        count_attempt(office, attempt)
    except TooManyAttempts as error:
        return _wait(request, sent, "/kode", error)
    with office.db.transaction() as session:
        found = standing.by_code(session, code, _today(office))
    if found is not None:
        forgive_attempt(office, attempt)
    return _told(request, found, UNKNOWN, status=200 if found else 404)


def _wait(request: Request, sent: FormData, pointer: str, error: TooManyAttempts) -> HTMLResponse:
    wait = f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi."
    form = typed(sent, [Fault(pointer, wait)])
    return _ask_page(request, form, 429, {"Retry-After": str(error.retry_after)})


def _token_in(text: str) -> str:
    """The token in what was typed or scanned: alone, or as the end of the address."""
    last = urlsplit(text.strip()).path.rstrip("/").rpartition("/")[2]
    return last if TOKEN.fullmatch(last) else "tidak-dikenal"


def _check_number(request: Request, sent: FormData, office: ApiOffice) -> Response:
    number, day = text_of(sent, "nomor"), _day(text_of(sent, "tanggal"))
    if not number or day is None:
        faults = [] if number else [Fault("/nomor", "Isi nomor surat izin, atau pakai salah satu cara lain.")]
        faults += [] if day else [Fault("/tanggal", "Isi tanggal surat izin seperti tertulis di surat.")]
        return _ask_page(request, typed(sent, faults), 422)
    attempt = of_guess(request, GUESS, number)
    try:
        count_attempt(office, attempt)
    except TooManyAttempts as error:
        return _wait(request, sent, "/nomor", error)
    with office.db.transaction() as session:
        found = standing.by_number(session, " ".join(number.split()), day, _today(office))
    if found is not None:
        forgive_attempt(office, attempt)
    return _told(request, found, UNKNOWN, status=200 if found else 404)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _check_file(request: Request, office: ApiOffice, file: UploadFile) -> HTMLResponse:
    """The same bytes as issued say all; of other bytes, the signatures are judged."""
    data = file.file.read()
    with office.db.transaction() as session:
        found = standing.by_sha256(session, hashlib.sha256(data).hexdigest(), _today(office))
    if found is not None:
        return _told(request, found, UNKNOWN, note="Berkas ini sama persis dengan yang kami terbitkan.")
    too_many_guesses(office, request, "file")
    judgement = office.judge.judge(data) if office.judge else LetterJudgement("unreadable")
    if judgement.code != "genuine":
        return _told(request, None, NOT_GENUINE[judgement.code], judgement=judgement)
    with office.db.transaction() as session:
        found = standing.by_vouched_number(session, judgement.number, judgement.blanko_sha256, _today(office))
    note = "Berkas ini tidak sama persis dengan arsip kami, tetapi semua tanda tangannya sah."
    return _told(request, found, UNKNOWN, judgement=judgement, note=note)


def _told(
    request: Request,
    found: Standing | None,
    otherwise: Told,
    *,
    status: int = 200,
    judgement: LetterJudgement | None = None,
    note: str = "",
) -> HTMLResponse:
    told = VERDICTS[found.verdict] if found else otherwise
    context: dict[str, Any] = {"told": told, "found": found, "judgement": judgement, "note": note}
    return page(request, "public/verdict.html", context, status=status)
