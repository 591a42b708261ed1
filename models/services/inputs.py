"""What people and systems hand in, validated before it touches a table: unknown keys are refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    # A number would be read as seconds since 1970, which nobody means.
    if isinstance(value, str) and ISO_DAY.fullmatch(value.strip()):
        value = value.strip()
        if not "1900" <= value[:4] <= "2199":
            raise PydanticCustomError("date_range", "a day between 1900-01-01 and 2199-12-31 is wanted")
    elif not isinstance(value, date):
        raise PydanticCustomError("date_parsing", "a day as YYYY-MM-DD is wanted")
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""A day written as YYYY-MM-DD, between 1900 and 2199."""
Whole = Annotated[int, Strict()]
"""A number that is written as a number."""
Choice = Annotated[bool, Strict()]
"""true or false, and nothing that resembles it."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Nik = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{16}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Input(BaseModel):
    """Base of all inputs: frozen, unknown keys refused, no control characters kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class HolderInput(Input):
    """The applicant's data. `str_valid_until` None means lifelong; `place_order` counts workplaces from 1."""

    name: Line
    nik: Nik
    birth_place: Line
    birth_date: Day
    sex: Literal["L", "P"]
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^$|^\+?[0-9][0-9 -]{6,19}$")] = ""
    email: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^$|^[^@\s]{1,64}@[^@\s]{3,190}$")] = ""
    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    str_valid_until: Day | None = None
    workplace_name: Line
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    place_order: Annotated[Whole, Field(ge=1, le=20)] = 1
    represented: Choice = False

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Melur Contoh",
                    "nik": "1471015501900001",
                    "birth_place": "Pekanbaru",
                    "birth_date": "1990-01-15",
                    "sex": "P",
                    "address": "Jalan Contoh 1, Pekanbaru",
                    "phone": "081234567890",
                    "str_number": "16 09 5 2 1 23-4012345",
                    "str_valid_until": None,
                    "workplace_name": "Optik Contoh",
                    "workplace_address": "Jalan Contoh 2, Pekanbaru",
                }
            ]
        }
    )


class PersonInput(Input):
    """Who applies: the first half of an applicant's data. `nik` empty keeps the one that is stored."""

    name: Line
    nik: Annotated[str, StringConstraints(pattern=r"^([0-9]{16})?$")] = ""
    birth_place: Line
    birth_date: Day
    sex: Literal["L", "P"]
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    phone: Annotated[str, StringConstraints(pattern=r"^$|^\+62[2-9][0-9]{6,11}$")] = ""
    email: Annotated[str, StringConstraints(max_length=255)] = ""
    represented: bool = False


class WorkplaceInput(Input):
    """Registration and workplace: the second half. `str_valid_until` None means lifelong."""

    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    str_valid_until: Day | None = None
    workplace_name: Line
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    place_order: Annotated[int, Field(ge=1, le=20)] = 1


class Amendment(Input):
    """Corrections to what the letter says; only the values that are given change."""

    name: Line | None = None
    birth_place: Line | None = None
    birth_date: Day | None = None
    sex: Literal["L", "P"] | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = None
    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None
    str_valid_until: Day | None = None
    workplace_name: Line | None = None
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = (
        None
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"workplace_name": "Optik Contoh Baru"}]})


class ReturnItem(Input):
    """One requirement that is sent back: a reason code from the SOP's list, free text beside it."""

    requirement: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    reason: Annotated[str, StringConstraints(pattern=r"^$|^[a-z][a-z0-9_]{0,47}$")] = ""
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class HandOverInput(Input):
    """Who took the licence. `identity` names the kind of card that was seen, never its number."""

    receiver: Line
    relation: Literal["pemohon", "kuasa", "keluarga"] = "pemohon"
    identity: Literal["ktp", "sim", "paspor", "surat_kuasa_dan_ktp"]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"receiver": "Melur Contoh", "relation": "pemohon", "identity": "ktp"}]}
    )


class PileLetter(Input):
    """One letter of a pile, as it was looked at: version and the SHA-256 of the exact blanko."""

    application_id: str
    version: Annotated[Whole, Field(ge=1)]
    blanko_sha256: Sha256
