"""The NIP of a civil servant: birth date (8), appointment (6), sex (1), serial (3); printed in four groups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from models.rules.errors import Fault, InvalidInput
from models.rules.nik import Sex

LENGTH = 18
_SEPARATORS = re.compile(r"[\s.\-]+")
_PREFIX = re.compile(r"^\s*NIP\.?\s*", re.IGNORECASE)
_SEXES: dict[str, Sex] = {"1": "L", "2": "P"}
_CONTRACT_MONTHS = range(21, 30)
"""In place of a month, contract staff (PPPK) carry the count of their contract here: 21 is the first."""


@dataclass(frozen=True, slots=True)
class Nip:
    """A NIP that is well-formed. `appointed_month` None is contract staff (PPPK), whose NIP tells the year alone."""

    digits: str
    birth_date: date
    appointed_year: int
    appointed_month: int | None
    sex: Sex
    serial: int

    def __str__(self) -> str:
        """As letters print it: `19770417 200312 1 004`."""
        return f"{self.digits[:8]} {self.digits[8:14]} {self.digits[14]} {self.digits[15:]}"

    def belongs_to(self, birth_date: date, sex: Sex) -> bool:
        """Whether birth date and sex in the NIP are these."""
        return self.birth_date == birth_date and self.sex == sex


def parse_nip(text: str) -> Nip:
    """The NIP in `text`, spaces and a leading "NIP." allowed; raises InvalidInput that says how to mend it."""
    digits = _SEPARATORS.sub("", _PREFIX.sub("", text))
    if not (digits.isascii() and digits.isdigit() and len(digits) == LENGTH):
        raise _refused("NIP terdiri dari 18 angka. Salin dari SK pengangkatan.", "nip-length")
    born, (year, month) = _birth_date(digits), (int(digits[8:12]), int(digits[12:14]))
    if not (1 <= month <= 12 or month in _CONTRACT_MONTHS) or year <= born.year:
        raise _refused(
            "Tahun dan bulan pengangkatan di dalam NIP tidak mungkin. Periksa angka ke-9 sampai ke-14.", "nip-appointed"
        )
    if digits[14] not in _SEXES:
        raise _refused("Angka ke-15 NIP harus 1 (laki-laki) atau 2 (perempuan).", "nip-sex")
    if digits[15:] == "000":
        raise _refused("Tiga angka terakhir NIP tidak boleh 000.", "nip-serial")
    return Nip(digits, born, year, month if month <= 12 else None, _SEXES[digits[14]], int(digits[15:]))


def print_nip(text: str) -> str:
    """`19770417 200312 1 004`, however it was written; raises InvalidInput when it is no NIP."""
    return str(parse_nip(text))


def _birth_date(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as error:
        raise _refused("Tanggal lahir di dalam NIP tidak ada. Periksa 8 angka pertama.", "nip-date") from error


def _refused(message: str, code: str) -> InvalidInput:
    return InvalidInput(message, faults=[Fault("/nip", message, code)])
