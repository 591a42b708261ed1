"""The NIK: 6 digits of the area of first issue, birth date DDMMYY (day + 40 for women), 4 digits of a serial."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.rules.errors import Fault, InvalidInput

Sex = Literal["L", "P"]

LENGTH = 16
_SEPARATORS = re.compile(r"[\s.\-]+")
_WOMEN_ADD = 40


@dataclass(frozen=True, slots=True)
class Nik:
    """A NIK that is well-formed. `year` has two digits: the century is not in it."""

    digits: str
    area: str
    day: int
    month: int
    year: int
    sex: Sex

    @property
    def city_code(self) -> str:
        """The first four digits as official lists print them: `14.71` is Kota Pekanbaru."""
        return f"{self.area[:2]}.{self.area[2:4]}"

    def born_on(self, birth_date: date) -> bool:
        """Whether the birth date in the NIK is `birth_date`."""
        return (self.day, self.month, self.year) == (birth_date.day, birth_date.month, birth_date.year % 100)

    def likely_birth_date(self, today: date, youngest: int = 17) -> date | None:
        """Birth date in the later century that makes the holder at least `youngest` on `today`; None: no such day."""
        for century in (2000, 1900):
            try:
                born = date(century + self.year, self.month, self.day)
            except ValueError:
                continue
            if (today.year - born.year) - ((today.month, today.day) < (born.month, born.day)) >= youngest:
                return born
        return None

    def __str__(self) -> str:
        return self.digits

    def __repr__(self) -> str:
        # A NIK must not reach a log or a traceback by accident.
        return f"Nik({mask_nik(self.digits)})"


def normal_nik(text: str) -> str:
    """`text` without the spaces, dots and dashes people write into a NIK."""
    return _SEPARATORS.sub("", text)


def parse_nik(text: str) -> Nik:
    """The NIK in `text`; raises InvalidInput with one fault that says how to mend it, and never repeats the NIK."""
    digits = normal_nik(text)
    if not (digits.isascii() and digits.isdigit()):
        raise _refused("NIK hanya berisi angka. Salin 16 angka dari KTP.", "nik-digits")
    if len(digits) != LENGTH:
        raise _refused(f"NIK terdiri dari 16 angka, yang diisi {len(digits)}. Salin dari KTP.", "nik-length")
    nik = _read(digits)
    if digits[0] == "0" or digits[2:4] == "00" or digits[4:6] == "00":
        raise _refused("Kode wilayah di awal NIK tidak ada. Periksa 6 angka pertama NIK di KTP.", "nik-area")
    if not _real_day(nik):
        raise _refused("Tanggal lahir di dalam NIK tidak ada. Periksa angka ke-7 sampai ke-12 di KTP.", "nik-date")
    if digits[12:] == "0000":
        raise _refused("Empat angka terakhir NIK tidak boleh 0000. Periksa NIK di KTP.", "nik-serial")
    return nik


def mask_nik(text: str) -> str:
    """`1471********0003`; all stars when it is no NIK."""
    digits = normal_nik(text)
    if len(digits) != LENGTH:
        return "*" * len(digits)
    return f"{digits[:4]}{'*' * 8}{digits[-4:]}"


def _read(digits: str) -> Nik:
    day = int(digits[6:8])
    sex: Sex = "P" if day > _WOMEN_ADD else "L"
    day -= _WOMEN_ADD if sex == "P" else 0
    return Nik(digits, digits[:6], day, int(digits[8:10]), int(digits[10:12]), sex)


def _real_day(nik: Nik) -> bool:
    if not 1 <= nik.month <= 12:
        return False
    # The century is unknown: a leap day counts when either century has it (1900 has none, 2000 has).
    leap = isleap(1900 + nik.year) or isleap(2000 + nik.year)
    return 1 <= nik.day <= monthrange(2000 if leap else 2001, nik.month)[1]


def _refused(message: str, code: str) -> InvalidInput:
    return InvalidInput(message, faults=[Fault("/nik", message, code)])
