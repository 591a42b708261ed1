"""What people type about themselves, made uniform: every fault of a form at once, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.pages.desk import text_of
from api.pages.forms import faults_of
from models.rules.errors import Fault, InvalidInput
from models.rules.nik import parse_nik
from models.rules.personal import normal_email, normal_name, normal_phone, normal_str_number
from models.services.inputs import PersonInput, WorkplaceInput

M = TypeVar("M", bound=BaseModel)
PERSON = ("name", "nik", "birth_place", "birth_date", "sex", "address", "phone", "email")
WORKPLACE = ("str_number", "str_valid_until", "workplace_name", "workplace_address", "place_order")
REFUSED = "Ada isian yang belum benar."


def person_input(sent: FormData, today: date, *, nik_known: bool = False, phone_needed: bool = True) -> PersonInput:
    """The first half. Birth date and sex that were left empty are read from the NIK. Raises InvalidInput."""
    values, faults = _uniform(sent, PERSON, {"name": normal_name, "phone": normal_phone, "email": normal_email})
    faults += _fill_from_nik(values, today)
    if not nik_known and "nik" not in values:
        faults.append(Fault("/nik", "Isi NIK: 16 angka di KTP.", "missing"))
    if phone_needed and not text_of(sent, "phone"):
        faults.append(Fault("/phone", "Isi nomor telepon: dipakai untuk memberi tahu dan melacak.", "missing"))
    values["represented"] = text_of(sent, "represented") == "ya"
    return _validated(PersonInput, values, faults)


def workplace_input(sent: FormData) -> WorkplaceInput:
    """The second half. Raises InvalidInput."""
    values, faults = _uniform(sent, WORKPLACE, {"str_number": normal_str_number})
    if "str_valid_until" not in values and text_of(sent, "str_lifelong") != "ya":
        sentence = "Isi tanggal berakhir STRRO, atau tandai seumur hidup."
        faults.append(Fault("/str_valid_until", sentence, "missing"))
    return _validated(WorkplaceInput, values, faults)


def together(*parts: Callable[[], BaseModel], more: tuple[Fault, ...] = ()) -> list[BaseModel]:
    """Each part's value; raises InvalidInput with the faults of all, and those found elsewhere."""
    found: list[BaseModel] = []
    faults = list(more)
    for part in parts:
        try:
            found.append(part())
        except InvalidInput as error:
            faults += error.faults
    if faults:
        raise InvalidInput(REFUSED, faults=faults)
    return found


def _uniform(
    sent: FormData, names: tuple[str, ...], made: dict[str, Callable[[str], str]]
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {name: text for name in names if (text := text_of(sent, name))}
    faults: list[Fault] = []
    for name, normal in made.items():
        if name in values:
            try:
                values[name] = normal(values[name])
            except InvalidInput as error:
                faults += error.faults
    return values, faults


def _fill_from_nik(values: dict[str, Any], today: date) -> list[Fault]:
    if "nik" not in values:
        return []
    try:
        nik = parse_nik(values["nik"])
    except InvalidInput as error:
        return list(error.faults)
    values["nik"] = nik.digits
    values.setdefault("sex", nik.sex)
    if born := nik.likely_birth_date(today):
        values.setdefault("birth_date", born.isoformat())
    return []


def _validated(model: type[M], values: dict[str, Any], faults: list[Fault]) -> M:
    told = {fault.pointer for fault in faults}
    try:
        found = model.model_validate(values)
    except ValidationError as error:
        faults = [*faults, *(fault for fault in faults_of(error) if fault.pointer not in told)]
    if faults:
        raise InvalidInput(REFUSED, faults=faults)
    return found
