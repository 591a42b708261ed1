"""The berkas as its applicant sees it: what is asked for, what is there, what the inspection says, what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlmodel import Session, col, select

from models.rules.completeness import FieldFacts, Verdict, verdict
from models.rules.requirements import RequiredItem, applicable
from models.rules.sop import Requirement, Sop
from models.rules.stages import Stage
from models.services.check import current_documents, document_facts, rules_of
from models.tables.cases import Application, Deficiency, Document, HolderData

ItemState = Literal["missing", "pending", "faulty", "returned", "ok", "optional"]
NAMED = 3
"""How many things that lack are named before the rest is counted."""
DATA = "data"
"""What a deficiency names when the applicant's data are at fault, not a document."""
_CORRECTING = frozenset({Stage.RETURNED, Stage.LAPSED})


@dataclass(frozen=True, slots=True)
class BerkasItem:
    """One requirement: `sentences` say what is wrong and how to mend it; a `locked` one may not be changed now."""

    requirement: Requirement
    required: bool
    documents: tuple[Document, ...]
    state: ItemState
    sentences: tuple[str, ...]
    locked: bool

    @property
    def holds_up(self) -> bool:
        """Whether the berkas can not be handed in because of this."""
        return self.state in ("missing", "faulty", "returned")


@dataclass(frozen=True, slots=True)
class Berkas:
    """All requirements of a case in the SOP's order, and what came back about its data."""

    sop: Sop
    items: tuple[BerkasItem, ...]
    about_data: tuple[str, ...] = ()
    correcting: bool = False
    _by_code: dict[str, BerkasItem] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {item.requirement.code: item for item in self.items})

    def item(self, code: str) -> BerkasItem | None:
        """The requirement of that code, None when it does not apply."""
        return self._by_code.get(code)

    @property
    def to_mend(self) -> tuple[BerkasItem, ...]:
        """What keeps the berkas from being handed in."""
        return tuple(item for item in self.items if item.holds_up)

    @property
    def open_items(self) -> tuple[BerkasItem, ...]:
        """What may be changed now."""
        return tuple(item for item in self.items if not item.locked)

    @property
    def lack(self) -> str:
        """`Kurang 2: KTP; pas foto`, "" when nothing is missing."""
        names = [_short(item.requirement.label) for item in self.to_mend]
        more = f" dan {len(names) - NAMED} lagi" if len(names) > NAMED else ""
        return f"Kurang {len(names)}: {'; '.join(names[:NAMED])}{more}" if names else ""


def berkas_of(session: Session, case: Application, today: date) -> Berkas:
    """The berkas of a case in a fixed number of queries."""
    _, sop = rules_of(session, case, today)
    holder = session.get(HolderData, case.id)
    documents = current_documents(session, case.id)
    correcting = Stage(case.stage) in _CORRECTING
    returned = _deficiencies(session, case) if correcting else []
    items = applicable(sop, case.application_type, today, frozenset(holder.conditions if holder else ()))
    stated = _stated(holder)
    rows = tuple(_item(sop, item, documents, returned, today, stated, correcting) for item in items)
    about = [row for row in returned if row.requirement == DATA]
    return Berkas(sop, rows, tuple(sentence_of(sop, row) for row in about), correcting)


def sentence_of(sop: Sop, row: Deficiency) -> str:
    """What a deficiency tells the applicant."""
    label = next((reason.label for reason in sop.return_reasons if reason.code == row.reason), "")
    return " ".join(part for part in (label, row.note) if part)


def _deficiencies(session: Session, case: Application) -> list[Deficiency]:
    return list(
        session.exec(
            select(Deficiency)
            .where(Deficiency.application_id == case.id, col(Deficiency.resolved_at).is_(None))
            .order_by(col(Deficiency.created_at), col(Deficiency.id))
        )
    )


def _stated(holder: HolderData | None) -> FieldFacts:
    if holder is None:
        return FieldFacts()
    return FieldFacts(holder.str_number, None, holder.str_valid_until, holder.str_valid_until is None)


def _item(
    sop: Sop,
    item: RequiredItem,
    documents: Sequence[Document],
    returned: Sequence[Deficiency],
    today: date,
    stated: FieldFacts,
    correcting: bool,
) -> BerkasItem:
    code = item.requirement.code
    own = tuple(row for row in documents if row.requirement == code)
    against = [row for row in returned if row.requirement == code]
    since = max((row.created_at for row in against), default=None)
    known = stated if item.requirement.evidence_of == "str" else FieldFacts()
    judged = verdict(item, [document_facts(row) for row in own], today, known)
    state, sentences = _state(item, own, judged, since)
    if state == "returned":
        sentences = tuple(sentence_of(sop, row) for row in against)
    locked = correcting and not against and state not in ("missing", "faulty", "pending")
    return BerkasItem(item.requirement, item.required, own, state, sentences, locked)


def _state(
    item: RequiredItem, own: tuple[Document, ...], judged: Verdict, since: datetime | None
) -> tuple[ItemState, tuple[str, ...]]:
    if since is not None and not any(row.uploaded_at > since for row in own):
        return "returned", ()
    if not own:
        return ("missing" if item.required else "optional"), ()
    told = [reason for reason in judged.reasons if reason.code != "not-inspected" and reason.grade != "note"]
    sentences = tuple(reason.message for reason in told)
    if any(reason.grade == "problem" for reason in told):
        return "faulty", sentences
    return ("pending" if any(row.answer == "" for row in own) else "ok"), sentences


def _short(label: str) -> str:
    return label[0].lower() + label[1:] if label[1:2].islower() else label
