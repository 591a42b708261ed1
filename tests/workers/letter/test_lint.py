"""The lint finds nothing wrong with a good licence, and each planted defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from models.ports import LetterExpectation
from ops.letter import PASSPHRASE, TEMPLATES, Letter, Sample, SampleOffice
from workers.adapters.letter.font_lint import cid_widths, font_findings, program_widths

Mutation = Callable[[Pdf], object]


def mutated(licence: bytes, change: Mutation) -> bytes:
    with Pdf.open(BytesIO(licence)) as pdf:
        change(pdf)
        target = BytesIO()
        pdf.save(target, fix_metadata_version=False)
        return target.getvalue()


def field(pdf: Pdf, name: str) -> pikepdf.Object:
    (found,) = [one for one in pdf.Root.AcroForm.Fields if str(one.T) == name]
    return found


def fonts(pdf: Pdf, subtype: Name) -> list[pikepdf.Object]:
    every = [one for one in pdf.objects if isinstance(one, Dictionary) and one.get("/Type") == Name.Font]
    return [one for one in every if one.get("/Subtype") == subtype]


def put(target: Callable[[Pdf], pikepdf.Object], key: str, value: object) -> Mutation:
    def change(pdf: Pdf) -> None:
        target(pdf)[key] = value

    return change


def drop(target: Callable[[Pdf], pikepdf.Object], key: str) -> Mutation:
    def change(pdf: Pdf) -> None:
        del target(pdf)[key]

    return change


def xmp(key: str, value: str) -> Mutation:
    def change(pdf: Pdf) -> None:
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            metadata[key] = value

    return change


def add_page(pdf: Pdf) -> None:
    pdf.add_blank_page()


def forget_the_tag(pdf: Pdf) -> None:
    tree = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
    tree[int(field(pdf, "nomor").StructParent)].S = Name.Span


def point_the_tag_elsewhere(pdf: Pdf) -> None:
    tree = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
    tree[int(field(pdf, "nomor").StructParent)].K.Obj = field(pdf, "qr")


def add_a_link(pdf: Pdf) -> None:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), F=4)
    pdf.pages[0].obj.Annots.append(pdf.make_indirect(link))


def widen_the_late_font(pdf: Pdf) -> None:
    fonts(pdf, Name.Type1)[0].Widths[20] = 999


def widen_a_text_font(pdf: Pdf) -> None:
    fonts(pdf, Name.CIDFontType0)[0].W[5] = 999


def throw_a_font_out(pdf: Pdf) -> None:
    del fonts(pdf, Name.CIDFontType0)[0].FontDescriptor.FontFile3


def show_another_number(pdf: Pdf) -> None:
    field(pdf, "nomor").AP.N = pdf.make_stream(b"BT /Surat 9 Tf (503/9999) Tj ET", Type=Name.XObject, Subtype=Name.Form)


def show_no_code(pdf: Pdf) -> None:
    field(pdf, "qr").AP.N = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form)


def loosen_the_head(pdf: Pdf) -> None:
    field(pdf, "kepala").V.Reference[0].TransformParams.Fields = Array([String("nomor")])


def root(pdf: Pdf) -> pikepdf.Object:
    return pdf.Root


DEFECTS: list[tuple[str, Mutation, str]] = [
    ("page", add_page, "2 pages instead of one"),
    ("part", xmp("pdfaid:part", "3"), "pdfaid:part '3'"),
    ("conformance", xmp("pdfaid:conformance", "B"), "pdfaid:conformance 'B'"),
    ("ua", xmp("pdfuaid:part", "2"), "pdfuaid:part '2'"),
    ("lang", drop(root, "/Lang"), "no language"),
    ("marked", put(root, "/MarkInfo", Dictionary(Marked=False)), "not marked as tagged"),
    ("title", drop(root, "/ViewerPreferences"), "DisplayDocTitle"),
    ("intent", drop(root, "/OutputIntents"), "output intent"),
    ("font", throw_a_font_out, "is not embedded"),
    ("late width", widen_the_late_font, "PARAFA+TeXGyreBonum-Regular is not as wide"),
    ("text width", widen_a_text_font, "is not as wide as the PDF says"),
    ("need", put(lambda pdf: pdf.Root.AcroForm, "/NeedAppearances", True), "NeedAppearances is set"),
    ("no tree", drop(root, "/StructTreeRoot"), "the structure is not as expected"),
    ("tabs", put(lambda pdf: pdf.pages[0].obj, "/Tabs", Name.R), "tab order"),
    ("tooltip", drop(lambda pdf: field(pdf, "paraf2"), "/TU"), "paraf2 has no tooltip"),
    ("print", put(lambda pdf: field(pdf, "qr"), "/F", 0), "qr is not printed"),
    ("appearance", drop(lambda pdf: field(pdf, "segel"), "/AP"), "segel has no appearance"),
    ("tag", forget_the_tag, "nomor has no Form element"),
    ("objr", point_the_tag_elsewhere, "nomor has no Form element"),
    ("parent", drop(lambda pdf: field(pdf, "berlaku"), "/StructParent"), "berlaku has no Form element"),
    ("link", add_a_link, "/Link does not belong"),
    ("value", put(lambda pdf: field(pdf, "nomor"), "/V", String("503/9999")), "nomor says '503/9999'"),
    ("shown", show_another_number, "nomor shows '503/9999'"),
    ("empty date", drop(lambda pdf: field(pdf, "tanggal"), "/V"), "tanggal says ''"),
    ("code", show_no_code, "shows no code"),
    ("code text", put(lambda pdf: field(pdf, "qr"), "/V", String("https://x/v/y#z")), "qr says 'https://x/v/y#z'"),
    ("unsigned", drop(lambda pdf: field(pdf, "paraf3"), "/V"), "paraf1, paraf2, kepala, segel instead of"),
    ("lock", loosen_the_head, "kepala does not lock"),
    ("no lock", drop(lambda pdf: field(pdf, "segel").V, "/Reference"), "segel does not lock"),
]


@pytest.fixture
def lint(office: SampleOffice, expected: LetterExpectation) -> Callable[[bytes], str]:
    return lambda licence: "; ".join(office.press.lint(licence, expected))


def test_a_good_licence_has_no_findings(lint: Callable[[bytes], str], letter: Letter) -> None:
    assert lint(letter.licence) == ""


@pytest.mark.parametrize(("change", "finding"), [(m, f) for _, m, f in DEFECTS], ids=[name for name, _, _ in DEFECTS])
def test_a_planted_defect_is_found(
    lint: Callable[[bytes], str], letter: Letter, change: Mutation, finding: str
) -> None:
    assert finding in lint(mutated(letter.licence, change))


def test_another_beginning_is_found(lint: Callable[[bytes], str], letter: Letter) -> None:
    changed = letter.licence[:-1] + b"\r"
    assert "does not begin with" not in lint(changed)
    assert "does not begin with" in lint(letter.licence[:999] + b"?" + letter.licence[1000:])


def test_a_flipped_byte_breaks_the_signatures(lint: Callable[[bytes], str], letter: Letter) -> None:
    found = lint(letter.licence[:999] + b"?" + letter.licence[1000:])
    assert found.count("does not fit the bytes") == 5


def test_bytes_after_the_seal_are_found(lint: Callable[[bytes], str], letter: Letter) -> None:
    assert "Bytes follow the last signature" in lint(letter.licence + b"%\n")


def test_each_unfinished_stage_is_found(lint: Callable[[bytes], str], stages: dict[str, bytes]) -> None:
    for name in ("blanko", "paraf1", "paraf2", "paraf3", "signed", "filled"):
        assert "instead of paraf1, paraf2, paraf3, kepala, segel" in lint(stages[name])


def test_an_update_between_blanko_and_paraf_is_found(
    sample: Sample, office: SampleOffice, letter: Letter, lint: Callable[[bytes], str]
) -> None:
    pdf = office.press.fill(letter.blanko, letter.late)
    for ordinal in (1, 2, 3):
        pdf = office.signer.paraf(pdf, ordinal, office.credentials[ordinal - 1], PASSPHRASE, office.at)
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    assert "revisions" in lint(office.signer.seal(office.press.fill(pdf, letter.late), office.at))


@pytest.mark.parametrize("licence", [b"", b"hello", b"%PDF-1.7\ntruncated"])
def test_what_is_no_pdf_is_said(lint: Callable[[bytes], str], licence: bytes) -> None:
    assert "can not be read as a PDF" in lint(licence)


@pytest.mark.parametrize("cut", [100, 3000, 60_000])
def test_a_cut_licence_is_found(lint: Callable[[bytes], str], letter: Letter, cut: int) -> None:
    assert lint(letter.licence[:-cut]) != ""


def test_other_facts_are_found(office: SampleOffice, letter: Letter, expected: LetterExpectation) -> None:
    late = replace(letter.late, number="503/0002", signed_on=date(2026, 3, 19), token="other")
    found = "; ".join(office.press.lint(letter.licence, replace(expected, late=late)))
    assert "instead of '503/0002'" in found
    assert "instead of '19 Maret 2026'" in found
    assert "/v/other#" in found


def test_both_forms_of_cid_widths_are_read() -> None:
    assert cid_widths(Array([3, Array([500, 600]), 7, 8, 250])) == {
        "cid00003": 500,
        "cid00004": 600,
        "cid00007": 250,
        "cid00008": 250,
    }


def test_widths_of_an_opentype_program_are_scaled() -> None:
    widths = program_widths((TEMPLATES / "fonts" / "texgyrebonum-bold.otf").read_bytes())
    assert widths["cid00000"] == 280


def test_a_glyph_that_the_program_lacks_is_found(letter: Letter) -> None:
    def ask_for_more(pdf: Pdf) -> None:
        fonts(pdf, Name.CIDFontType0)[0].W.extend(Array([9000, 9000, 500]))

    with Pdf.open(BytesIO(mutated(letter.licence, ask_for_more))) as pdf:
        assert any("is not as wide" in finding for finding in font_findings(pdf))
