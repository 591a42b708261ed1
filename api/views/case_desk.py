"""One case as the office's people see it, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.views.clocks import CaseClock, clock_of, sop_of, step_code
from api.views.deviations import Trail, deviations_of, trails_of
from api.views.inbox_desk import standing_of
from api.views.pictures import Picture, pictures_of
from api.views.turns import all_sops, waiting_for
from models.rules.errors import NotFound
from models.rules.numbering import jakarta_date
from models.rules.requirements import RequiredItem, applicable
from models.rules.roles import Actor
from models.rules.sop import Sop
from models.rules.stages import FINAL, WITH_APPLICANT, Stage
from models.rules.working_time import Calendar
from models.services.check import current_documents
from models.tables.cases import Application, CompletenessCheck, Deficiency, Document, Event, HolderData, Verification
from models.tables.desks import Claim, PutOff
from models.tables.letters import Blanko, RegisterEntry, SentBack
from models.tables.people import Person

_EVENTS = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A document of the berkas with the pages that are drawn of it."""

    document: Document
    label: str
    pictures: list[Picture]


@dataclass(frozen=True, slots=True)
class StepLine:
    """One of the SOP's steps: `state` is done, now, todo or stopped."""

    number: int
    code: str
    actor: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """All that the page of a case shows."""

    case: Application
    holder: HolderData | None
    sop: Sop
    clock: CaseClock
    waiting_for: str
    items: tuple[RequiredItem, ...]
    shown: list[Shown]
    check: CompletenessCheck | None
    blanko: Blanko | None
    letter: list[Picture]
    trail: Trail
    deviations: tuple[str, ...]
    deficiencies: Sequence[Deficiency]
    decisions: Sequence[tuple[Verification, str]]
    sent_back: Sequence[tuple[SentBack, str]]
    entries: Sequence[RegisterEntry]
    put_off: PutOff | None
    claim: tuple[Claim, str] | None
    events: Sequence[tuple[Event, str]]
    steps: list[StepLine]

    @property
    def number(self) -> str:
        """The licence's number, "" before it has one."""
        return next((entry.number for entry in self.entries if entry.state == "active"), "")


def case_view(session: Session, case: Application, actor: Actor, calendar: Calendar, now: datetime) -> CaseView:
    """The whole case; raises NotFound when no SOP of its licence is in force."""
    sops, standing, today = all_sops(session), standing_of(case), jakarta_date(now)
    sop = sop_of(standing, sops, today)
    if sop is None:
        raise NotFound("There is no SOP for this licence.")
    holder = session.get(HolderData, case.id)
    blanko = session.get(Blanko, (case.id, case.revision))
    documents = _in_sop_order(sop, current_documents(session, case.id))
    objects = [row.clean_sha256 for row in documents if row.clean_sha256] + ([blanko.sha256] if blanko else [])
    pictures = pictures_of(session, dict.fromkeys(objects, case.id))
    events = _events(session, case.id)
    trail = trails_of(session, [case])[case.id]
    return CaseView(
        case=case,
        holder=holder,
        sop=sop,
        clock=clock_of(standing, sops, calendar, now),
        waiting_for=waiting_for(case, sops),
        items=_items(sop, case, holder, now),
        shown=[Shown(row, _label(sop, row.requirement), pictures.get(row.clean_sha256, [])) for row in documents],
        check=trail.check,
        blanko=blanko,
        letter=pictures.get(blanko.sha256, []) if blanko else [],
        trail=trail,
        deviations=deviations_of(sop, trail, blanko) if blanko else (),
        deficiencies=_deficiencies(session, case.id),
        decisions=_decisions(session, case.id),
        sent_back=_sent_back(session, case.id),
        entries=_entries(session, case.id),
        put_off=session.get(PutOff, (case.id, case.revision, actor.person_id)) if actor.person_id else None,
        claim=_claim(session, case.id, now),
        events=events,
        steps=steps_of(sop, case, [event for event, _ in events]),
    )


