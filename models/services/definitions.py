"""Definitions in the database: loaded at start, immutable, pinned by cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ARRAY, ScalarSelect, Uuid, bindparam, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from models.catalogue import LicenceDefinition
from models.db import Database
from models.ports import Clock, LetterDefinition
from models.rules.errors import DefinitionError, NotFound
from models.rules.roles import Actor
from models.rules.sop import Sop
from models.services.casework import SYSTEM, record
from models.tables.definitions import SopVersion

_VERSIONS = (
    select(SopVersion.id)
    .where(SopVersion.licence_code == bindparam("licence_code"))
    .order_by(col(SopVersion.loaded_at))
)


def load_definitions(
    db: Database, clock: Clock, definitions: Iterable[LicenceDefinition], actor: Actor = SYSTEM
) -> list[str]:
    """Store each definition's snapshot once; returns the codes that were new.

    Raises DefinitionError when a version that is already stored has other content.
    """
    with db.transaction() as session:
        return [d.sop.licence_code for d in definitions if _load_one(session, clock, d, actor)]


def _load_one(session: Session, clock: Clock, definition: LicenceDefinition, actor: Actor) -> bool:
    sop = definition.sop
    stored = session.exec(
        select(SopVersion).where(SopVersion.licence_code == sop.licence_code, SopVersion.version == sop.version)
    ).one_or_none()
    if stored is not None:
        _same_content(stored, definition)
        return False
    row = SopVersion(
        licence_code=sop.licence_code,
        version=sop.version,
        sha256=definition.sha256,
        sop=sop.model_dump(mode="json"),
        wording=definition.wording,
        layout=definition.layout,
        loaded_at=clock.now(),
    )
    session.add(row)
    detail = {"licence_code": sop.licence_code, "version": sop.version, "sha256": definition.sha256}
    record(session, "definition_loaded", at=clock.now(), actor=actor, detail=detail)
    return True


def _same_content(stored: SopVersion, definition: LicenceDefinition) -> None:
    if stored.sha256 != definition.sha256:
        raise DefinitionError(
            f"{stored.licence_code} version {stored.version!r} is already in use with other content"
            f" ({stored.sha256[:8]}, now {definition.sha256[:8]}): give the changed definition a new version."
        )


def current_sop(session: Session, licence_code: str, on: date) -> tuple[UUID, Sop]:
    """The version in force on a day: of those that began, the last to begin, then the last loaded.

    Raises NotFound for an unknown licence.
    """
    return current_of(session, session.exec(_VERSIONS, params={"licence_code": licence_code}).all(), licence_code, on)


def versions_of(licence_code: Any) -> ScalarSelect[Any]:
    """The versions of a licence as one column of another question, for `current_of`; the first loaded first."""
    ids = select(SopVersion.id).where(SopVersion.licence_code == licence_code).order_by(col(SopVersion.loaded_at))
    return sql_select(func.array(ids.scalar_subquery(), type_=ARRAY(Uuid))).scalar_subquery()


def current_of(session: Session, versions: Sequence[UUID], licence_code: str, on: date) -> tuple[UUID, Sop]:
    """As `current_sop`, of versions that are known already."""
    begun = [(id_, sop) for id_ in versions if (sop := pinned_sop(session, id_)).effective_on <= on]
    if not begun:
        raise NotFound(f"There is no licence {licence_code!r} in force; see the list of licences.")
    # `max` keeps the first of equals: reversed, so that a correction loaded later wins.
    return max(reversed(begun), key=lambda version: version[1].effective_on)


def pinned_row(session: Session, sop_id: UUID) -> SopVersion:
    """The stored definition that a case is pinned to."""
    row = session.get(SopVersion, sop_id)
    if row is None:
        raise NotFound("The definition is not stored.")
    return row


def pinned_sop(session: Session, sop_id: UUID) -> Sop:
    """Raises NotFound. Read once by each process: what is stored never changes, and no id comes twice."""
    return _kept(session, sop_id)[0]


def pinned_letter(session: Session, sop_id: UUID) -> LetterDefinition:
    """What the letter press needs of the definition that a case is pinned to; read once, like `pinned_sop`."""
    return _kept(session, sop_id)[1]


_KEPT: dict[UUID, tuple[Sop, LetterDefinition]] = {}


def _kept(session: Session, sop_id: UUID) -> tuple[Sop, LetterDefinition]:
    if sop_id not in _KEPT:
        row = pinned_row(session, sop_id)
        _KEPT[sop_id] = (parsed_sop(row), letter_definition(row))
    return _KEPT[sop_id]


def letter_definition(row: SopVersion) -> LetterDefinition:
    """What the letter press needs of a stored definition."""
    sop = parsed_sop(row)
    return LetterDefinition(row.licence_code, row.wording, row.layout, len(sop.initiallers), tuple(sop.late_fields))


def parsed_sop(row: SopVersion) -> Sop:
    return _parse(row.sha256, _Snapshot(row.sop))


class _Snapshot:
    """Carries the JSON past the cache: equal for all, since the hash beside it is the key."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Snapshot)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _parse(_sha256: str, snapshot: _Snapshot) -> Sop:
    return Sop.model_validate_json(to_json(snapshot.value))
