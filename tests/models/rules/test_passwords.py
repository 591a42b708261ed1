"""Passwords: long enough, not about oneself or the office, no pattern; any character and any sentence is welcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.passwords import CONTEXT_WORDS, MIN_LENGTH, weakness

OWN = ("sekretaris1", "Tirdian", "Wiramukti")


@pytest.mark.parametrize(
    "password",
    [
        "pendek",
        "sebelas-hrf",
        "aaaaaaaaaaaa",
        "abababababab",
        "123456789012",
        "abcdefghijkl",
        "qwertyuiopas",
        "098765432109",
        "qwerty123456",
        "Password123!",
        "P4ssw0rd2026!",
        "katasandi2026",
        "DPMPTSP-Pekanbaru-2026",
        "admin12345678",
        "rahasia-kantor-2026",
        "bismillah123456",
        "Wiramukti-suka-teh",
        "teh-manis-sekretaris1",
    ],
)
def test_what_is_easy_to_guess_is_refused_with_a_sentence(password: str) -> None:
    assert weakness(password, OWN).endswith(".")


@pytest.mark.parametrize(
    "password",
    [
        "kopi pahit tiap sore",
        "burung-besi-melintas-senja",
        "Tujuh ekor bebek menyeberang!",
        "xK9#mQ2$vL7p",
        "密码 yang sangat panjang sekali",
        "🐦🐦 terbang rendah hari ini",
        "loket-perak-7-awan-hujan",
        "a" + "z1y2x3w4v5u6" * 10,
        "739105284617",
        "密码密钥安全登录系统管理员",
    ],
)
def test_anything_else_is_taken_whatever_its_characters(password: str) -> None:
    assert weakness(password, OWN) == ""


@given(st.text(max_size=MIN_LENGTH - 1))
def test_short_ones_never_pass(password: str) -> None:
    assert weakness(password) != ""


@given(st.sampled_from(CONTEXT_WORDS), st.sampled_from(CONTEXT_WORDS), st.integers(0, 9999))
def test_the_office_s_words_with_a_year_never_pass(first: str, second: str, year: int) -> None:
    assert weakness(f"{first}{second}{year:04}!!".ljust(MIN_LENGTH, "!"))


@given(st.text(min_size=MIN_LENGTH, max_size=128))
def test_it_always_answers(password: str) -> None:
    assert isinstance(weakness(password, OWN), str)