def _in_sop_order(sop: Sop, documents: Sequence[Document]) -> list[Document]:
    """As the checklist asks for them; a requirement of another version comes last."""
    places = {requirement.code: place for place, requirement in reversed(list(enumerate(sop.requirements)))}
    return sorted(documents, key=lambda row: (places.get(row.requirement, len(places)), row.part))


def _items(sop: Sop, case: Application, holder: HolderData | None, now: datetime) -> tuple[RequiredItem, ...]:
    day = jakarta_date(case.complete_at or now)
    conditions = frozenset(holder.conditions) if holder else frozenset[str]()
    return applicable(sop, case.application_type, day, conditions)


def _label(sop: Sop, code: str) -> str:
    return next((one.label for one in sop.requirements if one.code == code), code)


def _deficiencies(session: Session, case_id: UUID) -> Sequence[Deficiency]:
    statement = select(Deficiency).where(Deficiency.application_id == case_id)
    return session.exec(statement.order_by(col(Deficiency.created_at), col(Deficiency.id))).all()


def _decisions(session: Session, case_id: UUID) -> Sequence[tuple[Verification, str]]:
    return session.exec(
        select(Verification, Person.name)
        .join(Person, col(Person.id) == col(Verification.officer_id))
        .where(Verification.application_id == case_id)
        .order_by(col(Verification.decided_at))
    ).all()


def _sent_back(session: Session, case_id: UUID) -> Sequence[tuple[SentBack, str]]:
    return session.exec(
        select(SentBack, Person.name)
        .join(Person, col(Person.id) == col(SentBack.person_id))
        .where(SentBack.application_id == case_id)
        .order_by(col(SentBack.revision))
    ).all()


def _entries(session: Session, case_id: UUID) -> Sequence[RegisterEntry]:
    statement = select(RegisterEntry).where(RegisterEntry.application_id == case_id)
    return session.exec(statement.order_by(col(RegisterEntry.assigned_at))).all()


def _claim(session: Session, case_id: UUID, now: datetime) -> tuple[Claim, str] | None:
    return session.exec(
        select(Claim, Person.name)
        .join(Person, col(Person.id) == col(Claim.person_id))
        .where(Claim.application_id == case_id, Claim.expires_at > now)
    ).first()


def _events(session: Session, case_id: UUID) -> Sequence[tuple[Event, str]]:
    """Newest first."""
    rows = session.exec(
        select(Event, Person.name)
        .outerjoin(Person, col(Person.id) == col(Event.actor_id))
        .where(Event.application_id == case_id)
        .order_by(col(Event.id).desc())
        .limit(_EVENTS)
    ).all()
    return [(event, name or event.actor) for event, name in rows]


_ENDS: Mapping[str, str] = {
    "submit": "submit",
    "verify": "check",
    "finish_blanko": "blanko",
    "finish_signature": "sign",
    "finish_licence": "number",
    "hand_over": "hand_over",
}


def steps_of(sop: Sop, case: Application, newest_first: Sequence[Event]) -> list[StepLine]:
    """The SOP's steps with where the case stands; steps of an older revision count no more."""
    ended: dict[str, datetime] = {}
    for event in reversed(newest_first):
        code = _ENDS.get(event.kind, "")
        if event.kind == "finish_paraf":
            code = f"paraf_{(event.detail or {}).get('ordinal', 0)}"
        if code:
            ended[code] = event.at
    codes = [step.code for step in sop.steps]
    here = step_code(case.stage, case.paraf_next)
    place = codes.index(here) if here in codes else 0
    over = case.stage == Stage.CLOSED or case.stage == Stage.ARCHIVING
    stopped = Stage(case.stage) in FINAL | WITH_APPLICANT and case.stage not in (Stage.DRAFT, Stage.CLOSED)
    if case.stage in (Stage.REJECTED, Stage.WITHDRAWN):
        place = codes.index("check") if "check" in codes else 0
    return [
        StepLine(
            step.number,
            step.code,
            step.actor,
            "done" if index < place or over else ("stopped" if stopped else "now") if index == place else "todo",
            ended.get(step.code) if index < place or over else None,
        )
        for index, step in enumerate(sop.steps)
    ]
