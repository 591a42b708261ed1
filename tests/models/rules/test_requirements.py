"""What must be brought: by application type, day and condition; and what an applicant is told when the rules change."""

from __future__ import annotations

from datetime import date

import pytest

from models.rules.errors import InvalidInput
from models.rules.requirements import RequiredItem, applicable, conditions_of, known_conditions, what_changed
from tests.models.rules.shipped import codes, required_item, sikro

BEFORE, LAST_DAY, FROM = date(2023, 6, 1), date(2024, 1, 11), date(2024, 1, 12)
FULL = [
    "surat_permohonan",
    "ktp",
    "ijazah",
    "strro",
    "surat_sehat",
    "surat_tempat_kerja",
    "pas_foto",
    "rekomendasi_dinkes",
]


@pytest.mark.parametrize(
    ("application_type", "expected"),
    [
        ("baru", [*FULL, "npwp?"]),
        ("perpanjangan", [*FULL, "izin_lama", "npwp?"]),
        ("pindah_tempat", [*FULL, "izin_lama", "npwp?"]),
        ("tempat_kedua", [*FULL, "izin_pertama", "npwp?"]),
        ("perubahan_data", ["surat_permohonan", "ktp", "pas_foto", "izin_lama", "bukti_perubahan"]),
        ("duplikat", ["surat_permohonan", "ktp", "pas_foto", "bukti_kehilangan"]),
        ("pencabutan", ["surat_permohonan", "ktp", "izin_lama", "pernyataan_pencabutan"]),
    ],
)
def test_each_application_type_today(application_type: str, expected: list[str]) -> None:
    assert codes(application_type) == expected


@pytest.mark.parametrize("application_type", ["baru", "perpanjangan", "pindah_tempat", "tempat_kedua"])
@pytest.mark.parametrize(("on", "asked"), [(BEFORE, True), (LAST_DAY, True), (FROM, False), (date(2026, 3, 2), False)])
def test_the_professional_bodys_recommendation_ended(application_type: str, on: date, asked: bool) -> None:
    assert ("rekomendasi_profesi" in codes(application_type, on)) is asked


@pytest.mark.parametrize("application_type", [kind.code for kind in sikro().application_types])
def test_a_representative_brings_two_more(application_type: str) -> None:
    alone = codes(application_type)
    represented = codes(application_type, conditions=frozenset({"represented"}))
    assert [code for code in represented if code not in alone] == ["surat_kuasa", "ktp_kuasa"]


def test_a_second_place_asks_for_the_first_licence() -> None:
    second = conditions_of(represented=False, place_order=2)
    assert "izin_pertama" in codes("perpanjangan", conditions=second)
    assert "izin_pertama" not in codes("perpanjangan", conditions=conditions_of(represented=False, place_order=1))
    assert "izin_pertama" not in codes("duplikat", conditions=second)


@pytest.mark.parametrize(
    ("represented", "place_order", "expected"),
    [
        (False, 1, set()),
        (True, 1, {"represented"}),
        (False, 3, {"second_place"}),
        (True, 2, {"represented", "second_place"}),
    ],
)
def test_conditions_found_in_the_application(represented: bool, place_order: int, expected: set[str]) -> None:
    assert conditions_of(represented=represented, place_order=place_order) == expected


def test_conditions_that_can_hold() -> None:
    assert set(known_conditions(sikro())) == {
        *("represented", "second_place", "renewal", "relocation", "data_change", "duplicate", "revocation"),
    }


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'baharu'; known are baru"):
        applicable(sikro(), "baharu", FROM)


def test_a_requirement_starts_on_its_first_day() -> None:
    npwp = sikro().requirement("npwp").model_copy(update={"valid_from": FROM})
    sop = sikro().model_copy(update={"requirements": (npwp,)})
    assert [len(applicable(sop, "baru", day)) for day in (LAST_DAY, FROM)] == [0, 1]


def test_what_fell_away_is_told() -> None:
    changes = what_changed(applicable(sikro(), "baru", LAST_DAY), applicable(sikro(), "baru", FROM))
    assert [(change.kind, change.requirement) for change in changes] == [("removed", "rekomendasi_profesi")]
    assert changes[0].message == (
        "Rekomendasi organisasi profesi (IROPIN) tidak lagi diminta. Anda tidak perlu melengkapinya."
    )


def test_what_came_new_is_told_with_how_to_mend() -> None:
    changes = what_changed((), (required_item("ktp"), required_item("npwp", required=False)))
    assert [change.kind for change in changes] == ["added", "added"]
    assert changes[0].message.startswith("KTP sekarang diminta. Unggah dokumen ini sebelum mengirim. ")
    assert changes[1].message.startswith("NPWP sekarang boleh dilampirkan. ")


@pytest.mark.parametrize(("was", "now", "kind"), [(False, True, "now_required"), (True, False, "now_optional")])
def test_a_change_of_need_is_told(was: bool, now: bool, kind: str) -> None:
    changes = what_changed((required_item("npwp", required=was),), (required_item("npwp", required=now),))
    assert [change.kind for change in changes] == [kind]


@pytest.mark.parametrize(
    "update", [{"kinds": ("image",)}, {"max_age_months": 1}, {"copies": 2}, {"fields": ()}, {"label": "Surat dokter"}]
)
def test_a_change_of_what_is_asked_is_told(update: dict[str, object]) -> None:
    old = required_item("surat_sehat")
    new = RequiredItem(old.requirement.model_copy(update=update), required=True)
    assert [(change.kind, change.requirement) for change in what_changed((old,), (new,))] == [
        ("changed", "surat_sehat")
    ]


def test_a_new_legal_basis_alone_is_no_news_for_the_applicant() -> None:
    old = required_item("ktp")
    new = RequiredItem(old.requirement.model_copy(update={"legal_basis": "UU 17/2023"}), required=True)
    assert what_changed((old,), (new,)) == ()


def test_news_comes_first_what_fell_away_last() -> None:
    old = (required_item("npwp"), required_item("ijazah"))
    new = (required_item("npwp", required=False), required_item("ktp"))
    assert [change.kind for change in what_changed(old, new)] == ["added", "now_optional", "removed"]
