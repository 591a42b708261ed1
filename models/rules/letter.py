"""What a licence letter says: plain facts, no wording and no layout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Official:
    """An official as printed on a letter. `nip` is 18 digits without spaces; `acting` is "Plt." or "Plh."."""

    name: str
    title: str
    rank: str = ""
    nip: str = ""
    acting: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """The person the licence is for. `sex` is "L" or "P"."""

    name: str
    birth_place: str
    birth_date: date
    sex: str
    address: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the holder may work; `order` counts the holder's places from 1."""

    name: str
    address: str
    order: int = 1


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """All that the blanko needs. `str_valid_until` None means lifelong ("seumur hidup")."""

    registration_number: str
    application_date: date
    holder: Holder
    str_number: str
    str_valid_until: date | None
    workplace: Workplace
    head: Official
    initiallers: tuple[Official, ...]
    revision: int = 1


@dataclass(frozen=True, slots=True)
class LateFacts:
    """What only exists after the signature. `valid_until` None means lifelong; `token` is 128 random bits, url-safe."""

    number: str
    signed_on: date
    valid_until: date | None
    token: str
    holder_name: str
    blanko_sha256: str
