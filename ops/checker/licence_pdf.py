"""What a finished licence and a dossier say themselves: text, code, signatures, attachment; by pypdf and pyHanko."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, EncodedStreamObject

_MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
SEAL = "segel"
LIFELONG = "Seumur hidup"
CLOCK_TOLERANCE = timedelta(seconds=2)
"""A PDF's times have whole seconds."""

Finding = tuple[str, str]
"""A rule and a sentence."""


@dataclass(frozen=True, slots=True)
class LicenceFile:
    """A licence's bytes and what the rows say of it. `acts` are the moments of the acts that left a signature."""

    case_id: str
    number: str
    signed_on: date
    valid_until: date | None
    token: str
    acts: dict[str, datetime]
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DossierFile:
    """A dossier's bytes and the hash of the licence that it must hold."""

    case_id: str
    licence_sha256: str
    data: bytes = field(repr=False)


def indonesian(day: date | None) -> str:
    """`5 Mei 2026`; None is for life."""
    return LIFELONG if day is None else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def judge_licence(file: LicenceFile, trust: Sequence[bytes], *, signatures: bool) -> list[Finding]:
    """What is wrong with a licence; `trust` are PEM certificates, without any the chain is not looked at."""
    found: list[Finding] = []
    try:
        found += _text(file)
    except Exception as error:  # whatever a damaged file makes a parser raise is a finding
        found.append(("licence_text", f"the PDF can not be read: {type(error).__name__} {error}"))
    if signatures:
        try:
            found += _signatures(file, trust)
        except Exception as error:  # as above
            found.append(("licence_signatures", f"the signatures can not be read: {type(error).__name__} {error}"))
    return found


def judge_dossier(file: DossierFile) -> list[Finding]:
    """Whether the licence lies in the dossier byte for byte."""
    try:
        attached = [data for files in PdfReader(BytesIO(file.data)).attachments.values() for data in files]
    except Exception as error:  # as above
        return [("dossier_attachment", f"the dossier can not be read: {type(error).__name__} {error}")]
    if any(hashlib.sha256(data).hexdigest() == file.licence_sha256 for data in attached):
        return []
    return [("dossier_attachment", f"none of its {len(attached)} attachments is licence {file.licence_sha256[:12]}")]


def _text(file: LicenceFile) -> Iterator[Finding]:
    reader = PdfReader(BytesIO(file.data))
    shown, values = _fields(reader)
    wanted = {"nomor": file.number, "tanggal": indonesian(file.signed_on)}
    if "berlaku" in values:
        wanted["berlaku"] = indonesian(file.valid_until)
    for name, text in wanted.items():
        if _plain(shown.get(name, "")) != _plain(text):
            yield "licence_text", f"the field {name} shows {shown.get(name, 'nothing')!r}, not {text!r}"
        if values.get(name) != text:
            yield "licence_text", f"the field {name} holds {values.get(name)!r}, not {text!r}"
    if f"/{file.token}#" not in values.get("qr", "") + "#":
        yield "licence_qr", "the QR code does not hold the licence's own address"
    if len(reader.pages) != 1:
        yield "licence_text", f"has {len(reader.pages)} pages, not one"


def _fields(reader: PdfReader) -> tuple[dict[str, str], dict[str, str]]:
    """What each text field shows to a reader's eye, and the value that it holds."""
    shown, values = {}, {}
    for page in reader.pages:
        for reference in page.get("/Annots", []):
            annotation = reference.get_object()
            if annotation.get("/FT") != "/Tx":
                continue
            name = str(annotation.get("/T", ""))
            values[name] = str(annotation.get("/V", ""))
            shown[name] = page.extract_xform_text(_appearance(annotation)).strip() if name != "qr" else ""
    return shown, values


def _appearance(annotation: DictionaryObject) -> EncodedStreamObject:
    stream = annotation["/AP"]["/N"].get_object()  # type: ignore[index]
    assert isinstance(stream, EncodedStreamObject)
    return stream


def _plain(text: str) -> str:
    return " ".join(text.split())


def _signatures(file: LicenceFile, trust: Sequence[bytes]) -> Iterator[Finding]:
    found = PdfFileReader(BytesIO(file.data)).embedded_signatures
    names = [str(one.field_name) for one in found]
    wanted = [*file.acts, SEAL]
    if names != wanted:
        yield "licence_signatures", f"is signed by {', '.join(names) or 'nobody'}, not {', '.join(wanted)}"
    for one in found:
        yield from _signature(one, file.acts.get(str(one.field_name)), trust)


def _signature(one: EmbeddedPdfSignature, acted_at: datetime | None, trust: Sequence[bytes]) -> Iterator[Finding]:
    claimed = one.self_reported_timestamp
    if claimed is None or (acted_at is not None and abs(claimed - acted_at) >= CLOCK_TOLERANCE):
        yield "licence_signatures", f"{one.field_name} was signed at {claimed}, the act was at {acted_at}"
    context = ValidationContext(
        trust_roots=[_certificate(text) for text in trust],
        allow_fetching=False,
        moment=claimed,
        best_signature_time=claimed,
    )
    status = validate_pdf_signature(one, context)
    sound = status.bottom_line if trust else status.valid and status.intact and bool(status.docmdp_ok)
    if one.field_name == SEAL and status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        yield "licence_signatures", "bytes were added after the seal"
    if not sound:
        yield "licence_signatures", f"{one.field_name} is not valid: {status.summary()}"


def _certificate(text: bytes) -> x509.Certificate:
    _, _, der = pem.unarmor(text)
    return x509.Certificate.load(der)
