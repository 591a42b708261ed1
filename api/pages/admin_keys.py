"""`/admin/kunci`: officials' signing keys, registered from a key file, revoked, and watched for their end."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.actors import Office
from api.login_delay import count_attempt, forgive_attempt, of_passphrase
from api.pages.admin import AdminDesk, admin_page
from api.pages.desk import Desk, Sent, see_other, text_of
from api.pages.forms import Form, typed
from api.refusals import TooManyAttempts
from api.views.admin import people
from api.wiring import ApiOffice
from models.rules.errors import Fault, InvalidInput, NotFound, WrongPassphrase
from models.rules.numbering import jakarta_date
from models.services.signing_keys import KeyDesk, ending_soon, keys_on_record, register_key, revoke_key
from workers.adapters.key_file import LARGEST, Pkcs12Reader

router = APIRouter(include_in_schema=False)
HOME = "/admin/kunci"
MESSAGES = {
    "simpan": "Kunci sudah terdaftar. Hanya petugas tanda tangan elektronik yang dapat membukanya.",
    "cabut": "Kunci sudah dicabut. Surat yang sudah ditandatangani tetap sah.",
}


def _desk(office: ApiOffice) -> KeyDesk:
    return KeyDesk(office.db, office.clock, office.sealer, office.hasher, Pkcs12Reader())


@router.get(HOME)
def listed(request: Request, desk: AdminDesk, office: Office, pesan: str = Query("", max_length=20)) -> HTMLResponse:
    """Every key, and a form for a new one."""
    return _page(request, desk, office, Form(), message=MESSAGES.get(pesan, ""))


def _page(
    request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200, message: str = ""
) -> HTMLResponse:
    now = office.clock.now()
    with office.db.transaction() as session:
        context = {
            "form": form,
            "message": message,
            "keys": keys_on_record(session),
            "ending": ending_soon(session, now),
            "people": [
                (str(r.person.id), r.person.name) for r in people(session, jakarta_date(now)) if r.person.active
            ],
            "now": now,
        }
    return admin_page(request, desk, "keys.html", context, HOME, status)


@router.post(HOME)
def register(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """The official types the file's passphrase himself; it is never stored, only its hash."""
    try:
        person_id = UUID(text_of(sent, "person"))
    except ValueError:
        return _page(request, desk, office, typed(sent, [Fault("/person", "Pilih orang dari daftar.")]), 422)
    attempt = of_passphrase(person_id)
    try:
        count_attempt(office, attempt)
        register_key(_desk(office), desk.actor, person_id, _file_in(sent), str(sent.get("passphrase", ""))[:257])
    except WrongPassphrase as error:
        return _page(request, desk, office, typed(sent, [Fault("/passphrase", str(error))]), 422)
    except TooManyAttempts as error:
        sentence = f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi."
        return _page(request, desk, office, typed(sent, [Fault("/passphrase", sentence)]), 429)
    except NotFound:
        return _page(request, desk, office, typed(sent, [Fault("/person", "Pilih orang dari daftar.")]), 422)
    except InvalidInput as error:
        return _page(request, desk, office, typed(sent, [Fault("/file", str(error))]), 422)
    forgive_attempt(office, attempt)
    return see_other(HOME, pesan="simpan")


def _file_in(sent: FormData) -> bytes:
    given = sent.get("file")
    return given.file.read(LARGEST + 1) if isinstance(given, UploadFile) else b""


@router.post(f"{HOME}/{{key_id}}/cabut")
def revoke(key_id: UUID, desk: AdminDesk, office: Office) -> Response:
    """Nothing is signed with it any more."""
    revoke_key(_desk(office), desk.actor, key_id)
    return see_other(HOME, pesan="cabut")
