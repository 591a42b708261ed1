"""What the API answers: every key is named here, personal numbers are masked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.rules.sop import ApplicationType, Requirement, ReturnReason, Role, Step

SHA256 = "3b4c1e0e6a3f8f0f3a3f5c3f1f8d5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4"
EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000001"


class Shape(BaseModel):
    """Base of all answers. One that does not fit is a bug, and is told in the log without its values."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SessionToken(Shape):
    """A new session. The browser has it as a cookie; programs send `token` as a bearer token."""

    token: str = Field(examples=["dJ0Zp2wN5m8uQ1kYb7sT3xLrV6cFhA9e"])
    username: str = Field(examples=["sekretaris"])
    name: str = Field(examples=["Tirdian Wiramukti"])
    roles: list[str] = Field(examples=[["sekretaris"]])
    expires_at: datetime = Field(description="The latest end; it ends earlier when nobody uses it.")
    idle_at: datetime


class Me(Shape):
    """Who I am to the office. `username` is "" for the bearer of an application's link."""

    username: str
    name: str
    title: str = ""
    roles: list[str]
    staff: bool
    link_to: UUID | None = None
    expires_at: datetime | None = None
    idle_at: datetime | None = None


class LicenceSop(Shape):
    """The SOP of a licence that is in force today."""

    licence_code: str = Field(examples=["SIKRO"])
    licence_name: str
    profession: str
    sop_number: str
    version: str
    effective_on: date
    approved_by: str
    warning: str
    legal_basis: list[str]
    promise_working_days: int
    correction_working_days: int
    max_places: int
    paraf_mode: Literal["signed", "recorded"]
    initiallers: list[str]
    signatory: str
    roles: tuple[Role, ...]
    steps: tuple[Step, ...]
    application_types: tuple[ApplicationType, ...]
    requirements: tuple[Requirement, ...]
    return_reasons: tuple[ReturnReason, ...]


class RequirementAsked(Requirement):
    """A requirement as it holds for an application; `required` is False for what may be left out."""

    required: bool


class RequirementSet(Shape):
    """What an application of this type, on this day and under these conditions, must hold."""

    licence_code: str = Field(examples=["SIKRO"])
    version: str
    application_type: str = Field(examples=["baru"])
    on: date
    items: list[RequirementAsked]


class LicenceName(Shape):
    """A licence that can be applied for."""

    licence_code: str = Field(examples=["SIKRO"])
    licence_name: str
    version: str


class LicenceList(Shape):
    """All licences in force."""

    items: list[LicenceName]


class Opened(Shape):
    """A new draft. `link` opens it without an account (header Paraf-Link): it is shown this once."""

    id: UUID = Field(examples=[EXAMPLE_ID])
    version: int
    link: str = Field(examples=["0f3kq9vX2LmTz8sPYb1cRwEd"])


class FindingShape(Shape):
    """A remark of the inspection on a file, for the applicant."""

    grade: str
    code: str
    message: str


class DocumentShape(Shape):
    """One file of the berkas. `answer` is "" until the check looked at it, then accept, repair, convert or reject."""

    id: UUID
    requirement: str
    part: int
    name: str
    media_type: str
    size: int
    sha256: str
    fields: dict[str, str]
    uploaded_at: datetime
    answer: str
    pages: int
    findings: list[FindingShape]
    has_clean_copy: bool


class VerdictReason(Shape):
    """Why a requirement is missing or faulty."""

    code: str
    message: str
    grade: str


class VerdictShape(Shape):
    """The machine's opinion on one requirement."""

    requirement: str
    state: Literal["ada", "tidak_ada", "bermasalah"]
    required: bool
    reasons: list[VerdictReason]


class CrossCheckShape(Shape):
    """A remark on the data as a whole; a `problem` needs an override to be verified."""

    code: str
    grade: str
    message: str


class CheckShape(Shape):
    """The machine's check of one round; an officer decides."""

    round: int
    complete: bool
    verdicts: list[VerdictShape]
    cross_checks: list[CrossCheckShape]
    made_at: datetime


class DeficiencyShape(Shape):
    """A requirement that was sent back; open while `resolved_at` is null."""

    round: int
    requirement: str
    reason: str
    note: str
    created_at: datetime
    resolved_at: datetime | None


class HolderShape(Shape):
    """The applicant's data; the NIK is masked."""

    name: str
    nik: str = Field(examples=["************1234"])
    birth_place: str
    birth_date: date
    sex: Literal["L", "P"]
    address: str
    phone: str
    email: str
    str_number: str
    str_valid_until: date | None = Field(description="null: lifelong")
    workplace_name: str
    workplace_address: str
    place_order: int
    represented: bool


class BlankoShape(Shape):
    """The letter as it is looked at: acts name its `sha256`."""

    revision: int
    sha256: str = Field(examples=[SHA256])
    size: int
    made_at: datetime


