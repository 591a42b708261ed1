"""Whether a file is a licence of this office: told in words, for good files and for tampered ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from models.rules.letter import Official
from ops.letter import OFFICE, PASSPHRASE, TEMPLATES, URL, Letter, Sample, SampleOffice, make_letter, sample_office
from ops.verify import verify_file
from workers.adapters.letter.containers import signed_fields
from workers.adapters.letter.late_fields import appearance, set_appearance, text_fields
from workers.adapters.letter.letter_verify import VerificationReport, verify
from workers.adapters.letter.office_ca import issue, make_ca, make_qr_key
from workers.adapters.letter.press import TypstPress
from workers.adapters.letter.signer import SoftSigner

Verify = Callable[[bytes], VerificationReport]


@pytest.fixture(scope="session")
def check(office: SampleOffice) -> Verify:
    return lambda data: verify(data, [office.ca.certificate_pem], [office.qr_public_key])


def problems(report: VerificationReport) -> str:
    assert not report.genuine
    return " ".join(report.problems)


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """`pdf` with an incremental update by a stranger's program."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    change(writer)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def write_into(name: str, value: str) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        field = text_fields(writer)[name]
        field[pdf_name("/V")] = generic.pdf_string(value)
        set_appearance(writer, field, appearance(100, 10, b"", None))

    return change


def add_a_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    page = {pdf_name("/Type"): pdf_name("/Page"), pdf_name("/Parent"): writer.root.raw_get("/Pages")}
    pages["/Kids"].append(writer.add_object(generic.DictionaryObject(page)))
    pages[pdf_name("/Count")] = generic.NumberObject(2)
    writer.update_container(pages["/Kids"])
    writer.update_container(pages)


