"""What people and systems hand in, validated before it touches a table: unknown keys are refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Nik = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{16}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Input(BaseModel):
    """Base of all inputs: frozen, unknown keys refused, no control characters kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class HolderInput(Input):
    """The applicant's data. `str_valid_until` None means lifelong; `place_order` counts workplaces from 1."""

    name: Line
    nik: Nik
    birth_place: Line
    birth_date: date
    sex: Literal["L", "P"]
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^$|^\+?[0-9][0-9 -]{6,19}$")] = ""
    email: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^$|^[^@\s]{1,64}@[^@\s]{3,190}$")] = ""
    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    str_valid_until: date | None = None
    workplace_name: Line
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    place_order: Annotated[int, Field(ge=1, le=20)] = 1
    represented: bool = False


class PersonInput(Input):
    """Who applies: the first half of an applicant's data. `nik` empty keeps the one that is stored."""

    name: Line
    nik: Annotated[str, StringConstraints(pattern=r"^(\d{16})?$")] = ""
    birth_place: Line
    birth_date: date
    sex: Literal["L", "P"]
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    phone: Annotated[str, StringConstraints(pattern=r"^$|^\+62[2-9]\d{6,11}$")] = ""
    email: Annotated[str, StringConstraints(max_length=255)] = ""
    represented: bool = False


class WorkplaceInput(Input):
    """Registration and workplace: the second half. `str_valid_until` None means lifelong."""

    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    str_valid_until: date | None = None
    workplace_name: Line
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    place_order: Annotated[int, Field(ge=1, le=20)] = 1


class Amendment(Input):
    """Corrections to what the letter says; only the values that are given change."""

    name: Line | None = None
    birth_place: Line | None = None
    birth_date: date | None = None
    sex: Literal["L", "P"] | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = None
    str_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None
    str_valid_until: date | None = None
    workplace_name: Line | None = None
    workplace_address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = (
        None
    )


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


class PileLetter(Input):
    """One letter of a pile, as it was looked at: version and the SHA-256 of the exact blanko."""

    application_id: str
    version: Annotated[int, Field(ge=1)]
    blanko_sha256: Sha256
