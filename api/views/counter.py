"""What the front office looks up: cases by scan or words, people who have one already, letters that wait."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from models.rules.stages import Stage
from models.tables.cases import Application, HolderData
from models.tables.letters import HandOver, Licence, RegisterEntry

FOUND_AT_MOST = 20
PAGE = 50
_TAIL = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class Line:
    """A case as a list at the counter shows it; the NIK shows its last four digits."""

    id: UUID
    registration_number: str
    name: str
    nik_tail: str
    workplace: str
    stage: str
    since: datetime
    number: str = ""


def scanned(text: str) -> str:
    """What a scanner typed: the registration number in a receipt's address, else the text itself."""
    asked = parse_qs(urlsplit(text.strip()).query).get("nomor", [])
    return (asked[0] if asked else text).strip()


def search(session: Session, text: str) -> list[Line]:
    """Cases by registration number, licence number, tail of the NIK or part of a name; newest first."""
    words = scanned(text)
    if not words:
        return []
    if "/" in words:
        # Two looks by an index each: one for both would read all cases.
        by_registration = _lines(session, col(Application.registration_number) == words.upper(), FOUND_AT_MOST)
        return by_registration or _lines(session, col(RegisterEntry.number) == words.upper(), FOUND_AT_MOST)
    return _lines(session, _by_person(words), FOUND_AT_MOST)


def _by_person(words: str) -> ColumnElement[bool]:
    if _TAIL.fullmatch(words):
        return col(HolderData.nik_tail) == words
    return col(HolderData.name).icontains(words, autoescape=True)


def already_there(session: Session, nik_blind: bytes, licence_code: str, but: UUID | None = None) -> list[Line]:
    """Running cases and standing licences of the same person and licence."""
    same = (
        (col(HolderData.nik_blind) == nik_blind)
        & (col(Application.licence_code) == licence_code)
        & (col(Application.stage).not_in([Stage.DRAFT.value, Stage.REJECTED.value, Stage.WITHDRAWN.value]))
    )
    return _lines(session, same & (col(Application.id) != but) if but else same, FOUND_AT_MOST)


def ready(session: Session, after: datetime | None = None) -> list[Line]:
    """Letters that wait for hand-over, who waits longest first; one more than a page when there are more."""
    here: ColumnElement[bool] = col(Application.stage) == Stage.READY.value
    if after is not None:
        here = here & (col(Application.stage_since) > after)
    return _lines(session, here, PAGE + 1, oldest=True)


def drafts(session: Session, limit: int = 10) -> list[Line]:
    """What was begun at the counter and not handed in, newest first."""
    here = (col(Application.stage) == Stage.DRAFT.value) & (col(Application.channel) == "counter")
    return _lines(session, here, limit)


def _lines(session: Session, where: ColumnElement[bool], limit: int, *, oldest: bool = False) -> list[Line]:
    order = col(Application.stage_since).asc() if oldest else col(Application.created_at).desc()
    active = (col(RegisterEntry.application_id) == col(Application.id)) & (col(RegisterEntry.state) == "active")
    rows = session.exec(
        select(Application, HolderData, RegisterEntry.number)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .outerjoin(RegisterEntry, active)
        .where(where)
        .order_by(order, col(Application.id))
        .limit(limit)
    )
    return [_line(case, holder, number) for case, holder, number in rows]


def _line(case: Application, holder: HolderData, number: str | None) -> Line:
    return Line(
        case.id,
        case.registration_number or "",
        holder.name,
        holder.nik_tail,
        holder.workplace_name,
        case.stage,
        case.stage_since,
        number or "",
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """What the proof of a hand-over says."""

    number: str
    licence_sha256: str
    hand_over: HandOver


def proof_of(session: Session, case_id: UUID) -> Proof | None:
    """The hand-over of a case, None before it."""
    found = session.exec(
        select(HandOver, Licence, RegisterEntry.number)
        .join(Licence, col(Licence.id) == col(HandOver.licence_id))
        .join(
            RegisterEntry,
            (col(RegisterEntry.series) == col(Licence.series))
            & (col(RegisterEntry.year) == col(Licence.year))
            & (col(RegisterEntry.seq) == col(Licence.seq)),
        )
        .where(HandOver.application_id == case_id)
    ).one_or_none()
    return Proof(found[2], found[1].sha256, found[0]) if found else None
