"""NIK: structure, birth date and sex, area of first issue, and that it hides itself."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.errors import InvalidInput
from models.rules.nik import mask_nik, normal_nik, parse_nik

MAN, WOMAN = "1471012005900003", "1471016108940001"


def test_a_man_and_a_woman() -> None:
    man, woman = parse_nik(MAN), parse_nik(WOMAN)
    assert (man.sex, man.born_on(date(1990, 5, 20)), man.city_code) == ("L", True, "14.71")
    assert (woman.sex, woman.born_on(date(1994, 8, 21)), woman.area) == ("P", True, "147101")


def test_the_birth_date_must_be_the_very_day() -> None:
    assert not parse_nik(MAN).born_on(date(1990, 5, 21))
    assert not parse_nik(MAN).born_on(date(1991, 5, 20))
    assert parse_nik("1471012005050003").born_on(date(2005, 5, 20))


@pytest.mark.parametrize("written", ["1471 0120 0590 0003", "14.71.01.200590.0003", " 1471-012005900003 "])
def test_separators_do_not_matter(written: str) -> None:
    assert parse_nik(written).digits == MAN == normal_nik(written)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("147101200590000", "nik-length"),
        ("14710120059000031", "nik-length"),
        ("", "nik-digits"),
        ("147101200590000X", "nik-digits"),
        ("١٤٧١٠١٢٠٠٥٩٠٠٠٠٣", "nik-digits"),
        ("0071012005900003", "nik-area"),
        ("1400012005900003", "nik-area"),
        ("1471002005900003", "nik-area"),
        ("1471010005900003", "nik-date"),
        ("1471013205900003", "nik-date"),
        ("1471014005900003", "nik-date"),
        ("1471017205900003", "nik-date"),
        ("1471012013900003", "nik-date"),
        ("1471012000900003", "nik-date"),
        ("1471013104900003", "nik-date"),
        ("1471012902910003", "nik-date"),
        ("1471012005900000", "nik-serial"),
    ],
)
def test_what_is_no_nik_is_refused_without_repeating_it(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_nik(text)
    assert refused.value.faults[0].code == code
    assert refused.value.faults[0].pointer == "/nik"
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("digits", ["1471012902960003", "1471016902000003"])
def test_a_leap_day_is_a_birthday(digits: str) -> None:
    assert (parse_nik(digits).day, parse_nik(digits).month) == (29, 2)


@given(st.dates(date(1930, 1, 1), date(2026, 12, 31)), st.sampled_from(["L", "P"]), st.integers(1, 9999))
def test_every_person_has_a_nik(born: date, sex: str, serial: int) -> None:
    day = born.day + (40 if sex == "P" else 0)
    nik = parse_nik(f"147101{day:02}{born.month:02}{born.year % 100:02}{serial:04}")
    assert nik.born_on(born)
    assert nik.sex == sex


def test_the_mask_keeps_city_and_serial() -> None:
    assert mask_nik(MAN) == "1471********0003"
    assert mask_nik("12345") == "*****"


def test_a_nik_does_not_show_itself_in_a_log() -> None:
    nik = parse_nik(MAN)
    assert MAN not in repr(nik)
    assert str(nik) == MAN
