"""The blanko's form: every empty link `field:<name>` of the layout becomes a form field of that name.

Typst has placed the link in the page's structure tree, with its OBJR and its ParentTree entry; a widget in the same
place is then what PDF/UA-1 (7.18.4) asks for. Keys as in ISO 32000-1, 12.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from models.rules.errors import PermanentFailure
from workers.adapters.letter.late_font import FIRST, FONT_KEY, LAST, LateFont

PREFIX = "field:"
HEAD, SEAL = "kepala", "segel"
PRINT = 4
READ_ONLY = 1
SIGNATURES_EXIST_APPEND_ONLY = 3
SERIF_NONSYMBOLIC = 2 | 32
ALIGNMENTS = {"left": 0, "center": 1, "right": 2}
# DocMDP levels (ISO 32000-1, table 254).
NO_CHANGES, FORM_FILLING = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """One `field:<name>;size=<pt>;align=<side>` of the layout."""

    name: str
    size: float
    align: str

    @staticmethod
    def parse(uri: str) -> Place:
        name, *options = uri.removeprefix(PREFIX).split(";")
        values = dict(option.split("=", 1) for option in options)
        return Place(name, float(values.get("size", "10")), values.get("align", "left"))


def paraf_names(count: int) -> list[str]:
    """`paraf1` to `paraf{count}`."""
    return [f"paraf{ordinal}" for ordinal in range(1, count + 1)]


def add_fields(
    pdf: bytes, late_fields: Sequence[str], paraf_count: int, tips: Mapping[str, str], font: LateFont
) -> bytes:
    """`pdf` with its form: late text fields and signature fields, all empty.

    The same input gives the same bytes. Raises PermanentFailure when the letter has more than one page, or when the
    layout's places are not exactly the late fields, the parafs, `kepala` and `segel`.
    """
    # Signatures first: whoever signs looks for the field's name from the front, and reads every field before it.
    expected = [*paraf_names(paraf_count), HEAD, SEAL, *late_fields]
    with Pdf.open(BytesIO(pdf)) as document:
        if len(document.pages) != 1:
            raise PermanentFailure(f"The letter takes {len(document.pages)} pages; it must fit on one")
        links = dict(_links(document))
        _same_names(links, expected)
        font_object = _embed(document, font)
        form = _form(font_object)
        for name in expected:
            place, link = links[name]
            _make_widget(document, link, place, tips[name], late_fields)
            form.Fields.append(link)
        document.Root.AcroForm = document.make_indirect(form)
        # Absent means false; poppler complains about the boolean that ISO 32000-1 asks for.
        document.Root.MarkInfo = Dictionary(Marked=True)
        return _saved(document)


def _links(document: Pdf) -> Iterator[tuple[str, tuple[Place, pikepdf.Object]]]:
    page = document.pages[0]
    seen: set[str] = set()
    for annotation in page.obj.get("/Annots", Array()):
        uri = str(annotation.get("/A", Dictionary()).get("/URI", ""))
        if not uri.startswith(PREFIX):
            continue
        place = Place.parse(uri)
        if place.name in seen:
            raise PermanentFailure(f"The layout places the field {place.name} twice")
        seen.add(place.name)
        yield place.name, (place, annotation)


def _same_names(found: Mapping[str, object], expected: Sequence[str]) -> None:
    missing, foreign = set(expected) - set(found), set(found) - set(expected)
    if missing or foreign:
        raise PermanentFailure(
            f"The layout's fields are not the definition's: missing {sorted(missing)}, not known {sorted(foreign)}"
        )


def _make_widget(document: Pdf, link: pikepdf.Object, place: Place, tip: str, late_fields: Sequence[str]) -> None:
    _as_form_element(document, int(link.StructParent))
    for key in ("/A", "/Border", "/Contents", "/QuadPoints"):
        if key in link:
            del link[key]
    link.Subtype, link.F, link.P = Name.Widget, PRINT, document.pages[0].obj
    link.T, link.TU = String(place.name), String(tip)
    link.AP = Dictionary(N=_empty_appearance(document, link))
    if place.name in late_fields:
        # Read-only for hands in a viewer; the office fills it by program.
        link.FT, link.Ff = Name.Tx, READ_ONLY
        link.DA = String(f"{FONT_KEY} {place.size:g} Tf 0 g")
        link.Q = ALIGNMENTS[place.align]
    else:
        link.FT = Name.Sig
        lock = _lock(place.name, late_fields)
        if lock is not None:
            link.Lock = document.make_indirect(lock)


def _lock(name: str, late_fields: Sequence[str]) -> Dictionary | None:
    if name == HEAD:
        fields = Array([String(field) for field in (*late_fields, SEAL)])
        return Dictionary(Type=Name.SigFieldLock, Action=Name.Exclude, Fields=fields, P=FORM_FILLING)
    if name == SEAL:
        return Dictionary(Type=Name.SigFieldLock, Action=Name.All, P=NO_CHANGES)
    return None


def _as_form_element(document: Pdf, key: int) -> None:
    tree = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
    element = tree[key]
    element.S = Name.Form
    kids = element.K if isinstance(element.K, Array) else Array([element.K])
    if len(kids) != 1 or kids[0].get("/Type") != Name.OBJR:
        raise PermanentFailure("A field of the layout must be an empty box: it holds content")
    # Not an array of one: pyHanko's difference policy finds a changed field by the path .K.Obj only.
    element.K = kids[0]


def _empty_appearance(document: Pdf, annotation: pikepdf.Object) -> pikepdf.Stream:
    left, bottom, right, top = (float(number) for number in annotation.Rect.as_list())
    return document.make_stream(
        b"",
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, round(right - left, 3), round(top - bottom, 3)]),
        Resources=Dictionary(),
    )


def _form(font: pikepdf.Object) -> Dictionary:
    resources = Dictionary(Font=Dictionary({FONT_KEY: font}))
    return Dictionary(
        Fields=Array(),
        SigFlags=SIGNATURES_EXIST_APPEND_ONLY,
        DA=String(f"{FONT_KEY} 10 Tf 0 g"),
        DR=resources,
    )


def _embed(document: Pdf, font: LateFont) -> pikepdf.Object:
    program = document.make_stream(font.compressed, Subtype=Name.Type1C, Filter=Name.FlateDecode)
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + font.name),
        Flags=SERIF_NONSYMBOLIC,
        FontBBox=Array(list(font.bbox)),
        ItalicAngle=0,
        Ascent=font.ascent,
        Descent=font.descent,
        CapHeight=font.cap_height,
        StemV=80,
        FontFile3=program,
    )
    return document.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name("/" + font.name),
            Encoding=Name.WinAnsiEncoding,
            FirstChar=FIRST,
            LastChar=LAST,
            Widths=document.make_indirect(Array(list(font.widths))),
            FontDescriptor=document.make_indirect(descriptor),
            ToUnicode=document.make_stream(font.to_unicode),
        )
    )


def _saved(document: Pdf) -> bytes:
    target = BytesIO()
    # A plain cross-reference table: the incremental updates that follow are read fastest so.
    document.save(
        target,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        deterministic_id=True,
        compress_streams=True,
        fix_metadata_version=False,
    )
    return target.getvalue()
