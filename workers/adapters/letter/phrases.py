"""How dates, numbers and persons are written in Bahasa Indonesia on a letter."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
LIFELONG = "Seumur hidup"
ORDINALS = ("kesatu", "kedua", "ketiga", "keempat", "kelima")
SEXES = {"L": "Laki-laki", "P": "Perempuan"}
NIP_GROUPS = re.compile(r"(\d{8})(\d{6})(\d)(\d{3})")


def long_date(day: date | None) -> str:
    """`16 Maret 2026`; None is "Seumur hidup"."""
    return LIFELONG if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    """`16-03-2026`."""
    return f"{day:%d-%m-%Y}"


def sex_in_words(code: str) -> str:
    """`L` or `P` in words; another code stays as it is."""
    return SEXES.get(code, code)


def grouped_nip(nip: str) -> str:
    """`19770417 200312 1 004`; what has not 18 digits stays as it is."""
    match = NIP_GROUPS.fullmatch(nip)
    return " ".join(match.groups()) if match else nip


def ordinal_in_words(number: int) -> str:
    """`kesatu`, `kedua`, ... and `ke-6` after the fifth."""
    return ORDINALS[number - 1] if 1 <= number <= len(ORDINALS) else f"ke-{number}"


def initials(name: str) -> str:
    """At most three capitals of a name without its academic titles: `Bambang Prasetyo, M.Si.` gives `BP`."""
    words = re.findall(r"[^\W\d_]+", name.split(",")[0])
    return plain("".join(word[0] for word in words if len(word) > 1)[:3].upper())


def one_line(text: str) -> str:
    """`text` without line breaks, control and formatting characters, its words one space apart."""
    visible = "".join(" " if letter.isspace() else letter for letter in text if letter.isspace() or _is_seen(letter))
    return " ".join(visible.split())


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def plain(text: str) -> str:
    """`text` in Latin-1: accents that Latin-1 lacks are dropped, other foreign letters become `?`."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_plain_letter(letter) for letter in composed)


def _plain_letter(letter: str) -> str:
    if ord(letter) < 256:
        return letter
    base = unicodedata.normalize("NFD", letter)[0]
    return base if ord(base) < 256 else "?"
