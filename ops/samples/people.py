"""Invented applicants and the seeded people of the office.

Names are put together from syllables, streets and workplaces from word lists, telephone numbers from an unused block;
a NIK is built by the rules (area, DDMMYY with the day + 40 for women, serial) but its serial starts with 9. The one
real person is the head of office, who is named in the SOP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ops.samples.dice import number, pick

SAMPLE_DAY = date(2026, 11, 23)
"""The day on which samples are dated when the caller names no other."""

_ONSETS = (
    "Ar",
    "Ban",
    "Dar",
    "Fer",
    "Gal",
    "Har",
    "Jan",
    "Lin",
    "Mar",
    "Nir",
    "Ral",
    "Sal",
    "Tir",
    "Wan",
    "Yar",
    "Zel",
)
_MALE_ENDINGS = ("dian", "gara", "hanto", "jaya", "lendra", "marto", "nando", "rendra", "sakti", "vino")
_FEMALE_ENDINGS = ("diani", "gita", "hanti", "jayanti", "leni", "mira", "nanda", "rinda", "savita", "viana")
_FAMILY_ONSETS = ("Sang", "Pra", "Wira", "Teng", "Mah", "Nira", "Kar", "Sura", "Dana", "Laks", "Banu", "Jala")
_FAMILY_ENDINGS = ("geni", "dipta", "yudha", "mukti", "wangsa", "lana", "buana", "tama", "pura", "sena", "lingga")
_BIRTH_PLACES = ("Pekanbaru", "Dumai", "Bangkinang", "Siak", "Rengat", "Tembilahan", "Bengkalis", "Padang")
_DISTRICTS = (
    "Sukajadi",
    "Pekanbaru Kota",
    "Sail",
    "Lima Puluh",
    "Senapelan",
    "Rumbai",
    "Bukit Raya",
    "Tampan",
    "Marpoyan Damai",
    "Tenayan Raya",
    "Payung Sekaki",
    "Rumbai Pesisir",
)
"""In the order of their codes in the area part of a NIK: 14.71.01 to 14.71.12."""

_STREET_FIRST = ("Melur", "Kandis", "Tirta", "Puspa", "Meranti", "Cendana", "Kelapa", "Rengas", "Gaharu", "Sialang")
_STREET_SECOND = ("Sakti", "Laras", "Kencana", "Jernih", "Sentosa", "Timur", "Raya", "Indah", "Makmur", "Damai")
_OPTICS_FIRST = ("Cakra", "Netra", "Lensa", "Warna", "Surya", "Mitra", "Bening", "Fajar", "Titik", "Pelita")
_OPTICS_SECOND = ("Pandang", "Jernih", "Terang", "Gemilang", "Fokus", "Utama", "Mandiri", "Cermat")
_ACADEMIES = (
    "Akademi Refraksi Optisi Nusa Pandang",
    "Sekolah Tinggi Kesehatan Netra Andalas",
    "Politeknik Kesehatan Bina Lensa",
)


@dataclass(frozen=True, slots=True)
class SampleApplicant:
    """An invented refractionist-optician. `sex` is "L" or "P"; `str_valid_until` None means lifelong."""

    seed: int
    name: str
    nik: str
    birth_place: str
    birth_date: date
    sex: str
    address: str
    district: str
    phone: str
    email: str
    academy: str
    graduated: int
    str_number: str
    str_issued: date
    str_valid_until: date | None
    workplace_name: str
    workplace_address: str
    workplace_owner: str


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Someone who works in the office. `nip` is 18 digits without spaces, or empty."""

    username: str
    name: str
    roles: tuple[str, ...]
    title: str
    rank: str = ""
    nip: str = ""


def build_nik(district: int, born: date, sex: str, serial: int) -> str:
    """A NIK of Kota Pekanbaru: 1471 + two-digit district + DDMMYY (day + 40 for women) + four-digit serial."""
    day = born.day + (40 if sex == "P" else 0)
    return f"1471{district:02}{day:02}{born:%m%y}{serial:04}"


def _name(seed: int, label: str, sex: str) -> str:
    endings = _FEMALE_ENDINGS if sex == "P" else _MALE_ENDINGS
    first = pick(seed, f"{label} first", _ONSETS) + pick(seed, f"{label} end", endings)
    family = pick(seed, f"{label} family", _FAMILY_ONSETS) + pick(seed, f"{label} family end", _FAMILY_ENDINGS)
    return f"{first} {family}"


def _street(seed: int, label: str) -> str:
    first = pick(seed, f"{label} street", _STREET_FIRST)
    return (
        f"Jl. {first} {pick(seed, f'{label} street end', _STREET_SECOND)} No. {number(seed, f'{label} house', 180) + 1}"
    )


def _address(seed: int, label: str, district: str) -> str:
    rt, rw = number(seed, f"{label} rt", 9) + 1, number(seed, f"{label} rw", 15) + 1
    return f"{_street(seed, label)}, RT {rt:03}/RW {rw:03}, Kec. {district}, Pekanbaru"


