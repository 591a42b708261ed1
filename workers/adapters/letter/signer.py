"""Signatures with keys that this process opens for one act: soft PKCS#12 files under a passphrase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyhanko.pdf_utils import misc
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigAppearanceSetup,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from models.ports import Credential, KeyKind
from models.rules.errors import PermanentFailure
from models.rules.letter import Official
from workers.adapters.letter import marks
from workers.adapters.letter.appender import Appender
from workers.adapters.letter.fields import HEAD, SEAL
from workers.adapters.letter.key_ring import KeyRing
from workers.adapters.letter.late_fields import appearance, embedded_font, field_size, set_appearance
from workers.adapters.letter.late_font import LateFont, late_font
from workers.adapters.letter.soft_keys import SoftKey, open_key

# Twice the bytes of the CMS container: leaf and CA certificate take about 2 kB together.
BYTES_RESERVED = 8192
DIGEST = "sha256"
Mark = Callable[[LateFont, float, float, Official, datetime], bytes]


@dataclass(frozen=True, slots=True)
class Act:
    """One signature: its field, what it looks like, who and why."""

    field: str
    mark: Mark
    official: Official
    reason: str
    at: datetime


class SoftSigner:
    """`models.ports.Signer` with soft keys; the seal's key is opened once, officials' keys by the ring at each act."""

    def __init__(
        self, fonts: Path, seal: Official, seal_material: bytes, seal_passphrase: str, ring: KeyRing | None = None
    ) -> None:
        self._font = late_font(fonts)
        self._seal_official = seal
        self._seal_key = open_key(seal_material, seal_passphrase)
        self._ring = ring or KeyRing()

    def paraf(self, pdf: bytes, ordinal: int, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign `paraf{ordinal}`. Raises WrongPassphrase, PermanentFailure."""
        official = credential.official
        act = Act(f"paraf{ordinal}", marks.paraf_mark, official, f"Paraf {ordinal}: {official.title}", at)
        return self._put(pdf, act, self._key_of(credential, secret))

    def sign(self, pdf: bytes, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign `kepala` with its lock. Raises WrongPassphrase, PermanentFailure."""
        official = credential.official
        act = Act(
            HEAD,
            marks.head_mark,
            official,
            f"Tanda tangan: {official.acting} {official.title}".replace(":  ", ": "),
            at,
        )
        return self._put(pdf, act, self._key_of(credential, secret))

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        """Sign `segel`: afterwards nothing may change. Raises PermanentFailure."""
        act = Act(SEAL, marks.seal_mark, self._seal_official, "Segel elektronik", at)
        return self._put(pdf, act, self._seal_key)

    def _key_of(self, credential: Credential, secret: str) -> SoftKey:
        if credential.kind is not KeyKind.SOFT:
            raise PermanentFailure(f"A {credential.kind.value} key can not be used by the soft signer")
        return self._ring.open(credential.material, secret)

    def _put(self, pdf: bytes, act: Act, key: SoftKey) -> bytes:
        try:
            return _signed(pdf, act, key, self._font)
        except (SigningError, misc.PdfError, KeyError, TypeError, AttributeError) as error:
            raise PermanentFailure(f"The field {act.field} can not be signed: {error}") from error


class _Look(SigAppearanceSetup):
    """Our own mark instead of pyHanko's text stamp, which costs as much as the signature."""

    def __init__(self, act: Act, font: LateFont) -> None:
        object.__setattr__(self, "act", act)
        object.__setattr__(self, "font", font)

    def apply(self, sig_annot, writer):  # type: ignore[no-untyped-def]
        act: Act = self.act  # type: ignore[attr-defined]
        font: LateFont = self.font  # type: ignore[attr-defined]
        width, height = field_size(sig_annot)
        drawing = act.mark(font, width, height, act.official, act.at)
        set_appearance(writer, sig_annot, appearance(width, height, drawing, embedded_font(writer)))


def _signed(pdf: bytes, act: Act, key: SoftKey, font: LateFont) -> bytes:
    writer = Appender.on(pdf)
    steps = PdfCMSEmbedder().write_cms(act.field, writer, existing_fields_only=True)
    field = next(steps).get_object()
    signature = SignatureObject(
        timestamp=act.at,
        subfilter=SigSeedSubFilter.PADES,
        reason=act.reason,
        bytes_reserved=BYTES_RESERVED,
    )
    steps.send(SigObjSetup(signature, _permissions(field), _Look(act, font)))
    prepared, output = steps.send(SigIOSetup(md_algorithm=DIGEST))
    steps.send(key.container(prepared.document_digest))
    made: bytes = output.getvalue()
    return made


def _permissions(field: dict[str, object]) -> SigMDPSetup | None:
    """What the field's /Lock dictionary says, as the signature's own reference dictionary must repeat it."""
    if "/Lock" not in field:
        return None
    lock = field["/Lock"]
    return SigMDPSetup(
        md_algorithm=DIGEST,
        field_lock=FieldMDPSpec.from_pdf_object(lock),
        docmdp_perms=MDPPerm(int(lock["/P"])),  # type: ignore[index]
    )
