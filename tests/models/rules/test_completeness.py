"""Verdicts per requirement: from what the inspection answers, what is written on a document, and the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.ports import Finding
from models.rules.completeness import Completeness, DocumentFacts, FieldFacts, Verdict, judge, verdict
from models.rules.completeness_cross import ApplicantFacts, HistoryFacts
from models.rules.requirements import applicable
from tests.models.rules.shipped import required_item, sikro

TODAY = date(2026, 6, 8)
WELL = ApplicantFacts("1471016108940001", date(1994, 8, 21), "P", "RO-0001234", None)
FIELDS = {
    "strro": FieldFacts(number="RO-0001234", lifelong=True),
    "surat_sehat": FieldFacts(dated=date(2026, 5, 20)),
    "rekomendasi_dinkes": FieldFacts(number="440/12", dated=date(2026, 5, 4)),
}


def handed_in(code: str, answer: str = "accept", **values: Any) -> DocumentFacts:
    media_type = "image/jpeg" if code == "pas_foto" else "application/pdf"
    return DocumentFacts(code, answer, **{"media_type": media_type, "fields": FIELDS.get(code, FieldFacts()), **values})


def whole_berkas() -> list[DocumentFacts]:
    items = applicable(sikro(), "baru", TODAY)
    return [handed_in(item.requirement.code) for item in items if item.required]


def judged(documents: Sequence[DocumentFacts], applicant: ApplicantFacts = WELL) -> Completeness:
    items = applicable(sikro(), "baru", TODAY)
    return judge(sikro(), "baru", items, documents, applicant, HistoryFacts(), TODAY)


def on(code: str, *documents: DocumentFacts, required: bool = True) -> Verdict:
    return verdict(required_item(code, required=required), documents, TODAY)


def graded(found: Verdict) -> list[tuple[str, str]]:
    return [(reason.code, reason.grade) for reason in found.reasons]


def test_a_whole_berkas_is_complete() -> None:
    answer = judged(whole_berkas())
    assert answer.complete
    assert {found.state for found in answer.verdicts if found.required} == {"ada"}
    assert answer.checks == ()


@pytest.mark.parametrize(
    "left_out", [item.requirement.code for item in applicable(sikro(), "baru", TODAY) if item.required]
)
def test_each_mandatory_document_is_missed(left_out: str) -> None:
    answer = judged([document for document in whole_berkas() if document.requirement != left_out])
    assert not answer.complete
    assert [found.requirement for found in answer.verdicts if found.holds_up] == [left_out]


def test_an_empty_berkas_misses_everything_in_the_sops_order() -> None:
    answer = judged([])
    missing = [found.requirement for found in answer.verdicts if found.holds_up]
    assert missing[:3] == ["surat_permohonan", "ktp", "ijazah"]
    assert len(missing) == 8


def test_the_missing_sentence_says_what_and_how() -> None:
    found = on("pas_foto")
    assert found.state == "tidak_ada"
    assert found.reasons[0].message == (
        "Pas foto berwarna 4x6, latar merah belum ada. Unggah dokumen ini. Foto terbaru, wajah menghadap depan, "
        "latar merah polos; kirim sebagai gambar (JPG atau PNG)."
    )


def test_an_optional_document_that_is_missing_or_faulty_holds_nothing_up() -> None:
    missing = on("npwp", required=False)
    assert (missing.state, missing.reasons, missing.holds_up) == ("tidak_ada", (), False)
    faulty = on("npwp", handed_in("npwp", "reject"), required=False)
    assert (faulty.state, faulty.holds_up) == ("bermasalah", False)


@pytest.mark.parametrize(
    ("answer", "finding", "state", "reason"),
    [
        ("accept", Finding("warning", "blurred", "Foto agak buram."), "ada", ("blurred", "warning")),
        ("accept", Finding("note", "large-page", "Halaman A3."), "ada", ("large-page", "note")),
        ("repair", Finding("repair", "javascript", "Skrip dibuang."), "ada", ("javascript", "note")),
        ("convert", Finding("repair", "heic", "Diubah menjadi JPG."), "ada", ("heic", "note")),
        ("reject", Finding("reject", "encrypted", "Berkas terkunci."), "bermasalah", ("encrypted", "problem")),
    ],
)
def test_the_inspections_findings_become_reasons(
    answer: str, finding: Finding, state: str, reason: tuple[str, str]
) -> None:
    found = on("ktp", handed_in("ktp", answer, findings=(finding,)))
    assert (found.state, graded(found)) == (state, [reason])
    assert found.reasons[0].message == finding.message


def test_a_rejection_without_a_word_still_gets_a_sentence() -> None:
    found = on("ktp", handed_in("ktp", "reject"))
    assert graded(found) == [("rejected", "problem")]
    assert "Pindai ulang" in found.reasons[0].message


def test_what_is_not_yet_inspected_is_not_there_yet() -> None:
    found = on("ktp", handed_in("ktp", "pending"))
    assert (found.state, graded(found)) == ("bermasalah", [("not-inspected", "problem")])


@pytest.mark.parametrize(
    ("code", "media_type", "expected"),
    [
        ("pas_foto", "application/pdf", [("wrong-kind", "problem")]),
        ("pas_foto", "image/png", []),
        ("ktp", "image/jpeg", []),
        ("ktp", "application/pdf", []),
        ("ktp", "text/html", [("wrong-kind", "problem")]),
    ],
)
def test_only_the_kinds_asked_for_are_taken(code: str, media_type: str, expected: list[tuple[str, str]]) -> None:
    assert graded(on(code, handed_in(code, media_type=media_type))) == expected


def test_one_faulty_file_of_two_is_told_once() -> None:
    blurred = Finding("warning", "blurred", "Foto agak buram.")
    front, back = handed_in("ktp", findings=(blurred,)), handed_in("ktp", "reject", findings=(blurred,))
    assert graded(on("ktp", front, back)) == [("blurred", "warning"), ("rejected", "problem")]


@pytest.mark.parametrize(
    ("code", "fields", "expected"),
    [
        ("strro", FieldFacts(number="1", expiry=date(2026, 6, 8)), []),
        ("strro", FieldFacts(number="1", expiry=date(2026, 6, 7)), [("expired", "problem")]),
        ("strro", FieldFacts(number="1", lifelong=True, expiry=date(2020, 1, 1)), []),
        ("strro", FieldFacts(number="1"), [("field-missing", "problem")]),
        ("strro", FieldFacts(number="  ", lifelong=True), [("field-missing", "problem")]),
        ("surat_sehat", FieldFacts(dated=date(2026, 3, 8)), []),
        ("surat_sehat", FieldFacts(dated=date(2026, 3, 7)), [("too-old", "problem")]),
        ("surat_sehat", FieldFacts(dated=date(2026, 6, 9)), [("future-date", "problem")]),
        ("surat_sehat", FieldFacts(), [("field-missing", "problem")]),
        ("surat_permohonan", FieldFacts(dated=date(2027, 1, 1)), [("future-date", "problem")]),
        ("surat_permohonan", FieldFacts(dated=date(2020, 1, 1)), []),
        ("izin_lama", FieldFacts(number="503/1", expiry=date(2026, 5, 1)), [("expired", "warning")]),
        ("izin_pertama", FieldFacts(number="503/1", expiry=date(2026, 5, 1)), [("expired", "problem")]),
        ("surat_tempat_kerja", FieldFacts(issuer="Optik Cahaya"), []),
    ],
)
def test_what_is_written_on_a_document(code: str, fields: FieldFacts, expected: list[tuple[str, str]]) -> None:
    assert graded(on(code, handed_in(code, fields=fields))) == expected


def test_a_health_letter_at_the_end_of_a_month() -> None:
    letter = handed_in("surat_sehat", fields=FieldFacts(dated=date(2025, 11, 30)))
    states = [verdict(required_item("surat_sehat"), [letter], date(2026, 2, day)).state for day in (27, 28)]
    assert states == ["ada", "ada"]
    assert verdict(required_item("surat_sehat"), [letter], date(2026, 3, 1)).state == "bermasalah"


def test_the_too_old_sentence_names_date_and_limit() -> None:
    found = on("surat_sehat", handed_in("surat_sehat", fields=FieldFacts(dated=date(2026, 1, 5))))
    assert found.reasons[0].message == (
        "Surat keterangan sehat dari dokter yang memiliki SIP tertanggal 5 Januari 2026, sudah lebih dari 3 bulan. "
        "Unggah yang baru."
    )


def test_fields_of_several_files_are_read_together() -> None:
    first = handed_in("strro", fields=FieldFacts(number="RO-1"))
    second = handed_in("strro", fields=FieldFacts(lifelong=True))
    assert on("strro", first, second).state == "ada"


def test_what_the_application_says_of_the_str_is_not_asked_for_twice() -> None:
    blank = [
        replace(document, fields=FieldFacts()) if document.requirement == "strro" else document
        for document in whole_berkas()
    ]
    assert judged(blank).complete
    ended = replace(WELL, str_valid_until=date(2026, 6, 7))
    codes = {found.requirement: [reason.code for reason in found.reasons] for found in judged(blank, ended).verdicts}
    assert codes["strro"] == ["expired"]


def test_what_the_document_says_counts_before_what_the_application_says() -> None:
    expired = handed_in("strro", fields=FieldFacts(number="RO-0001234", expiry=date(2026, 6, 7)))
    stated = FieldFacts(number="RO-0001234", lifelong=True)
    assert verdict(required_item("strro"), [expired], TODAY, stated).state == "bermasalah"


def test_documents_nobody_asked_for_are_passed_over() -> None:
    answer = judged([*whole_berkas(), handed_in("rekomendasi_profesi", "reject")])
    assert answer.complete


def test_a_problem_across_the_data_keeps_a_whole_berkas_from_being_complete() -> None:
    answer = judged(whole_berkas(), ApplicantFacts("123", date(1994, 8, 21), "P", "RO-0001234", None))
    assert not any(found.holds_up for found in answer.verdicts)
    assert not answer.complete


def test_a_warning_across_the_data_is_left_to_the_officer() -> None:
    answer = judged(whole_berkas(), ApplicantFacts(WELL.nik, WELL.birth_date, "L", WELL.str_number, None))
    assert answer.complete
    assert [check.code for check in answer.checks] == ["nik-sex"]


def test_the_str_document_is_compared_with_what_was_filled_in() -> None:
    answer = judged(whole_berkas(), ApplicantFacts(WELL.nik, WELL.birth_date, "P", "RO-9", date(2027, 1, 1)))
    assert [check.code for check in answer.checks] == ["str-number-differs", "str-expiry-differs"]


@pytest.mark.parametrize(("kind", "holds_up"), [("perpanjangan", True), ("pencabutan", False), ("duplikat", False)])
def test_an_str_that_ended_matters_where_an_str_is_asked_for(kind: str, holds_up: bool) -> None:
    items = applicable(sikro(), kind, TODAY)
    files = [handed_in(item.requirement.code, fields=FieldFacts("1", lifelong=True, dated=TODAY)) for item in items]
    ended = replace(WELL, str_number="1", str_valid_until=date(2026, 6, 7))
    checks = judge(sikro(), kind, items, files, ended, HistoryFacts(), TODAY).checks
    assert {check.grade == "problem" for check in checks if check.code == "str-expired"} == {holds_up}
