"""Whether a file is a licence of this office: from its bytes, the office's certificates and QR keys, and nothing else.

A signature's moment is what its signer's computer said: the certificate must have been valid then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, cast

from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification, policies
from pyhanko.sign.validation import async_validate_pdf_signature, generic_cms
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from models.rules.typed_code import code_of, grouped
from workers.adapters.letter import phrases, qr
from workers.adapters.letter.fields import HEAD, SEAL, paraf_names
from workers.adapters.letter.late_fields import QR_FIELD
from workers.adapters.letter.office_ca import load_qr_public_key

EOF = b"%%EOF"
# pyHanko writes a trace to its log for each refused change; the report says it in words.
policies.logger.disabled = True
generic_cms.logger.disabled = True
LARGEST = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature: who, when by the signer's own clock, and what became of the bytes since."""

    field: str
    signer: str
    title: str
    at: datetime | None
    intact: bool
    trusted: bool
    changes_allowed: bool
    certificate_sha256: str

    @property
    def valid(self) -> bool:
        """Intact, by a key of the office, and followed by allowed changes only."""
        return self.intact and self.trusted and self.changes_allowed

    @property
    def words(self) -> str:
        """One line."""
        when = f"{self.at:%Y-%m-%d %H:%M} UTC" if self.at else "at an unknown time"
        return f"{self.field}: {self.signer} ({self.title or 'no title'}), {when}: {self._verdict()}"

    def _verdict(self) -> str:
        if not self.intact:
            return "BROKEN, the signed bytes were changed"
        if not self.trusted:
            return "NOT TRUSTED, the certificate is not this office's or was not valid then"
        return "valid" if self.changes_allowed else "BROKEN, something that may not change was changed afterwards"


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """`genuine` only when there are no problems. `blanko_bytes` and `blanko_sha256` are of the first revision."""

    signatures: tuple[SignatureReport, ...] = ()
    problems: tuple[str, ...] = ()
    summary: qr.Summary | None = None
    blanko_sha256: str = ""
    blanko_bytes: int = 0

    @property
    def genuine(self) -> bool:
        """Whether the file is a whole licence of this office."""
        return not self.problems


def verify(data: bytes, trust_roots: Sequence[bytes], qr_public_keys: Sequence[bytes]) -> VerificationReport:
    """What `data` is; never raises for it. `trust_roots` are certificates, `qr_public_keys` Ed25519 keys, all PEM."""
    refused = _not_worth_reading(data)
    if refused:
        return VerificationReport(problems=(refused,))
    try:
        return _Reading(data, trust_roots).report(qr_public_keys)
    # Anything may come out of a parser that reads hostile bytes; all of it means that the file is damaged.
    except Exception as error:
        sentence = f"The file is damaged or was changed: it can not be read as a signed PDF ({type(error).__name__})."
        return VerificationReport(problems=(sentence,))


def _not_worth_reading(data: bytes) -> str:
    if not data:
        return "The file is empty."
    if len(data) > LARGEST:
        return "The file is far larger than a licence of this office."
    return "" if data[:5] == b"%PDF-" else "This is not a PDF file."


