"""Our own lint of a finished licence, before it is stored: what PDF/A-2a, PDF/UA-1 and the SOP ask of these bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

import pikepdf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pikepdf import Array, Dictionary, Name, Pdf

from models.ports import LetterExpectation
from workers.adapters.letter import qr
from workers.adapters.letter.containers import is_intact, range_is_whole, signed_fields
from workers.adapters.letter.fields import FORM_FILLING, HEAD, NO_CHANGES, PRINT, SEAL, paraf_names
from workers.adapters.letter.font_lint import font_findings
from workers.adapters.letter.late_fields import QR_FIELD, late_values


@dataclass(frozen=True, slots=True)
class Case:
    """A licence under lint."""

    data: bytes = field(repr=False)
    pdf: Pdf
    expected: LetterExpectation
    qr_text: str


def findings(licence: bytes, expected: LetterExpectation, url: str, key: Ed25519PrivateKey) -> tuple[str, ...]:
    """Sentences on what is wrong with `licence`; empty when all holds. Never raises for what the bytes are."""
    try:
        with Pdf.open(BytesIO(licence)) as pdf:
            case = Case(licence, pdf, expected, qr.content(url, expected.late, key))
            return tuple(sentence for rule in RULES for sentence in _guarded(rule, case))
    except pikepdf.PdfError as error:
        return (f"The file can not be read as a PDF: {error}",)


def _guarded(rule: Callable[[Case], Iterator[str]], case: Case) -> Iterator[str]:
    try:
        yield from list(rule(case))
    # A structure that a rule can not even walk is a finding of that rule, not a crash of the lint.
    except (KeyError, AttributeError, TypeError, ValueError, IndexError, pikepdf.PdfError) as error:
        yield f"{rule.__name__.strip('_').replace('_', ' ')}: the structure is not as expected ({error})"


def _prefix(case: Case) -> Iterator[str]:
    prefix = case.data[: case.expected.blanko_size]
    if hashlib.sha256(prefix).hexdigest() != case.expected.blanko_sha256:
        yield "The licence does not begin with the bytes of the blanko"


def _one_page(case: Case) -> Iterator[str]:
    if len(case.pdf.pages) != 1:
        yield f"The licence has {len(case.pdf.pages)} pages instead of one"


def _identification(case: Case) -> Iterator[str]:
    root = case.pdf.Root
    with case.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        wanted = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}
        for key, value in wanted.items():
            if xmp.get(key) != value:
                yield f"The XMP metadata says {key} {xmp.get(key)!r} instead of {value}"
        if not xmp.get("dc:title"):
            yield "The XMP metadata has no title"
    if not str(root.get("/Lang", "")):
        yield "The document states no language"
    if not root.get("/MarkInfo", Dictionary()).get("/Marked", False):
        yield "The document is not marked as tagged"
    if not root.get("/ViewerPreferences", Dictionary()).get("/DisplayDocTitle", False):
        yield "The document's title is not to be shown (DisplayDocTitle)"
    if len(root.get("/OutputIntents", Array())) != 1:
        yield "The document has not exactly one output intent"
    if "/Encrypt" in case.pdf.trailer:
        yield "The document is encrypted"


def _fonts(case: Case) -> Iterator[str]:
    yield from font_findings(case.pdf)


def _need_appearances(case: Case) -> Iterator[str]:
    if "/NeedAppearances" in case.pdf.Root.AcroForm:
        yield "NeedAppearances is set: viewers would draw the fields themselves"


def _widgets(case: Case) -> Iterator[str]:
    tree = pikepdf.NumberTree(case.pdf.Root.StructTreeRoot.ParentTree)
    for page in case.pdf.pages:
        if page.obj.get("/Tabs") != Name.S:
            yield "The page's tab order does not follow its structure (Tabs)"
        for annotation in page.obj.get("/Annots", Array()):
            yield from _annotation(annotation, tree)


def _annotation(annotation: pikepdf.Object, tree: pikepdf.NumberTree) -> Iterator[str]:
    name = str(annotation.get("/T", "?"))
    if annotation.get("/Subtype") != Name.Widget:
        yield f"An annotation of the kind {annotation.get('/Subtype')} does not belong on a licence"
        return
    if not str(annotation.get("/TU", "")):
        yield f"The field {name} has no tooltip"
    if int(annotation.get("/F", 0)) & PRINT == 0:
        yield f"The field {name} is not printed"
    if not isinstance(annotation.get("/AP", Dictionary()).get("/N"), pikepdf.Stream):
        yield f"The field {name} has no appearance"
    if not _is_tagged(annotation, tree):
        yield f"The field {name} has no Form element in the structure tree"


def _is_tagged(annotation: pikepdf.Object, tree: pikepdf.NumberTree) -> bool:
    key = annotation.get("/StructParent")
    if key is None or int(key) not in tree:
        return False
    element = tree[int(key)]
    kids = element.K if isinstance(element.K, Array) else Array([element.K])
    return element.get("/S") == Name.Form and any(
        isinstance(kid, Dictionary) and kid.get("/Type") == Name.OBJR and kid.Obj.objgen == annotation.objgen
        for kid in kids
    )


def _revisions(case: Case) -> Iterator[str]:
    # Blanko, parafs, the head's signature, the late fields, the seal: each ends with its own startxref.
    wanted, found = case.expected.paraf_count + 4, case.data.count(b"\nstartxref\n")
    if found != wanted:
        yield f"The licence has {found} revisions instead of {wanted}"


def _signatures(case: Case) -> Iterator[str]:
    signed = signed_fields(case.pdf)
    wanted = [*paraf_names(case.expected.paraf_count), HEAD, SEAL]
    names = [one.name for one in signed]
    if names != wanted:
        yield f"The signatures are {', '.join(names) or 'none'} instead of {', '.join(wanted)}, in this order"
    start = case.expected.blanko_size
    for one in signed:
        if not range_is_whole(one, case.data) or one.byte_range[1] < start:
            yield f"The signature {one.name} does not cover the whole of its revision"
        elif not is_intact(one, case.data):
            yield f"The signature {one.name} does not fit the bytes that it covers"
        start = one.end
    if signed and signed[-1].end != len(case.data):
        yield "Bytes follow the last signature"


def _locks(case: Case) -> Iterator[str]:
    late = {str(one.T) for one in case.pdf.Root.AcroForm.Fields if Name.Tx == one.FT}
    wanted = {HEAD: ("/Exclude", late | {SEAL}, FORM_FILLING), SEAL: ("/All", set(), NO_CHANGES)}
    for one in signed_fields(case.pdf):
        if one.name in wanted and _lock_of(one.dictionary) != wanted[one.name]:
            yield f"The signature {one.name} does not lock what it must"


def _lock_of(dictionary: pikepdf.Object) -> tuple[str, set[str], int] | None:
    for reference in dictionary.get("/Reference", Array()):
        if reference.get("/TransformMethod") == Name.FieldMDP:
            lock = reference.TransformParams
            names = {str(name) for name in lock.get("/Fields", Array())}
            return str(lock.Action), names, int(lock.get("/P", 0))
    return None


def _late_values(case: Case) -> Iterator[str]:
    wanted = late_values(case.expected.late) | {QR_FIELD: case.qr_text}
    for one in case.pdf.Root.AcroForm.Fields:
        if Name.Tx != one.FT:
            continue
        name, value = str(one.T), str(one.get("/V", ""))
        if value != wanted[name]:
            yield f"The field {name} says {value!r} instead of {wanted[name]!r}"
        if name != QR_FIELD and shown_text(one.AP.N) != wanted[name]:
            yield f"The field {name} shows {shown_text(one.AP.N)!r} instead of {wanted[name]!r}"
        if name == QR_FIELD and not _filled_rectangles(one.AP.N):
            yield "The QR field shows no code"


def shown_text(appearance: pikepdf.Object) -> str:
    """The text that an appearance stream in WinAnsi encoding shows."""
    shown = [
        bytes(instruction.operands[0]).decode("cp1252")
        for instruction in pikepdf.parse_content_stream(appearance)
        if str(instruction.operator) == "Tj"
    ]
    return "".join(shown)


def _filled_rectangles(appearance: pikepdf.Object) -> bool:
    operators = {str(instruction.operator) for instruction in pikepdf.parse_content_stream(appearance)}
    return {"re", "f"} <= operators


RULES: tuple[Callable[[Case], Iterator[str]], ...] = (
    _prefix,
    _one_page,
    _identification,
    _fonts,
    _need_appearances,
    _widgets,
    _revisions,
    _signatures,
    _locks,
    _late_values,
)