def _str_valid_until(seed: int, born: date, on: date) -> date | None:
    # Registrations from before 2023 still carry an end, on the holder's birthday; later ones are for life.
    if number(seed, "str lifelong", 4):
        return None
    return date(on.year + 2 + number(seed, "str years", 3), born.month, min(born.day, 28))


def applicant(seed: int, *, on: date = SAMPLE_DAY) -> SampleApplicant:
    """The invented person of this seed (0 or more); the NIKs of seeds below 12,000 all differ.

    `on` is the day of the application: the registration's end, where it has one, lies after it.
    """
    sex = pick(seed, "sex", "LP")
    born = date(1976, 1, 1) + timedelta(days=number(seed, "born", 25 * 365))
    name, area = _name(seed, "holder", sex), seed % len(_DISTRICTS)
    district = pick(seed, "workplace district", _DISTRICTS)
    shop = f"{pick(seed, 'optics', _OPTICS_FIRST)} {pick(seed, 'optics end', _OPTICS_SECOND)}"
    return SampleApplicant(
        seed=seed,
        name=name,
        nik=build_nik(area + 1, born, sex, 9000 + seed // len(_DISTRICTS) % 1000),
        birth_place=pick(seed, "birth place", _BIRTH_PLACES),
        birth_date=born,
        sex=sex,
        address=_address(seed, "home", _DISTRICTS[area]),
        district=_DISTRICTS[area],
        phone=f"0812-0000-{seed % 10_000:04}",
        email=f"{name.lower().replace(' ', '.')}.{seed}@example.invalid",
        academy=pick(seed, "academy", _ACADEMIES),
        graduated=born.year + 22,
        str_number=f"RO0000{99 * 10**8 + seed % 10**8:010}",
        str_issued=date(born.year + 23, 3, 1) + timedelta(days=number(seed, "str issued", 200)),
        str_valid_until=_str_valid_until(seed, born, on),
        workplace_name=f"Optik {shop}",
        workplace_address=_address(seed, "workplace", district),
        workplace_owner=_name(seed, "owner", pick(seed, "owner sex", "LP")),
    )


def holder_data(a: SampleApplicant) -> dict[str, str | None]:
    """What the applicant fills in, ready for JSON: dates in ISO form, `str_valid_until` None when lifelong."""
    return {
        "name": a.name,
        "nik": a.nik,
        "birth_place": a.birth_place,
        "birth_date": a.birth_date.isoformat(),
        "sex": a.sex,
        "address": a.address,
        "phone": a.phone,
        "email": a.email,
        "str_number": a.str_number,
        "str_valid_until": a.str_valid_until.isoformat() if a.str_valid_until else None,
        "workplace_name": a.workplace_name,
        "workplace_address": a.workplace_address,
    }


def representative(a: SampleApplicant) -> SampleApplicant:
    """The person who acts for `a` by a power of attorney."""
    return applicant(a.seed + 6007)


OFFICE_PEOPLE: tuple[SamplePerson, ...] = (
    SamplePerson(
        "loket",
        "Tirmira Danapura, A.Md.",
        ("front_office",),
        "Petugas Front Office",
        "Pengatur (II/c)",
        "199706142022032004",
    ),
    SamplePerson(
        "blanko",
        "Galvino Karsena, S.Kom.",
        ("back_office",),
        "Petugas Back Office",
        "Penata Muda (III/a)",
        "199408212019031006",
    ),
    SamplePerson(
        "muda",
        "Lingita Suralana, S.Sos.",
        ("ahli_muda",),
        "JF Analis Kebijakan Ahli Muda",
        "Penata Tingkat I (III/d)",
        "198611092011012003",
    ),
    SamplePerson(
        "madya",
        "Harmarto Niradipta, S.H., M.Si.",
        ("ahli_madya",),
        "JF Analis Kebijakan Ahli Madya",
        "Pembina (IV/a)",
        "197903252005011002",
    ),
    SamplePerson(
        "sekretaris",
        "Yarnanda Prabuana, S.E., M.M.",
        ("sekretaris",),
        "Sekretaris",
        "Pembina Tingkat I (IV/b)",
        "197505182001122001",
    ),
    SamplePerson(
        "kepala",
        "Akmal Khairi, S.Th.I., M.H.",
        ("kepala_dinas",),
        "Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kota Pekanbaru",
        # The SOP prints no rank for him, and none is invented for a real person.
        "",
        "197704172003121004",
    ),
    SamplePerson(
        "admin", "Wanhanto Jalatama, S.Kom.", ("admin",), "Administrator Sistem", "Penata (III/c)", "198902072014021005"
    ),
    SamplePerson("operator", "Zelrinda Mahlingga", ("operator",), "Operator Sistem"),
)
"""One person for each role of the office; the head is the official named in the SOP, the others are invented."""