class _Reading:
    """One file under verification."""

    def __init__(self, data: bytes, trust_roots: Sequence[bytes]) -> None:
        self._data = data
        self._reader = PdfFileReader(BytesIO(data))
        self._roots = [_certificate(root) for root in trust_roots]

    def report(self, qr_public_keys: Sequence[bytes]) -> VerificationReport:
        embedded = list(self._reader.embedded_regular_signatures)
        if not embedded:
            return VerificationReport(problems=("This PDF carries no signature: it is not a licence of this office.",))
        statuses = [(one, self._status(one)) for one in embedded]
        signatures = tuple(_signature_report(one, status) for one, status in statuses)
        blanko = self._blanko()
        values = {name: str(field.get("/V", "")) for name, field in self._text_fields(self._reader).items()}
        keys = [load_qr_public_key(key) for key in qr_public_keys]
        summary = qr.read(values.get(QR_FIELD, ""), keys)
        digest = hashlib.sha256(blanko).hexdigest()
        problems = [
            *_signature_problems(signatures),
            *self._revision_problems(embedded),
            *_summary_problems(summary, values, digest),
        ]
        return VerificationReport(signatures, tuple(problems), summary, digest, len(blanko))

    def _status(self, embedded: EmbeddedPdfSignature) -> PdfSignatureStatus:
        moment = embedded.self_reported_timestamp
        context = ValidationContext(trust_roots=self._roots, allow_fetching=False, moment=moment)
        return _at_once(async_validate_pdf_signature(embedded, context))

    def _blanko(self) -> bytes:
        end = self._data.index(EOF) + len(EOF)
        rest = self._data[end : end + 2]
        line_end = 2 if rest == b"\r\n" else int(rest[:1] in (b"\n", b"\r"))
        return self._data[: end + line_end]

    def _text_fields(self, source: Any) -> dict[str, generic.DictionaryObject]:
        fields = [one.get_object() for one in source.root["/AcroForm"]["/Fields"]]
        return {str(one["/T"]): one for one in fields if one.get("/FT") == "/Tx"}

    def _revision_problems(self, embedded: list[EmbeddedPdfSignature]) -> Iterator[str]:
        revisions = [one.signed_revision for one in embedded]
        parafs_and_head = len(embedded) - 1
        # Revision 0 is the blanko, and between the head's signature and the seal lies the fill.
        if revisions != [*range(1, parafs_and_head + 1), parafs_and_head + 2]:
            yield "The file has other revisions than blanko, parafs, signature, number and seal: something was added."
            return
        if self._reader.xrefs.total_revisions != parafs_and_head + 3:
            yield "Something was added after the seal."
        yield from self._first_act_problems()
        head = self._reader.get_historical_resolver(parafs_and_head)
        if any("/V" in field for field in self._text_fields(head).values()):
            yield "Number, date or validity were filled before the head of the office signed."

    def _first_act_problems(self) -> Iterator[str]:
        """No signature watches the step from the blanko to the first paraf, so it is looked at here."""
        old, new = self._reader.get_historical_resolver(0), self._reader.get_historical_resolver(1)
        try:
            level = DEFAULT_DIFF_POLICY.apply(old, new).modification_level
        except SuspiciousModification:
            level = ModificationLevel.OTHER
        if level > ModificationLevel.FORM_FILLING:
            yield "The first paraf is not on the blanko: the letter was changed before it."


def _at_once(work: Coroutine[Any, Any, PdfSignatureStatus]) -> PdfSignatureStatus:
    """The result of a coroutine that never waits: nothing is fetched, and a cage lets nobody have an event loop."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast(PdfSignatureStatus, done.value)
    work.close()
    raise RuntimeError("a validation without fetching waited for something")


def _certificate(text: bytes) -> x509.Certificate:
    _, _, der = pem.unarmor(text)
    return x509.Certificate.load(der)


def _signature_report(embedded: EmbeddedPdfSignature, status: PdfSignatureStatus) -> SignatureReport:
    subject = status.signing_cert.subject.native
    return SignatureReport(
        field=str(embedded.field_name),
        signer=str(subject.get("common_name", "")),
        title=str(subject.get("title", "")),
        at=embedded.self_reported_timestamp,
        intact=bool(status.intact and status.valid),
        trusted=bool(status.trusted),
        changes_allowed=_changes_allowed(embedded, status),
        certificate_sha256=status.signing_cert.sha256.hex(),
    )


def _changes_allowed(embedded: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    if embedded.field_name == SEAL:
        return bool(status.coverage == SignatureCoverageLevel.ENTIRE_FILE)
    level = status.modification_level
    allowed = level is not None and level <= ModificationLevel.FORM_FILLING
    return bool(allowed and status.docmdp_ok and status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION)


def _signature_problems(signatures: tuple[SignatureReport, ...]) -> Iterator[str]:
    names = [one.field for one in signatures]
    wanted = [*paraf_names(max(len(names) - 2, 0)), HEAD, SEAL]
    if names != wanted:
        yield f"The signatures are {', '.join(names)}; a licence has parafs in order, then {HEAD}, then {SEAL}."
    certificates = [one.certificate_sha256 for one in signatures]
    if len(set(certificates)) != len(certificates):
        yield "One person signed twice."
    yield from (f"The signature {one.words}." for one in signatures if not one.valid)


def _summary_problems(summary: qr.Summary | None, values: dict[str, str], digest: str) -> Iterator[str]:
    if summary is None:
        yield "The QR code holds no summary that this office signed."
        return
    if summary.blanko_sha256 != digest:
        yield "The letter is not the one that the QR code vouches for: its blanko differs."
    shown = {
        "nomor": summary.number,
        "tanggal": phrases.long_date(summary.signed_on),
        "berlaku": phrases.long_date(summary.valid_until),
        "kode": grouped(code_of(qr.token(values[QR_FIELD]))),
    }
    for name, vouched in shown.items():
        if name in values and values[name] != vouched:
            yield f"The field {name} says {values[name]!r}, but the QR code vouches for {vouched!r}."
