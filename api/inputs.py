"""What the API takes, beside `models.services.inputs`: unknown keys are refused, values never repeated in an error."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from api.shapes import EXAMPLE_ID, SHA256
from models.services.inputs import ISO_DAY, Input, PileLetter, ReturnItem, Sha256, Whole

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Point = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,47}$")]
"""A point of the check: a requirement's code, or that of a comparison such as running-application."""
LicenceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]{0,19}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


def _unicode(value: SecretStr) -> SecretStr:
    try:
        value.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("is no Unicode text") from None
    return value


Secret = Annotated[SecretStr, Field(min_length=1, max_length=256), AfterValidator(_unicode)]


def _day(value: str) -> str:
    if value and not ISO_DAY.fullmatch(value):
        raise ValueError("a day as YYYY-MM-DD is wanted")
    if value:
        date.fromisoformat(value)
    return value


def _day_or_lifelong(value: str) -> str:
    return value if value.lower() == "seumur hidup" else _day(value)


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Day = Annotated[Line, AfterValidator(_day)]
DayOrLifelong = Annotated[Line, AfterValidator(_day_or_lifelong)]


class SignIn(Input):
    """A sign-in by name and password."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        examples=["loket"]
    )
    password: Secret
    code: Secret | None = Field(default=None, description="One-time or recovery code, when the person has set one up.")


class OpenDraft(Input):
    """A new application; `counter` is for staff who take it in for a person at the counter."""

    licence_code: LicenceCode = Field(default="SIKRO", examples=["SIKRO"])
    application_type: Code = Field(default="baru", examples=["baru"])
    channel: Literal["online", "counter"] | None = None


class NikSearch(Input):
    """A NIK to search by. It comes in a body, since addresses are kept in logs and histories."""

    nik: Annotated[SecretStr, Field(examples=["1471010101900001"])]


class DocumentFields(Input):
    """What is written on a document: dates as YYYY-MM-DD, an expiry also "seumur hidup"."""

    number: Line = Field(default="", examples=["16 09 5 2 1 23-4012345"])
    date: Day = Field(default="", examples=["2026-11-02"])
    expiry: DayOrLifelong = Field(default="", examples=["seumur hidup"])
    issuer: Line = Field(default="", examples=["Puskesmas Melur"])


class Verify(Input):
    """The berkas is complete. `overrides` gives a reason for each point that the check held against it."""

    overrides: Annotated[dict[Point, Reason], Field(max_length=100)] = Field(
        default_factory=dict, examples=[{"pas_foto": "latar merah muda, masih dapat diterima"}]
    )
    note: Note = ""


class Return(Input):
    """The berkas goes back, a reason for each requirement."""

    items: Annotated[list[ReturnItem], Field(min_length=1, max_length=100)] = Field(
        examples=[[{"requirement": "ijazah", "reason": "", "note": "Halaman kedua tidak terbaca."}]]
    )
    note: Note = ""


class WithReason(Input):
    """An act that needs a reason."""

    reason: Reason = Field(examples=["Nama tempat kerja tidak sama dengan surat keterangan."])


class SendBack(WithReason):
    """The letter goes back to the back office, or to the front office's check."""

    target: Literal["blanko", "verification"] = "blanko"


class Endorse(Input):
    """A paraf or signature over the exact blanko that was looked at."""

    blanko_sha256: Sha256 = Field(examples=[SHA256])
    passphrase: Secret = Field(examples=["tinta-biru-di-meja-kayu"])


class LetterOfPile(Input):
    """One letter as it was looked at."""

    application_id: UUID = Field(examples=[EXAMPLE_ID])
    version: Annotated[Whole, Field(ge=1)] = Field(examples=[6])
    blanko_sha256: Sha256 = Field(examples=[SHA256])

    def as_letter(self) -> PileLetter:
        """As the use case takes it."""
        return PileLetter(
            application_id=str(self.application_id), version=self.version, blanko_sha256=self.blanko_sha256
        )


class Pile(Input):
    """Up to 100 letters under one step-up; each stands or falls alone."""

    kind: Literal["paraf", "signature"] = Field(examples=["signature"])
    letters: Annotated[list[LetterOfPile], Field(min_length=1, max_length=100)]
    passphrase: Secret = Field(examples=["tinta-biru-di-meja-kayu"])
