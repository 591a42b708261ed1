"""`/admin/definisi`: the SOPs and wordings in force, what their files say now, and putting a new version in force."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select
from starlette.responses import Response

from api.actors import Office
from api.pages.admin import AdminDesk, admin_page
from api.pages.desk import Desk, Sent, see_other, text_of
from api.pages.forms import Form
from api.pages.new_session import rotate
from api.pages.rendering import TEMPLATES
from api.pages.step_up import StepRefused, one_try, shown_in, step_fault
from api.wiring import ApiOffice
from models.catalogue import LicenceDefinition, load_licence
from models.rules.errors import DefinitionError, NotFound
from models.services.definitions import parsed_sop
from models.services.new_wording import put_in_force, wording_subject
from models.tables.definitions import SopVersion

router = APIRouter(include_in_schema=False)
HOME = "/admin/definisi"
MESSAGES = {"muat": "Versi baru sudah dimuat. Permohonan yang belum lengkap memakainya sejak tanggal berlakunya."}


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What a folder of definitions says now: `state` is same, new, changed or broken; `why` says what is wrong."""

    folder: str
    state: str
    definition: LicenceDefinition | None = None
    why: str = ""


def _folders(office: ApiOffice) -> list[Path]:
    root = (office.settings.templates_dir or TEMPLATES) / "licences"
    return sorted(path for path in root.iterdir() if (path / "sop.toml").exists())


def _stored(office: ApiOffice) -> list[SopVersion]:
    with office.db.transaction() as session:
        ordered = select(SopVersion).order_by(col(SopVersion.licence_code), col(SopVersion.loaded_at).desc())
        return list(session.exec(ordered))


def _on_disk(folder: Path, stored: list[SopVersion]) -> OnDisk:
    try:
        definition = load_licence(folder)
    except DefinitionError as error:
        return OnDisk(folder.name, "broken", None, "; ".join([fault.message for fault in error.faults] or [str(error)]))
    same = [
        row
        for row in stored
        if (row.licence_code, row.version) == (definition.sop.licence_code, definition.sop.version)
    ]
    if not same:
        return OnDisk(folder.name, "new", definition)
    return OnDisk(folder.name, "same" if same[0].sha256 == definition.sha256 else "changed", definition)


@router.get(HOME)
def listed(request: Request, desk: AdminDesk, office: Office, pesan: str = Query("", max_length=20)) -> HTMLResponse:
    """Loaded versions with their hashes, and what the files say now."""
    stored = _stored(office)
    context = {
        "versions": [(row, parsed_sop(row)) for row in stored],
        "files": [_on_disk(folder, stored) for folder in _folders(office)],
        "message": MESSAGES.get(pesan, ""),
    }
    return admin_page(request, desk, "definitions.html", context, HOME)


@router.get(f"{HOME}/versi/{{version_id}}")
def version(request: Request, version_id: UUID, desk: AdminDesk, office: Office) -> HTMLResponse:
    """One loaded version: requirements, wording, and what changed since the one before it."""
    stored = _stored(office)
    row = next((one for one in stored if one.id == version_id), None)
    if row is None:
        raise NotFound("There is no such version.")
    earlier = [one for one in stored if one.licence_code == row.licence_code and one.loaded_at < row.loaded_at]
    context = {
        "row": row,
        "sop": parsed_sop(row),
        "wording": lines_of(row.wording),
        "diff": _difference(earlier[0], row.sop, row.wording, row.layout) if earlier else [],
        "before": earlier[0].version if earlier else "",
    }
    return admin_page(request, desk, "definition.html", context, HOME)


@router.get(f"{HOME}/berkas/{{folder}}")
def ask_load(request: Request, folder: str, desk: AdminDesk, office: Office) -> HTMLResponse:
    """A new version before it is in force: what it changes, and a step-up."""
    return _load_page(request, desk, office, folder, Form())


def _load_page(
    request: Request, desk: Desk, office: ApiOffice, folder: str, form: Form, status: int = 200
) -> HTMLResponse:
    found, before = _new_version(office, folder)
    definition = found.definition
    context = {
        "form": form,
        "folder": folder,
        "sop": definition.sop,
        "sha256": definition.sha256,
        "before": before.version if before else "",
        "diff": _difference(before, definition.sop.model_dump(mode="json"), definition.wording, definition.layout),
        "subject": wording_subject(definition),
    }
    return admin_page(request, desk, "definition_load.html", context, HOME, status)


@dataclass(frozen=True, slots=True)
class _Found:
    definition: LicenceDefinition


def _new_version(office: ApiOffice, folder: str) -> tuple[_Found, SopVersion | None]:
    """The version that waits in this folder, and the one that it follows; raises NotFound when none waits."""
    stored = _stored(office)
    path = next((one for one in _folders(office) if one.name == folder), None)
    found = _on_disk(path, stored) if path is not None else None
    if found is None or found.definition is None or found.state != "new":
        raise NotFound("No new version waits in this folder.")
    code = found.definition.sop.licence_code
    return _Found(found.definition), next((row for row in stored if row.licence_code == code), None)


@router.post(f"{HOME}/berkas/{{folder}}")
def load(request: Request, folder: str, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """Put the version that was shown in force; a file that changed meanwhile is shown anew first."""
    found, _ = _new_version(office, folder)
    if text_of(sent, "sha256") != found.definition.sha256:
        form = Form().refused(DefinitionError("Berkas ini sudah berubah sejak Anda melihatnya. Periksa lagi di bawah."))
        return _load_page(request, desk, office, folder, form, 409)
    try:
        shown = shown_in(sent)
        with one_try(office, desk.actor, shown):
            put_in_force(office.sign_in_room, desk.actor, found.definition, shown)
    except StepRefused as error:
        return _load_page(request, desk, office, folder, step_fault(Form(), error), error.status)
    return rotate(request, office, see_other(HOME, pesan="muat"))


def lines_of(value: Any, name: str = "") -> list[str]:
    """Nested data as lines `key: text`, so that two versions can be laid side by side."""
    if isinstance(value, dict):
        return [line for key, one in value.items() for line in lines_of(one, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list | tuple):
        return [line for index, one in enumerate(value, 1) for line in lines_of(one, f"{name}.{index}")]
    return [f"{name}: {value}"]


def _difference(before: SopVersion | None, sop: Any, wording: Any, layout: str) -> list[tuple[str, str]]:
    """Changed lines as (kind, text); kind is `+`, `-` or `@`. Everything is new when nothing was before."""
    old = [*lines_of(before.sop), *lines_of(before.wording), *before.layout.splitlines()] if before else []
    new = [*lines_of(sop), *lines_of(wording), *layout.splitlines()]
    changed = difflib.unified_diff(old, new, lineterm="", n=1)
    return [(line[0], line[1:]) for line in changed if line[:3] not in ("---", "+++")]
