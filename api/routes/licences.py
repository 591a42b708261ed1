"""What can be applied for, and how: the SOP as data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.actors import Office
from api.shapes import LicenceList, LicenceName, LicenceSop, RequirementAsked, RequirementSet
from api.views.turns import all_sops
from models.rules.numbering import jakarta_date
from models.rules.requirements import applicable, conditions_of
from models.services.definitions import current_sop
from models.services.inputs import Day

router = APIRouter(prefix="/v1/licences", tags=["licences"])


@router.get("", operation_id="listLicences", summary="All licences in force")
def list_licences(office: Office) -> LicenceList:
    """Open to everybody."""
    today = jakarta_date(office.clock.now())
    with office.db.transaction() as session:
        codes = sorted({sop.licence_code for sop in all_sops(session).values() if sop.effective_on <= today})
        sops = [current_sop(session, code, today)[1] for code in codes]
    names = [LicenceName(licence_code=s.licence_code, licence_name=s.licence_name, version=s.version) for s in sops]
    return LicenceList(items=names)


@router.get("/{code}", operation_id="getLicence", summary="The SOP of a licence")
def get_licence(code: Annotated[str, Path(max_length=20, examples=["SIKRO"])], office: Office) -> LicenceSop:
    """Types, requirements, reasons for a return, steps with their standard times; open to everybody."""
    with office.db.transaction() as session:
        _, sop = current_sop(session, code, jakarta_date(office.clock.now()))
    return LicenceSop.model_validate(sop.model_dump(include=set(LicenceSop.model_fields)))


@router.get("/{code}/requirements", operation_id="listRequirements", summary="What an application must hold")
def list_requirements(
    code: Annotated[str, Path(max_length=20, examples=["SIKRO"])],
    office: Office,
    application_type: Annotated[str, Query(max_length=48, examples=["baru"])] = "baru",
    on: Annotated[Day | None, Query(description="A day; default today.")] = None,
    represented: Annotated[bool, Query(description="Somebody else hands it in.")] = False,
    place_order: Annotated[int, Query(ge=1, le=9, description="Which of the applicant's workplaces, from 1.")] = 1,
) -> RequirementSet:
    """By type, day and condition; open to everybody. The rules are fixed when the berkas is declared complete."""
    day = on or jakarta_date(office.clock.now())
    with office.db.transaction() as session:
        _, sop = current_sop(session, code, day)
    conditions = conditions_of(represented=represented, place_order=place_order)
    items = applicable(sop, application_type, day, conditions)
    asked = [RequirementAsked(**item.requirement.model_dump(), required=item.required) for item in items]
    return RequirementSet(
        licence_code=code, version=sop.version, application_type=application_type, on=day, items=asked
    )
