"""An SOP as data: who does what in which time, what is brought, how a licence is numbered and how long it holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from models.rules.errors import InvalidInput
from models.rules.numbering import NumberFacts, parse_format, render_number

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Kind = Literal["pdf", "image"]
LateField = Literal["nomor", "tanggal", "berlaku", "qr", "kode"]
FieldCode = Literal["number", "date", "expiry", "issuer"]


class Definition(BaseModel):
    """Base of all definitions: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(Definition):
    """A post in the SOP; `title` is how the screens name it, `desk` whose hours its working time is measured in."""

    code: Code
    title: Text
    desk: Literal["counter", "back_office"] = "back_office"
    qualification: tuple[Text, ...] = ()


class Step(Definition):
    """One row of the SOP. Exactly one of `minutes` (working minutes) and `working_days` is the standard (mutu baku)."""

    number: int = Field(ge=1)
    code: Code
    title: Text
    actor: Code
    also: tuple[Code, ...] = ()
    minutes: int | None = Field(default=None, ge=1)
    working_days: int | None = Field(default=None, ge=1)
    input: Text
    output: Text
    task: str | None = None

    @model_validator(mode="after")
    def _one_standard(self) -> Self:
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("give exactly one of minutes and working_days")
        return self


class RequirementField(Definition):
    """What is read off a document. `past_allowed`: an expiry that has passed is a remark, not a deficiency."""

    code: FieldCode
    label: Text
    required: bool = True
    past_allowed: bool = False


class Requirement(Definition):
    """One thing an applicant brings, for which types, when, and from what day until what day (exclusive).

    `evidence_of` "str": the STR's number and expiry that the applicant filled in are compared with this document.
    """

    code: Code
    label: Text
    need: Literal["mandatory", "conditional", "optional"]
    condition: Code | None = None
    application_types: tuple[Code, ...] = ()
    kinds: tuple[Kind, ...] = Field(default=("pdf", "image"), min_length=1)
    profile: Literal["document", "photo"] = "document"
    evidence_of: Literal["str"] | None = None
    copies: int = Field(default=1, ge=1, le=20)
    fields: tuple[RequirementField, ...] = ()
    max_age_months: int | None = Field(default=None, ge=1, le=120)
    legal_basis: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    hint: str = ""

    @model_validator(mode="after")
    def _condition_only_when_conditional(self) -> Self:
        if (self.need == "conditional") != (self.condition is not None):
            raise ValueError('need = "conditional" and a condition go together: give both or neither')
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until is exclusive and must be later than valid_from")
        return self

    @model_validator(mode="after")
    def _age_needs_a_date(self) -> Self:
        if self.max_age_months and "date" not in {field.code for field in self.fields}:
            raise ValueError("max_age_months needs a field with the code date")
        return self

    def field(self, code: FieldCode) -> RequirementField | None:
        """The field of that code, None when the document has none."""
        return next((field for field in self.fields if field.code == code), None)


class ReturnReason(Definition):
    """A ready sentence for returning a berkas; `requirement` None fits any document or the application's data."""

    code: Code
    label: Text
    requirement: Code | None = None


class ApplicationType(Definition):
    """What may be asked for. `needs_licence`: one must be held already; `new_place`: it counts to the maximum.

    `implies` names the conditions that always hold for it: requirements may ask for them.
    """

    code: Code
    label: Text
    description: str = ""
    needs_licence: bool = False
    new_place: bool = False
    implies: tuple[Code, ...] = ()


class Validity(Definition):
    """How long a licence holds. `years` counts from the signature and is only read by the rules that need it."""

    rule: Literal["until_str", "years", "earlier"]
    years: int = Field(default=5, ge=1, le=50)


