"""Checks across the data: identity, STR, and what the register knows of the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.rules.completeness_cross import ApplicantFacts, HeldLicence, HistoryFacts, NamedStr, cross_checks
from models.rules.errors import InvalidInput
from tests.models.rules.shipped import sikro

TODAY = date(2026, 6, 8)
WELL = ApplicantFacts("1471016108940001", date(1994, 8, 21), "P", "RO-0001234", None)
ENDED, HOLDS = date(2026, 6, 7), date(2026, 6, 8)


def found(
    application_type: str = "baru",
    history: HistoryFacts | None = None,
    named: tuple[NamedStr, ...] = (),
    **values: Any,
) -> list[tuple[str, str]]:
    checks = cross_checks(sikro(), application_type, replace(WELL, **values), history or HistoryFacts(), TODAY, named)
    return [(check.code, check.grade) for check in checks]


def elsewhere(*lasts: date | None) -> HistoryFacts:
    return HistoryFacts(licences=tuple(HeldLicence(f"503/{n}", last, False) for n, last in enumerate(lasts)))


def here(last: date | None) -> HistoryFacts:
    return HistoryFacts(licences=(HeldLicence("503/0001/DPMPTSP/SIKRO/2025", last, True),))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"nik": "1471016108940"}, [("nik-length", "problem")]),
        ({"nik": "147101610894000a"}, [("nik-digits", "problem")]),
        ({"birth_date": date(1994, 8, 22)}, [("nik-birth-date", "warning")]),
        ({"sex": "L"}, [("nik-sex", "warning")]),
        ({"nik": "3271016108940001"}, [("nik-area-elsewhere", "note")]),
        ({"home_area": "1473"}, [("nik-area-elsewhere", "note")]),
        ({"sex": "L", "nik": "3271016108940001"}, [("nik-sex", "warning"), ("nik-area-elsewhere", "note")]),
        ({"birth_date": date(2026, 8, 21)}, [("birth-date-future", "problem"), ("nik-birth-date", "warning")]),
        ({"nik": "1471016108100001", "birth_date": date(2010, 8, 21)}, [("birth-date-young", "warning")]),
        ({"str_number": ""}, [("str-missing", "problem")]),
        ({"str_number": "9" * 41}, [("str-length", "problem")]),
        ({"str_valid_until": HOLDS}, []),
        ({"str_valid_until": ENDED}, [("str-expired", "problem")]),
        ({"str_valid_until": None}, []),
    ],
)
def test_the_applicants_own_data(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(**values) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("ro 0001234", None, True), []),
        (("", None, False), []),
        (("RO-0001235", None, True), [("str-number-differs", "warning")]),
        (("RO-0001234", date(2030, 1, 1), False), [("str-expiry-differs", "warning")]),
        (("RO-0001234", date(2030, 1, 1), True), []),
    ],
)
def test_the_str_document_against_the_form(named: NamedStr, expected: list[tuple[str, str]]) -> None:
    assert found(named=(named,)) == expected


@pytest.mark.parametrize("application_type", ["baru", "perpanjangan", "duplikat", "pencabutan"])
def test_a_running_application_for_this_place_is_a_problem(application_type: str) -> None:
    history = HistoryFacts(running=("REG/00007/SIKRO/2026",), licences=elsewhere(ENDED).licences)
    assert ("running-application", "problem") in found(application_type, history)


@pytest.mark.parametrize(
    ("application_type", "last", "expected"),
    [
        ("baru", HOLDS, [("licence-at-place", "problem")]),
        ("baru", None, [("licence-at-place", "problem")]),
        ("baru", ENDED, []),
        ("tempat_kedua", HOLDS, [("licence-at-place", "problem")]),
        ("pindah_tempat", HOLDS, [("licence-at-place", "problem")]),
        ("perpanjangan", HOLDS, []),
        ("perpanjangan", ENDED, []),
        ("perubahan_data", HOLDS, []),
        ("duplikat", HOLDS, []),
        ("pencabutan", HOLDS, []),
    ],
)
def test_a_valid_licence_at_this_place(
    application_type: str, last: date | None, expected: list[tuple[str, str]]
) -> None:
    assert found(application_type, here(last)) == expected


@pytest.mark.parametrize(
    "application_type", ["perpanjangan", "pindah_tempat", "perubahan_data", "duplikat", "pencabutan"]
)
def test_an_old_licence_the_register_does_not_know_is_left_to_the_officer(application_type: str) -> None:
    assert found(application_type) == [("licence-unknown", "warning")]


@pytest.mark.parametrize("application_type", ["perpanjangan", "duplikat", "pencabutan"])
def test_a_licence_of_another_place_is_not_the_old_one(application_type: str) -> None:
    assert found(application_type, elsewhere(HOLDS)) == [("licence-unknown", "warning")]


@pytest.mark.parametrize(
    ("held", "place_order", "expected"),
    [
        ((HOLDS,), 2, []),
        ((HOLDS, None), 3, []),
        ((HOLDS, None, date(2030, 1, 1)), 4, [("max-places", "problem")]),
        ((HOLDS, None, date(2030, 1, 1)), 2, [("max-places", "problem")]),
        ((HOLDS, ENDED, ENDED), 2, []),
        ((HOLDS,), 4, [("max-places", "problem")]),
        ((HOLDS,), 3, [("place-order", "warning")]),
        ((ENDED,), 2, [("place-order", "warning")]),
    ],
)
def test_at_most_three_places(held: tuple[date | None, ...], place_order: int, expected: list[tuple[str, str]]) -> None:
    assert found("tempat_kedua", elsewhere(*held), place_order=place_order) == expected


def test_the_maximum_is_data() -> None:
    sop = sikro().model_copy(update={"max_places": 1})
    checks = cross_checks(sop, "tempat_kedua", replace(WELL, place_order=2), elsewhere(HOLDS), TODAY)
    assert [check.message for check in checks] == [
        "Paling banyak 1 tempat kerja; sudah ada 1. Cabut satu izin lebih dahulu."
    ]


def test_moving_takes_no_new_place() -> None:
    assert found("pindah_tempat", elsewhere(HOLDS, HOLDS, HOLDS), place_order=3) == []


def test_new_who_already_works_elsewhere_is_a_second_place() -> None:
    assert found("baru", elsewhere(HOLDS)) == [("place-order", "warning")]


def test_problems_stand_first_and_every_sentence_says_how_to_mend() -> None:
    checks = cross_checks(
        sikro(),
        "baru",
        replace(WELL, nik="3271016108940001", sex="L", str_valid_until=ENDED),
        HistoryFacts(running=("REG/00007/SIKRO/2026",)),
        TODAY,
    )
    assert [check.grade for check in checks] == ["problem", "problem", "warning", "note"]
    assert all(check.message.count(".") >= 2 for check in checks)


def test_no_sentence_repeats_the_nik() -> None:
    for nik in ("3271016108940001", "1471016108940000", "14710161089400010"):
        checks = cross_checks(sikro(), "baru", replace(WELL, nik=nik, sex="L"), HistoryFacts(), TODAY)
        assert checks
        assert not any(nik in check.message for check in checks)
    assert WELL.nik not in repr(WELL)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no application type"):
        found("baharu")
