"""NIP: the printed form, and the dates and sex inside it."""

from __future__ import annotations

from datetime import date

import pytest

from models.rules.errors import InvalidInput
from models.rules.nip import parse_nip, print_nip

PRINTED = "19770417 200312 1 004"


@pytest.mark.parametrize(
    "written",
    ["197704172003121004", PRINTED, "NIP. 19770417 200312 1 004", "nip 19770417.200312.1.004", " 197704172003121004 "],
)
def test_however_written_it_prints_in_four_groups(written: str) -> None:
    assert print_nip(written) == PRINTED


def test_what_it_tells() -> None:
    nip = parse_nip(PRINTED)
    assert (nip.birth_date, nip.appointed_year, nip.appointed_month) == (date(1977, 4, 17), 2003, 12)
    assert (nip.sex, nip.serial, nip.digits) == ("L", 4, "197704172003121004")


def test_whom_it_belongs_to() -> None:
    nip = parse_nip(PRINTED)
    assert nip.belongs_to(date(1977, 4, 17), "L")
    assert not nip.belongs_to(date(1977, 4, 18), "L")
    assert not nip.belongs_to(date(1977, 4, 17), "P")


def test_contract_staff_have_no_month_of_appointment() -> None:
    nip = parse_nip("199002142022212003")
    assert (nip.appointed_year, nip.appointed_month, nip.sex) == (2022, None, "P")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("19770417200312100", "nip-length"),
        ("19770417200312100A", "nip-length"),
        ("", "nip-length"),
        ("197713172003121004", "nip-date"),
        ("197702302003121004", "nip-date"),
        ("197704172003131004", "nip-appointed"),
        ("197704172003001004", "nip-appointed"),
        ("197704171976121004", "nip-appointed"),
        ("197704172003123004", "nip-sex"),
        ("197704172003121000", "nip-serial"),
    ],
)
def test_what_is_no_nip_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_nip(text)
    assert refused.value.faults[0].code == code
