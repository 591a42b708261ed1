"""The QR code's signed summary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.errors import InvalidInput
from models.rules.letter import LateFacts
from workers.adapters.letter import qr
from workers.adapters.letter.office_ca import make_qr_key

KEY = make_qr_key()
LATE = LateFacts("503/0001/DPMPTSP/SIKRO/2026", date(2026, 3, 18), date(2031, 3, 18), "tok-en_1", "Melati", "ab" * 32)
URL = "https://perizinan.example/"
DAYS = st.dates(date(2000, 1, 1), date(2150, 1, 1))
TEXTS = st.text(max_size=60)


def test_the_address_comes_first() -> None:
    assert qr.content(URL, LATE, KEY).startswith("https://perizinan.example/v/tok-en_1#")


@given(number=TEXTS, signed=DAYS, until=st.none() | DAYS, name=TEXTS)
def test_a_summary_comes_back(number: str, signed: date, until: date | None, name: str) -> None:
    late = replace(LATE, number=number, signed_on=signed, valid_until=until, holder_name=name)
    assert qr.read(qr.content(URL, late, KEY), [KEY.public_key()]) == qr.summary_of(late)


def test_the_same_facts_give_the_same_code() -> None:
    assert qr.content(URL, LATE, KEY) == qr.content(URL, LATE, KEY)


def test_one_of_several_keys_is_enough() -> None:
    keys = [make_qr_key().public_key(), KEY.public_key()]
    assert qr.read(qr.content(URL, LATE, KEY), keys) == qr.summary_of(LATE)


def test_another_office_s_code_is_not_read() -> None:
    assert qr.read(qr.content(URL, LATE, make_qr_key()), [KEY.public_key()]) is None


@given(place=st.integers(min_value=0), letter=st.sampled_from("ABCabc019-_"))
def test_any_change_is_noticed(place: int, letter: str) -> None:
    text = qr.content(URL, LATE, KEY)
    start = text.index("/v/") + 3
    index = start + place % (len(text) - start)
    changed = text[:index] + letter + text[index + 1 :]
    last_bits = index == len(text) - 1
    if changed != text and not last_bits:
        assert qr.read(changed, [KEY.public_key()]) is None


@pytest.mark.parametrize(
    "text", ["", "#", "https://x/v/t", "https://x/v/t#", "https://x/v/t#!!!", "https://x/v/t#AAAA"]
)
def test_nonsense_is_no_summary(text: str) -> None:
    assert qr.read(text, [KEY.public_key()]) is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Too long"):
        qr.content(URL, replace(LATE, holder_name="x" * 256), KEY)
    with pytest.raises(InvalidInput, match="does not fit"):
        qr.content(URL, replace(LATE, signed_on=date(1999, 12, 31)), KEY)


def test_the_matrix_is_square_with_its_finders() -> None:
    matrix = qr.modules(qr.content(URL, LATE, KEY))
    assert {len(row) for row in matrix} == {len(matrix)}
    assert bytes(matrix[0][:7]) == b"\1" * 7
    assert bytes(matrix[-1][:7]) == b"\1" * 7
