"""Personal values are made uniform or refused with how to mend them."""

from __future__ import annotations

import pytest

from models.rules.errors import InvalidInput
from models.rules.personal import normal_email, normal_name, normal_phone, normal_str_number, same_place


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("  Melati   Anggraini ", "Melati Anggraini"),
        ("Melati Anggraini, A.Md.RO.", "Melati Anggraini, A.Md.RO."),
        ("Nur'aini H. (Aini)", "Nur'aini H. (Aini)"),
        ("Rene\u0301", "Ren\u00e9"),
        ("D\u2019Souza", "D\u2019Souza"),
    ],
)
def test_names(written: str, name: str) -> None:
    assert normal_name(written) == name


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("   ", "name-missing"),
        ("A" * 121, "name-length"),
        ("12345", "name-letters"),
        ("<b>Budi</b>", "name-letters"),
        ("Budi\x00", "name-letters"),
        ("Budi #set page()", "name-letters"),
    ],
)
def test_what_is_no_name(written: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normal_name(written)
    assert refused.value.faults[0].code == code


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (" 14 04 6 2 1 26-0001234 ", "14 04 6 2 1 26-0001234"),
        ("ro/2024/000123.a", "RO/2024/000123.A"),
        ("x" * 40, "X" * 40),
    ],
)
def test_str_numbers(written: str, number: str) -> None:
    assert normal_str_number(written) == number


@pytest.mark.parametrize(
    ("written", "code"),
    [("", "str-missing"), ("1" * 41, "str-length"), ("12;34", "str-letters"), ("/12", "str-letters")],
)
def test_what_is_no_str_number(written: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normal_str_number(written)
    assert refused.value.faults[0].code == code


@pytest.mark.parametrize("written", ["0812 3456 7890", "+62 812-3456-7890", "62812.3456.7890", "(0812) 34567890"])
def test_phones_become_international(written: str) -> None:
    assert normal_phone(written) == "+6281234567890"


@pytest.mark.parametrize("written", ["", "12345", "0812", "+1 212 555 0100", "0812345678901234", "telepon"])
def test_what_is_no_phone(written: str) -> None:
    with pytest.raises(InvalidInput, match="0812 3456 7890"):
        normal_phone(written)


def test_emails_keep_the_name_and_lower_the_domain() -> None:
    assert normal_email(" Siti.Aminah@Example.ORG ") == "Siti.Aminah@example.org"


@pytest.mark.parametrize(
    "written", ["", "siti", "siti@", "@example.org", "a b@example.org", "a@b", "a@-b.org", "a..b@example.org"]
)
def test_what_is_no_email(written: str) -> None:
    with pytest.raises(InvalidInput, match=r"nama@contoh\.id"):
        normal_email(written)


@pytest.mark.parametrize("other", ["OPTIK MELATI", " Optik  Melati. ", "Optik-Melati", "\uff2fptik Melati"])
def test_a_place_is_known_however_it_is_written(other: str) -> None:
    assert same_place("Optik Melati", other)
    assert not same_place("Optik Melati 2", other)
