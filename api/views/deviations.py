"""Why a letter needs a second look: what the check held against its berkas, what an officer let pass, what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from models.rules.dates import long_date
from models.rules.errors import InvalidInput
from models.rules.sop import Sop
from models.tables.cases import Application, CompletenessCheck, Verification
from models.tables.letters import Blanko, Endorsement, SentBack
from models.tables.people import Person

LABELS = {
    "holder.name": "Nama",
    "holder.birth_place": "Tempat lahir",
    "holder.birth_date": "Tanggal lahir",
    "holder.sex": "Jenis kelamin",
    "holder.address": "Alamat",
    "str_number": "Nomor STR",
    "str_valid_until": "STR berlaku sampai",
    "workplace.name": "Tempat kerja",
    "workplace.address": "Alamat tempat kerja",
    "workplace.place_order": "Tempat kerja ke",
    "head.name": "Penanda tangan",
}
_GRADES = ("warning", "problem")


@dataclass(frozen=True, slots=True)
class Trail:
    """The past of a case: its last check and verification, who acted on this revision, and the revision before."""

    check: CompletenessCheck | None
    verification: Verification | None
    verifier: str
    actors: frozenset[UUID]
    sent_back: SentBack | None
    sender: str
    previous: Blanko | None


def trails_of(session: Session, cases: Sequence[Application]) -> Mapping[UUID, Trail]:
    """The trail of each case, in five queries however many there are."""
    checks, decided = _checks(session, cases), _decisions(session, cases)
    actors, sent, before = _actors(session, cases), _sent_back(session, cases), _previous(session, cases)
    found = {}
    for case in cases:
        verification, verifier = decided.get(case.id, (None, ""))
        sent_back, sender = sent.get(case.id, (None, ""))
        found[case.id] = Trail(
            check=checks.get(case.id),
            verification=verification,
            verifier=verifier,
            actors=frozenset(actors.get(case.id, ())),
            sent_back=sent_back,
            sender=sender,
            previous=before.get(case.id),
        )
    return found


def _checks(session: Session, cases: Sequence[Application]) -> dict[UUID, CompletenessCheck]:
    key = tuple_(col(CompletenessCheck.application_id), col(CompletenessCheck.round))
    rows = session.exec(select(CompletenessCheck).where(key.in_([(case.id, case.round) for case in cases])))
    return {row.application_id: row for row in rows}


def _decisions(session: Session, cases: Sequence[Application]) -> dict[UUID, tuple[Verification, str]]:
    rows = session.exec(
        select(Verification, Person.name)
        .join(Person, col(Person.id) == col(Verification.officer_id))
        .where(col(Verification.application_id).in_([case.id for case in cases]), Verification.decision == "complete")
        .order_by(col(Verification.decided_at))
    )
    return {row.application_id: (row, name) for row, name in rows}


def _actors(session: Session, cases: Sequence[Application]) -> dict[UUID, set[UUID]]:
    key = tuple_(col(Endorsement.application_id), col(Endorsement.revision))
    rows = session.exec(
        select(Endorsement.application_id, Endorsement.person_id).where(
            key.in_([(case.id, case.revision) for case in cases])
        )
    )
    found: dict[UUID, set[UUID]] = {}
    for case_id, person_id in rows:
        found.setdefault(case_id, set()).add(person_id)
    return found


def _sent_back(session: Session, cases: Sequence[Application]) -> dict[UUID, tuple[SentBack, str]]:
    key = tuple_(col(SentBack.application_id), col(SentBack.revision))
    rows = session.exec(
        select(SentBack, Person.name)
        .join(Person, col(Person.id) == col(SentBack.person_id))
        .where(key.in_([(case.id, case.revision - 1) for case in cases if case.revision > 1]))
    )
    return {row.application_id: (row, name) for row, name in rows}


def _previous(session: Session, cases: Sequence[Application]) -> dict[UUID, Blanko]:
    key = tuple_(col(Blanko.application_id), col(Blanko.revision))
    rows = session.exec(
        select(Blanko).where(key.in_([(case.id, case.revision - 1) for case in cases if case.revision > 1]))
    )
    return {row.application_id: row for row in rows}


def deviations_of(sop: Sop, trail: Trail, blanko: Blanko) -> tuple[str, ...]:
    """Sentences on what deviates, the weightiest first; empty when every automatic check passed."""
    found = [*_let_pass(sop, trail), *_held_against(sop, trail), *_new_revision(trail, blanko)]
    return tuple(dict.fromkeys(found))


def _let_pass(sop: Sop, trail: Trail) -> Iterator[str]:
    overrides = trail.verification.overrides if trail.verification else {}
    for code, reason in overrides.items():
        yield f"Diloloskan petugas: {label_of(sop, code)}. Alasan: {reason}"


def _held_against(sop: Sop, trail: Trail) -> Iterator[str]:
    passed = trail.verification.overrides if trail.verification else {}
    if trail.check is None:
        return
    for verdict in trail.check.verdicts:
        if verdict["state"] == "bermasalah" and verdict["requirement"] not in passed:
            said = " ".join(str(reason["message"]) for reason in verdict["reasons"])
            yield f"{label_of(sop, verdict['requirement'])}: {said}"
    for check in trail.check.cross_checks:
        if check["grade"] in _GRADES:
            yield str(check["message"])


def _new_revision(trail: Trail, blanko: Blanko) -> Iterator[str]:
    if trail.sent_back is not None:
        yield f"Revisi {blanko.revision}. Dikembalikan {trail.sender}: {trail.sent_back.reason}"
    elif blanko.revision > 1:
        yield f"Revisi {blanko.revision} dari surat ini."
    if trail.previous is not None:
        yield from (f"Berubah: {line}" for line in changes(trail.previous.facts, blanko.facts))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What a letter says differently than the revision before it."""
    old, new = _flat(before), _flat(after)
    return [
        f"{label}: {_shown(old.get(name))} menjadi {_shown(new.get(name))}"
        for name, label in LABELS.items()
        if old.get(name) != new.get(name)
    ]


def _flat(value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        found |= _flat(item, f"{path}{key}.") if isinstance(item, Mapping) else {f"{path}{key}": item}
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "seumur hidup"
    try:
        return long_date(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def label_of(sop: Sop, code: str) -> str:
    """The requirement's own words; a cross check has its code alone."""
    try:
        return sop.requirement(code).label
    except InvalidInput:
        return code.replace("_", " ")
