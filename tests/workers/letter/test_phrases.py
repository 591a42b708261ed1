"""Dates, numbers and names in Bahasa Indonesia."""

from __future__ import annotations

from datetime import date

import pytest

from workers.adapters.letter import phrases


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 5, 13), "13 Mei 2026"),
        (date(2026, 8, 1), "1 Agustus 2026"),
        (date(2027, 12, 31), "31 Desember 2027"),
        (None, "Seumur hidup"),
    ],
)
def test_long_dates(day: date | None, words: str) -> None:
    assert phrases.long_date(day) == words


def test_short_date() -> None:
    assert phrases.short_date(date(2026, 3, 8)) == "08-03-2026"


def test_nip_is_grouped_and_anything_else_kept() -> None:
    assert phrases.grouped_nip("197704172003121004") == "19770417 200312 1 004"
    assert phrases.grouped_nip("1977") == "1977"


def test_sexes() -> None:
    assert [phrases.sex_in_words(code) for code in ("L", "P", "X")] == ["Laki-laki", "Perempuan", "X"]


def test_ordinals() -> None:
    assert [phrases.ordinal_in_words(number) for number in (1, 3, 6)] == ["kesatu", "ketiga", "ke-6"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Bambang Prasetyo, M.Si.", "BP"),
        ("Dewi Kartika Sari Lestari, S.H., M.H.", "DKS"),
        ("Sukarno", "S"),
        ("I Made Artha", "MA"),
        ("Élan Ștefan", "ÉS"),
    ],
)
def test_initials_leave_titles_out(name: str, letters: str) -> None:
    assert phrases.initials(name) == letters


def test_plain_keeps_latin_1_and_replaces_the_rest() -> None:
    assert phrases.plain("Éva Ștefan 李") == "Éva Stefan ?"


def test_one_line_keeps_words_and_nothing_unseen() -> None:
    assert phrases.one_line("  a\r\n\tb\u200b\x07 c\u2028d ") == "a b c d"
