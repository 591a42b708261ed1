"""An applicant's data in two halves, so that a person on a phone can stop between them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.db import Database
from models.ports import Clock, NikCipher
from models.rules.errors import Fault, InvalidInput
from models.rules.requirements import conditions_of
from models.rules.roles import Actor
from models.services.casework import record
from models.services.draft import editable_case
from models.services.inputs import PersonInput, WorkplaceInput
from models.tables.cases import HolderData

REPRESENTED = "represented"


def describe_person(
    db: Database, clock: Clock, cipher: NikCipher, actor: Actor, application_id: UUID, data: PersonInput
) -> int:
    """Put who applies. Returns the case's version; raises InvalidInput for a first time without NIK, WrongStage."""
    with db.transaction() as session:
        case = editable_case(session, actor, application_id)
        holder = session.get(HolderData, application_id)
        values = data.model_dump(exclude={"nik", "represented"}) | _nik(cipher, data, holder)
        place_order = holder.place_order if holder else 1
        values["conditions"] = _conditions(data.represented, place_order)
        if holder is None:
            values |= {"str_number": "", "workplace_name": "", "workplace_address": ""}
            session.add(HolderData(application_id=application_id, **values))
        else:
            _set(holder, values)
            session.add(holder)
        record(session, "describe", at=clock.now(), case=case, actor=actor, detail={"part": "person"})
        return case.version


def describe_workplace(db: Database, clock: Clock, actor: Actor, application_id: UUID, data: WorkplaceInput) -> int:
    """Put registration and workplace. Returns the case's version; raises InvalidInput before the person is known."""
    with db.transaction() as session:
        case = editable_case(session, actor, application_id)
        holder = session.get(HolderData, application_id)
        if holder is None:
            raise InvalidInput("Isi data diri lebih dahulu, lalu tempat kerja.")
        _set(holder, data.model_dump())
        holder.conditions = _conditions(REPRESENTED in holder.conditions, data.place_order)
        session.add(holder)
        record(session, "describe", at=clock.now(), case=case, actor=actor, detail={"part": "workplace"})
        return case.version


def _conditions(represented: bool, place_order: int) -> list[str]:
    return sorted(conditions_of(represented=represented, place_order=place_order))


def _nik(cipher: NikCipher, data: PersonInput, holder: HolderData | None) -> dict[str, Any]:
    if data.nik:
        return {"nik_sealed": cipher.seal(data.nik), "nik_blind": cipher.blind(data.nik), "nik_tail": data.nik[-4:]}
    if holder is None:
        raise InvalidInput("NIK belum diisi.", faults=[Fault("/nik", "Isi NIK: 16 angka di KTP.", "missing")])
    return {}


def _set(holder: HolderData, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(holder, name, value)