class NumberFormat(Definition):
    """How a licence is numbered: a format of known tokens, and the series that counts it."""

    format: str
    series: str = Field(pattern=r"^[A-Z][A-Z0-9-]{0,19}$")
    classification: str = ""
    unit: str = ""
    licence_code: str = ""

    @field_validator("format")
    @classmethod
    def _known_tokens(cls, value: str) -> str:
        return checked_format(value)

    def render(self, seq: int, on: date, place_order: int = 1) -> str:
        """The number of a letter signed `on` (Asia/Jakarta date); `seq` counts from 1 within that year."""
        facts = NumberFacts(seq, on, self.classification, self.unit, self.licence_code, place_order)
        return render_number(self.format, facts)


T = TypeVar("T", Role, Step, Requirement, ApplicationType)


class Sop(Definition):
    """The whole SOP of one licence. Frozen: an application keeps the one that held when its berkas was complete."""

    licence_code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{0,19}$")
    licence_name: Text
    profession: Text
    sop_number: Text
    version: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    made_on: date
    revised_on: date | None = None
    effective_on: date
    approved_by: Text
    warning: str = ""
    recorded_in: str = ""
    legal_basis: tuple[Text, ...] = Field(min_length=1)
    promise_working_days: int = Field(ge=1, le=365)
    correction_working_days: int = Field(ge=1, le=365)
    paraf_mode: Literal["signed", "recorded"] = "signed"
    technical_step: bool = False
    late_fields: tuple[LateField, ...] = ("nomor", "tanggal", "berlaku", "qr")
    max_places: int = Field(ge=1, le=20)
    initiallers: tuple[Code, ...] = Field(min_length=1)
    signatory: Code
    registration_format: str
    registration_series: str = Field(default="REG", pattern=r"^[A-Z][A-Z0-9-]{0,19}$")
    number: NumberFormat
    validity: Validity
    roles: tuple[Role, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    application_types: tuple[ApplicationType, ...] = Field(min_length=1)
    requirements: tuple[Requirement, ...] = Field(min_length=1)
    return_reasons: tuple[ReturnReason, ...] = ()

    @field_validator("registration_format")
    @classmethod
    def _known_tokens(cls, value: str) -> str:
        return checked_format(value)

    def registration_number(self, seq: int, on: date) -> str:
        """The number of an application handed in `on` (Asia/Jakarta date); a series of its own."""
        unit, classification = self.number.unit, self.number.classification
        return render_number(self.registration_format, NumberFacts(seq, on, classification, unit, self.licence_code))

    def step(self, code: str) -> Step:
        """The step of that code; raises InvalidInput for an unknown one."""
        return _the(self.steps, code, "step")

    def requirement(self, code: str) -> Requirement:
        """The first requirement of that code, applying today or not; raises InvalidInput for an unknown one."""
        return _the(self.requirements, code, "requirement")

    def application_type(self, code: str) -> ApplicationType:
        """The application type of that code; raises InvalidInput for an unknown one."""
        return _the(self.application_types, code, "application type")

    def desk_of(self, role: str) -> Literal["counter", "back_office"]:
        """Whose hours a role's steps are measured in; raises InvalidInput for an unknown one."""
        return _the(self.roles, role, "role").desk

    def role_title(self, code: str) -> str:
        """How the screens name a role; raises InvalidInput for an unknown one."""
        return _the(self.roles, code, "role").title

    def reasons_for(self, requirement: str | None) -> tuple[ReturnReason, ...]:
        """The ready sentences for one requirement, then the general ones."""
        own = tuple(r for r in self.return_reasons if requirement and r.requirement == requirement)
        return own + tuple(r for r in self.return_reasons if r.requirement is None)


def checked_format(value: str) -> str:
    """`value` when it is a number format of known tokens; raises ValueError, as pydantic wants it."""
    try:
        parse_format(value)
    except InvalidInput as error:
        raise ValueError(str(error)) from error
    return value


def _the(items: tuple[T, ...], code: str, what: str) -> T:
    for item in items:
        if item.code == code:
            return item
    known = ", ".join(item.code for item in items)
    raise InvalidInput(f"There is no {what} {code!r}; known are {known}.")
