"""What can be applied for, and how: the SOP as data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.actors import Office
from api.shapes import LicenceList, LicenceName, LicenceSop
from api.views.turns import all_sops
from models.rules.numbering import jakarta_date
from models.services.definitions import current_sop

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