class EndorsementShape(Shape):
    """A paraf or the signature; those of an older revision count no more. `applied`: it is on the letter."""

    revision: int
    ordinal: int
    kind: Literal["paraf", "signature"]
    role: str
    name: str
    acted_at: datetime
    applied: bool


class LicenceShape(Shape):
    """The licence; `number` is there before it is issued, `sha256` after."""

    id: UUID
    number: str
    revision: int
    status: Literal["intended", "valid", "revoked", "replaced", "void"]
    status_reason: str
    signed_on: date
    valid_until: date | None = Field(description="null: lifelong")
    token: str = Field(description="Address of the public verification; printed as QR.")
    issued_at: datetime | None
    sha256: str
    size: int
    blanko_sha256: str
    blanko_size: int


class HandOverShape(Shape):
    """Who took the licence."""

    receiver: str
    relation: str
    identity: str
    handed_over_at: datetime


class ApplicationSummary(Shape):
    """One application in a list. `waiting_for` is the role whose turn it is, "" while a machine works or at the end."""

    id: UUID
    licence_code: str
    application_type: str
    channel: str
    registration_number: str | None
    stage: str = Field(examples=["awaiting_paraf"])
    stage_since: datetime
    version: int
    revision: int
    round: int
    paraf_next: int
    paraf_count: int
    waiting_for: str = Field(examples=["ahli_muda"])
    name: str
    workplace_name: str
    submitted_at: datetime | None
    promised_at: datetime | None
    blanko_sha256: str
    set_aside: bool = Field(description="A machine gave up and an operator must look.")


class RuleChangeShape(Shape):
    """What is asked otherwise today than when the berkas was last checked. `message` is for the applicant."""

    kind: str = Field(examples=["added"])
    requirement: str = Field(examples=["rekomendasi_dinkes"])
    message: str


class ApplicationDetail(ApplicationSummary):
    """One application with all that was handed in, found and decided. `version` is also the ETag."""

    created_at: datetime
    complete_at: datetime | None
    set_aside_reason: str
    holder: HolderShape | None
    documents: list[DocumentShape]
    check: CheckShape | None
    deficiencies: list[DeficiencyShape]
    rule_changes: list[RuleChangeShape]
    blanko: BlankoShape | None
    endorsements: list[EndorsementShape]
    licence: LicenceShape | None
    hand_over: HandOverShape | None


class ApplicationsFound(Shape):
    """Applications of one person, newest first, at most 50."""

    items: list[ApplicationSummary]


class ApplicationPage(Shape):
    """A page of a list; `next` is the cursor of the following one, null at the end. There are no totals."""

    items: list[ApplicationSummary]
    next: str | None


class DocumentStored(Shape):
    """The document as it lies in the berkas now."""

    document: DocumentShape


class PileLetterShape(Shape):
    """One letter of a pile: refused at the desk (with the problem), or pending, done or failed in the signing room."""

    application_id: UUID
    state: Literal["refused", "pending", "done", "failed"]
    message: str = ""
    version: int | None = None
    done_at: datetime | None = None
    problem: dict[str, Any] | None = None


class PileShape(Shape):
    """A pile under one step-up. `finished`: nothing is pending any more."""

    id: UUID
    kind: Literal["paraf", "signature"]
    created_at: datetime
    expires_at: datetime = Field(description="Until then the sealed passphrase may be used.")
    finished: bool
    letters: list[PileLetterShape]


class EventShape(Shape):
    """One entry of the audit trail."""

    id: int
    at: datetime
    kind: str
    actor: str
    stage_from: str
    stage_to: str
    revision: int | None
    version: int | None
    detail: dict[str, Any] | None
    trace: str


class EventPage(Shape):
    """A page of the audit trail, oldest first."""

    items: list[EventShape]
    next: str | None


class RegisterLine(Shape):
    """A line of the register: a number is used or void, never gone."""

    series: str
    year: int
    seq: int
    number: str
    state: Literal["active", "void"]
    void_reason: str
    signed_on: date
    application_id: UUID
    registration_number: str | None
    licence_code: str
    name: str
    workplace_name: str
    licence_status: str
    valid_until: date | None
    issued_at: datetime | None
    handed_over_at: datetime | None


class RegisterPage(Shape):
    """A page of the register of one year, by series and number."""

    year: int
    items: list[RegisterLine]
    next: str | None


class Live(Shape):
    """The process answers."""

    status: Literal["ok"]


class Ready(Shape):
    """What the office stands on. Without the broker requests succeed and work waits: `degraded`, not `away`."""

    status: Literal["ok", "degraded", "away"]
    checks: dict[str, str] = Field(examples=[{"database": "ok", "vault": "ok", "broker": "ok"}])
