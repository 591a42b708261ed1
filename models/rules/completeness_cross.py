"""Checks across an applicant's data and what the register already knows; notes and warnings decide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from models.rules.dates import age_on, long_date
from models.rules.errors import InvalidInput
from models.rules.nik import Nik, Sex, normal_nik, parse_nik
from models.rules.personal import normal_str_number
from models.rules.sop import Sop
from models.rules.validity import holds_on

Grade = Literal["note", "warning", "problem"]
NamedStr = tuple[str, date | None, bool]
"""An STR as its document names it: number, expiry, lifelong."""

ADULT = 17
"""The age at which a KTP is issued."""


@dataclass(frozen=True, slots=True)
class ApplicantFacts:
    """What the applicant filled in. `str_valid_until` None is lifelong; `home_area` is the office's `area_code`."""

    nik: str = field(repr=False)
    birth_date: date
    sex: Sex
    str_number: str
    str_valid_until: date | None
    place_order: int = 1
    home_area: str = "1471"


@dataclass(frozen=True, slots=True)
class HeldLicence:
    """A licence of the same kind this person was given and that is neither void nor revoked."""

    number: str
    valid_until: date | None
    at_this_place: bool


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """What the register knows of this person for this licence: running applications for this place, and licences."""

    running: tuple[str, ...] = ()
    licences: tuple[HeldLicence, ...] = ()


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """One remark on the data as a whole; only a problem keeps a berkas from being complete."""

    code: str
    grade: Grade
    message: str


def cross_checks(
    sop: Sop,
    application_type: str,
    applicant: ApplicantFacts,
    history: HistoryFacts,
    today: date,
    named_strs: Sequence[NamedStr] = (),
    *,
    asks_str: bool = True,
) -> tuple[CrossCheck, ...]:
    """Every remark, problems first; `named_strs` are what the handed-in STR documents say of themselves.

    `asks_str` False: this kind of application needs no STR, so one that ended keeps nobody from giving a licence back.
    """
    found = [
        *_nik(applicant),
        *_birth(applicant, today),
        *_str(applicant, today, asks_str),
        *_str_differs(applicant, named_strs),
        *_register(sop, application_type, applicant, history, today),
    ]
    order = ("problem", "warning", "note")
    return tuple(sorted(found, key=lambda check: order.index(check.grade)))


def _nik(applicant: ApplicantFacts) -> Iterator[CrossCheck]:
    try:
        nik = parse_nik(applicant.nik)
    except InvalidInput as error:
        yield CrossCheck(error.faults[0].code, "problem", str(error))
        return
    yield from _nik_against(nik, applicant)


def _nik_against(nik: Nik, applicant: ApplicantFacts) -> Iterator[CrossCheck]:
    if not nik.born_on(applicant.birth_date):
        message = f"Tanggal lahir {long_date(applicant.birth_date)} berbeda dengan NIK. Cocokkan keduanya dengan KTP."
        yield CrossCheck("nik-birth-date", "warning", message)
    if nik.sex != applicant.sex:
        yield CrossCheck("nik-sex", "warning", "Jenis kelamin berbeda dengan NIK. Cocokkan keduanya dengan KTP.")
    if not nik.digits.startswith(applicant.home_area):
        message = f"NIK pertama kali terbit di wilayah {nik.city_code}, bukan di sini. Ini hanya catatan."
        yield CrossCheck("nik-area-elsewhere", "note", message)


def _birth(applicant: ApplicantFacts, today: date) -> Iterator[CrossCheck]:
    if applicant.birth_date > today:
        yield CrossCheck("birth-date-future", "problem", "Tanggal lahir belum terjadi. Periksa tahunnya.")
    elif age_on(applicant.birth_date, today) < ADULT:
        message = f"Menurut tanggal lahir, pemohon belum {ADULT} tahun. Cocokkan tanggal lahir dengan KTP."
        yield CrossCheck("birth-date-young", "warning", message)


def _str(applicant: ApplicantFacts, today: date, asked: bool) -> Iterator[CrossCheck]:
    try:
        normal_str_number(applicant.str_number)
    except InvalidInput as error:
        yield CrossCheck(error.faults[0].code, "problem", str(error))
    ended = applicant.str_valid_until
    if ended is not None and not holds_on(ended, today):
        advice = "Perbarui STR, lalu ajukan lagi." if asked else "Petugas akan memeriksanya."
        message = f"STR berakhir {long_date(ended)}. {advice}"
        yield CrossCheck("str-expired", "problem" if asked else "warning", message)


def _str_differs(applicant: ApplicantFacts, named_strs: Sequence[NamedStr]) -> Iterator[CrossCheck]:
    for number, expiry, lifelong in named_strs:
        if number and _bare(number) != _bare(applicant.str_number):
            message = "Nomor STR di isian berbeda dengan yang dicatat dari dokumen STR. Samakan dengan STR."
            yield CrossCheck("str-number-differs", "warning", message)
        if (expiry or lifelong) and (None if lifelong else expiry) != applicant.str_valid_until:
            message = "Masa berlaku STR di isian berbeda dengan yang dicatat dari dokumen STR. Samakan dengan STR."
            yield CrossCheck("str-expiry-differs", "warning", message)


def _bare(number: str) -> str:
    return normal_nik(number).upper()


def _register(
    sop: Sop, application_type: str, applicant: ApplicantFacts, history: HistoryFacts, today: date
) -> Iterator[CrossCheck]:
    kind = sop.application_type(application_type)
    valid = [licence for licence in history.licences if holds_on(licence.valid_until, today)]
    for registration in history.running:
        message = f"Permohonan {registration} untuk tempat kerja ini masih diproses. Lanjutkan permohonan itu."
        yield CrossCheck("running-application", "problem", message)
    moves = kind.new_place or "relocation" in kind.implies
    if moves:
        yield from _already_here(valid)
    if kind.new_place:
        yield from _places(sop.max_places, applicant, valid)
    if kind.needs_licence and not any(moves or licence.at_this_place for licence in history.licences):
        which = "Izin lama" if moves else "Izin lama untuk tempat kerja ini"
        message = f"{which} tidak ditemukan di register. Petugas akan mencocokkannya dengan surat yang dilampirkan."
        yield CrossCheck("licence-unknown", "warning", message)


def _already_here(valid: Sequence[HeldLicence]) -> Iterator[CrossCheck]:
    for licence in valid:
        if licence.at_this_place:
            until = long_date(licence.valid_until) if licence.valid_until else "seumur hidup"
            message = f"Izin {licence.number} untuk tempat kerja ini masih berlaku ({until}). Pilih perpanjangan."
            yield CrossCheck("licence-at-place", "problem", message)


def _places(most: int, applicant: ApplicantFacts, valid: Sequence[HeldLicence]) -> Iterator[CrossCheck]:
    held = sum(not licence.at_this_place for licence in valid)
    if max(held + 1, applicant.place_order) > most:
        message = f"Paling banyak {most} tempat kerja; sudah ada {held}. Cabut satu izin lebih dahulu."
        yield CrossCheck("max-places", "problem", message)
    elif applicant.place_order != held + 1:
        message = f"Tempat kerja ke-{applicant.place_order} diajukan; menurut register ini yang ke-{held + 1}. Periksa."
        yield CrossCheck("place-order", "warning", message)
