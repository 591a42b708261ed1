"""From a browser's form to the vault: judged by first bytes and size, locked PDFs refused, stored as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from api.actors import may_see
from api.inputs import DocumentFields
from api.refusals import TooLarge
from api.wiring import ApiOffice
from models.ports import Scanner, Stored
from models.rules.errors import InvalidInput, NotFound
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.sniffing import HEAD, PDF, media_type_of, safe_name
from models.services import draft
from models.services.definitions import current_of, versions_of
from models.services.draft import Upload
from models.tables.cases import Application, Document

CHUNK = 256 * 1024
MIB = 1024 * 1024
_LOCK = b"/Encrypt"
_OTHERS = (
    select(func.coalesce(func.sum(col(Document.size)), 0))
    .where(Document.application_id == bindparam("id"), col(Document.replaced_at).is_(None))
    .where((Document.requirement != bindparam("requirement")) | (Document.part != bindparam("part")))
)
_CASE_AND_OTHERS = select(Application, _OTHERS.scalar_subquery(), versions_of(Application.licence_code)).where(
    Application.id == bindparam("id")
)
"""A case, the bytes of its other files, its rules: one question, for it is asked at each upload of a rush day."""


def receive(
    office: ApiOffice,
    actor: Actor,
    application_id: UUID,
    requirement: str,
    part: int,
    file: BinaryIO,
    name: str,
    fields: DocumentFields,
) -> Document:
    """Store a file under a requirement; returns its row. Raises NotFound, TooLarge, UnsupportedFile, InvalidInput,
    WrongStage; nothing of a refused file enters the berkas."""
    size = _size(file)
    with office.db.transaction() as session:
        place = {"id": application_id, "requirement": requirement, "part": part}
        case, others, versions = session.exec(_CASE_AND_OTHERS, params=place).one_or_none() or (None, 0, [])
        if case is None or not may_see(actor, case):
            raise NotFound("There is no application with this id.")
        today = jakarta_date(office.clock.now())
        current_of(session, versions, case.licence_code, today)[1].requirement(requirement)
    _refuse_large(office, size, others)
    name = safe_name(name)
    media_type = media_type_of(_head(file), name)
    if media_type == PDF and office.scanner is not None and _mentions_lock(file):
        _refuse_locked(office.scanner, file)
    stored = _stored(office, file)
    kept = {key: value for key, value in fields.model_dump().items() if value}
    upload = Upload(requirement, name, media_type, stored, kept, part)
    document = draft.put_document(office.db, office.clock, actor, application_id, upload)
    if not office.vault.has(stored.sha256):
        # The same bytes were another case's, and their time ended between our storing and our naming them.
        _stored(office, file)
    return document


def _stored(office: ApiOffice, file: BinaryIO) -> Stored:
    file.seek(0)
    return office.vault.put_stream(_chunks(file), office.settings.upload_max_bytes)


def _refuse_large(office: ApiOffice, size: int, others: int) -> None:
    settings = office.settings
    if size > settings.upload_max_bytes:
        raise TooLarge(
            f"Berkas ini {_mib(size)}, lebih besar dari {_mib(settings.upload_max_bytes)}."
            " Pindai ulang dengan resolusi lebih rendah (150 dpi cukup), lalu unggah lagi."
        )
    if others + size > settings.application_max_bytes:
        raise TooLarge(
            f"Semua dokumen bersama-sama melebihi {_mib(settings.application_max_bytes)}."
            " Perkecil atau hapus salah satu dokumen, lalu unggah lagi."
        )


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MB".replace(".", ",").replace(",0 ", " ")


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(HEAD)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _mentions_lock(file: BinaryIO) -> bool:
    file.seek(0)
    tail = b""
    for chunk in _chunks(file):
        if _LOCK in tail + chunk:
            return True
        tail = chunk[-len(_LOCK) :]
    return False


def _refuse_locked(scanner: Scanner, file: BinaryIO) -> None:
    """Ask the cage, which alone opens PDFs: an empty password opens some of them."""
    if sentence := scanner.why_locked(file):
        raise InvalidInput(sentence)