def draw_over_the_page(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    drawing = generic.StreamObject(stream_data=b"1 0 0 rg 0 0 300 300 re f")
    page[pdf_name("/Contents")] = writer.add_object(drawing)
    writer.update_container(page)


def rename_a_tooltip(writer: IncrementalPdfFileWriter) -> None:
    field = text_fields(writer)["nomor"]
    field[pdf_name("/TU")] = generic.pdf_string("lain")
    writer.update_container(field)


def parafs(office: SampleOffice, pdf: bytes, order: tuple[int, ...] = (1, 2, 3)) -> bytes:
    for ordinal in order:
        pdf = office.signer.paraf(pdf, ordinal, office.credentials[ordinal - 1], PASSPHRASE, office.at)
    return pdf


def finished(office: SampleOffice, signed: bytes, letter: Letter) -> bytes:
    return office.signer.seal(office.press.fill(signed, letter.late), office.at)


def test_a_good_licence_is_genuine(check: Verify, letter: Letter) -> None:
    report = check(letter.licence)
    assert report.problems == ()
    assert report.genuine
    assert [one.field for one in report.signatures] == ["paraf1", "paraf2", "paraf3", "kepala", "segel"]
    assert all(one.valid for one in report.signatures)
    assert report.blanko_bytes == len(letter.blanko)
    assert report.blanko_sha256 == letter.late.blanko_sha256


def test_it_tells_who_and_when(check: Verify, letter: Letter, office: SampleOffice) -> None:
    head = check(letter.licence).signatures[3]
    assert head.signer == "Akmal Khairi, S.Th.I., M.H."
    assert head.title.startswith("KEPALA DINAS")
    assert head.at == office.at + timedelta(minutes=41)
    assert head.words.endswith("2026-03-18 02:41 UTC: valid")


def test_the_summary_is_read(check: Verify, letter: Letter) -> None:
    summary = check(letter.licence).summary
    assert summary is not None
    assert (summary.number, summary.holder_name) == (letter.late.number, letter.late.holder_name)


@pytest.mark.parametrize("place", [500, 20_000, 60_000, 84_000])
def test_a_byte_in_the_blanko(check: Verify, letter: Letter, place: int) -> None:
    changed = bytearray(letter.licence)
    changed[place] ^= 1
    assert not check(bytes(changed)).genuine


def test_a_byte_in_the_blanko_is_told_in_words(check: Verify, letter: Letter) -> None:
    place = letter.blanko.index(b"Pas foto")
    words = problems(check(letter.licence[:place] + b"p" + letter.licence[place + 1 :]))
    assert "BROKEN, the signed bytes were changed" in words
    assert "its blanko differs" in words


def test_a_second_fill_after_the_seal(check: Verify, office: SampleOffice, letter: Letter) -> None:
    report = check(office.press.fill(letter.licence, replace(letter.late, number="503/9999")))
    assert "something that may not change was changed afterwards" in problems(report)
    assert "added after the seal" in problems(report)
    assert [one.valid for one in report.signatures] == [True, True, True, True, False]


@pytest.mark.parametrize("change", [add_a_page, draw_over_the_page, rename_a_tooltip, write_into("nomor", "503/9")])
@pytest.mark.parametrize("stage", ["paraf1", "signed", "filled", "sealed"])
def test_a_stranger_s_update(
    check: Verify,
    office: SampleOffice,
    stages: dict[str, bytes],
    letter: Letter,
    stage: str,
    change: Callable[[IncrementalPdfFileWriter], None],
) -> None:
    pdf = updated(stages[stage], change)
    if stage == "paraf1":
        pdf = parafs(office, pdf, (2, 3))
        pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    if stage in ("paraf1", "signed"):
        pdf = office.press.fill(pdf, letter.late)
    if stage != "sealed":
        pdf = office.signer.seal(pdf, office.at)
    assert not check(pdf).genuine


def test_a_page_added_after_the_head_breaks_her_signature(
    check: Verify, office: SampleOffice, stages: dict[str, bytes]
) -> None:
    report = check(office.signer.seal(updated(stages["filled"], add_a_page), office.at))
    assert [one.valid for one in report.signatures] == [False, False, False, False, True]


def test_another_field_changed_after_the_head(check: Verify, office: SampleOffice, letter: Letter) -> None:
    pdf = parafs(office, letter.blanko, (1, 2))
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    late_paraf = office.signer.paraf(pdf, 3, office.credentials[2], PASSPHRASE, office.at)
    report = check(finished(office, late_paraf, letter))
    assert "The signatures are paraf1, paraf2, kepala, paraf3, segel" in problems(report)
    assert [one.valid for one in report.signatures if one.field == "kepala"] == [False]


def test_parafs_in_the_wrong_order(check: Verify, office: SampleOffice, letter: Letter) -> None:
    pdf = parafs(office, letter.blanko, (2, 1, 3))
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    assert "parafs in order" in problems(check(finished(office, pdf, letter)))


def test_a_change_before_the_first_paraf(check: Verify, office: SampleOffice, letter: Letter) -> None:
    pdf = parafs(office, updated(letter.blanko, draw_over_the_page))
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    assert "something was added" in problems(check(finished(office, pdf, letter)))


def test_a_number_before_the_signature(check: Verify, office: SampleOffice, letter: Letter) -> None:
    pdf = parafs(office, office.press.fill(letter.blanko, letter.late))
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    assert not check(office.signer.seal(pdf, office.at)).genuine


def test_one_hand_for_two_parafs(check: Verify, office: SampleOffice, letter: Letter) -> None:
    pdf = letter.blanko
    for ordinal in (1, 2, 3):
        pdf = office.signer.paraf(pdf, ordinal, office.credentials[0], PASSPHRASE, office.at)
    pdf = office.signer.sign(pdf, office.credentials[3], PASSPHRASE, office.at)
    assert "One person signed twice" in problems(check(finished(office, pdf, letter)))


@pytest.mark.parametrize("stage", ["paraf1", "paraf3", "signed", "filled"])
def test_an_unfinished_letter_is_no_licence(check: Verify, stages: dict[str, bytes], stage: str) -> None:
    assert "then segel" in problems(check(stages[stage]))


def test_a_blanko_is_no_licence(check: Verify, letter: Letter) -> None:
    assert "carries no signature" in problems(check(letter.blanko))


def test_bytes_after_the_end(check: Verify, letter: Letter) -> None:
    assert not check(letter.licence + b"\n% more").genuine


@pytest.mark.parametrize("kept", [0, 4, 100, 5000, 100_000])
def test_a_truncated_file(check: Verify, letter: Letter, kept: int) -> None:
    assert not check(letter.licence[:kept]).genuine


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-", b"%PDF-1.7\n%%EOF", b"PK\3\4" * 50, b"\xff" * 999])
def test_what_is_no_licence_at_all(check: Verify, data: bytes) -> None:
    assert not check(data).genuine


def test_a_stranger_s_pdf(check: Verify) -> None:
    target = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    assert "carries no signature" in problems(check(target.getvalue()))


def test_another_office_s_licence(check: Verify, sample: Sample) -> None:
    other = sample_office(sample)
    report = check(make_letter(sample, other, None).licence)
    assert "NOT TRUSTED" in problems(report)
    assert "no summary that this office signed" in problems(report)


def test_a_seal_by_another_authority(check: Verify, office: SampleOffice, stages: dict[str, bytes]) -> None:
    ca, seal = make_ca(OFFICE, office.at), Official(OFFICE, "Segel elektronik")
    forger = SoftSigner(TEMPLATES / "fonts", seal, issue(ca, seal, OFFICE, "x", office.at), "x")
    report = check(forger.seal(stages["filled"], office.at))
    assert [one.trusted for one in report.signatures] == [True, True, True, True, False]


def test_a_certificate_that_was_not_valid_yet(check: Verify, office: SampleOffice, stages: dict[str, bytes]) -> None:
    report = check(office.signer.seal(stages["filled"], office.at - timedelta(days=30)))
    assert "was not valid then" in problems(report)


def test_a_code_by_another_office(
    check: Verify, office: SampleOffice, letter: Letter, stages: dict[str, bytes]
) -> None:
    other = TypstPress(TEMPLATES, URL, make_qr_key())
    report = check(office.signer.seal(other.fill(stages["signed"], letter.late), office.at))
    assert problems(report) == "The QR code holds no summary that this office signed."


def test_a_code_for_another_blanko(
    check: Verify, office: SampleOffice, letter: Letter, stages: dict[str, bytes]
) -> None:
    filled = office.press.fill(stages["signed"], replace(letter.late, blanko_sha256="0" * 64))
    assert "its blanko differs" in problems(check(office.signer.seal(filled, office.at)))


def test_fields_that_contradict_the_code(check: Verify, office: SampleOffice, stages: dict[str, bytes]) -> None:
    pdf = office.signer.seal(updated(stages["filled"], write_into("nomor", "503/9999")), office.at)
    assert "the QR code vouches for '503/0001/DPMPTSP/SIKRO/2026'" in problems(check(pdf))


@settings(max_examples=25, deadline=None)
@given(place=st.integers(min_value=0, max_value=10**6), bit=st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_that_the_seal_covers_stays_unseen(check: Verify, letter: Letter, place: int, bit: int) -> None:
    with pikepdf.open(BytesIO(letter.licence)) as pdf:
        _, before, after, rest = signed_fields(pdf)[-1].byte_range
    covered = place % (before + rest)
    changed = bytearray(letter.licence)
    changed[covered if covered < before else covered - before + after] ^= 1 << bit
    assert not check(bytes(changed)).genuine


def test_the_command_tells_it_in_words(tmp_path: Path, office: SampleOffice, letter: Letter) -> None:
    path = tmp_path / "izin.pdf"
    path.write_bytes(letter.licence)
    code, words = verify_file(path, [office.ca.certificate_pem], [office.qr_public_key])
    assert code == 0
    assert words.startswith("izin.pdf: a licence of this office, unchanged.")
    assert "QR code: 503/0001/DPMPTSP/SIKRO/2026" in words
    assert words.count("valid") == 5


def test_the_command_s_refusals(tmp_path: Path, office: SampleOffice) -> None:
    path = tmp_path / "lain.pdf"
    path.write_bytes(b"hello")
    code, words = verify_file(path, [office.ca.certificate_pem], [office.qr_public_key])
    assert (code, "NOT a valid licence" in words, "not a PDF" in words) == (1, True, True)
    assert verify_file(tmp_path / "none.pdf", [], [])[0] == 1
