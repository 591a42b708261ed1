"""Takes out of a PDF all that acts, hides or carries files: scripts, actions, attachments, media, XFA."""

from __future__ import annotations

import re
from typing import Any, Final

from pikepdf import Array, ObjectType, Pdf

from workers.adapters.inspect.pdf_place import note_places
from workers.adapters.inspect.pdf_walk import Walked, kind
from workers.adapters.inspect.report import Refused, Report

_BAD_ACTIONS: Final = frozenset({
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Movie", "/Sound", "/Rendition",
    "/RichMediaExecute", "/GoTo3DView", "/Trans",
})  # fmt: skip
_BAD_ANNOTATIONS: Final = frozenset({"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"})
_SAFE_LINK: Final = re.compile(r"\s*(?:https?:|mailto:|tel:|#|[^:]*$)", re.IGNORECASE)
_UNPRINTABLE: Final = re.compile(r"[^\w .,()\-]+")


def _is_dictionary(value: Any) -> bool:
    return bool(kind(value) == ObjectType.dictionary)


def _is_bad_action(value: Any) -> bool:
    if not _is_dictionary(value) or value.get("/Type") == "/StructElem":
        return False
    if str(value.get("/S", "")) == "/URI":
        return _SAFE_LINK.match(str(value.get("/URI", ""))) is None
    return bool("/JS" in value) or str(value.get("/S", "")) in _BAD_ACTIONS


def _is_protected(holder: Any) -> bool:
    keyed = "/EncryptedPayload" in holder or "/EP" in holder
    return keyed or str(holder.get("/AFRelationship")) == "/EncryptedPayload"


def refuse_wrappers(pdf: Pdf, walked: Walked) -> None:
    """Raises Refused for PDFs whose real content lies in an attachment or is drawn by Adobe Reader only."""
    if any(_is_protected(holder) for holder in walked.telling):
        raise Refused("protected")
    if "/Collection" in pdf.Root:
        raise Refused("portfolio")
    root: Any = pdf.Root
    if root.get("/NeedsRendering") is True:
        raise Refused("form-dynamic")


def _drop(holder: Any, key: str) -> bool:
    if key not in holder:
        return False
    del holder[key]
    return True


def _scrub_actions(holder: Any) -> bool:
    """Delete what acts in one dictionary; True when something was there."""
    found = _is_dictionary(holder.get("/AA")) and _drop(holder, "/AA")
    for key in ("/A", "/OpenAction", "/Next"):
        value = holder.get(key)
        bad_list = kind(value) == ObjectType.array and key != "/OpenAction" and any(_is_bad_action(v) for v in value)
        if value is not None and (_is_bad_action(value) or bad_list):
            found |= _drop(holder, key)
    if _is_bad_action(holder):
        for key in list(holder.keys()):
            del holder[key]
        found = True
    return found


def _annotation_kind(annotation: Any) -> str:
    return str(annotation.get("/Subtype", "")) if _is_dictionary(annotation) else ""


def _scrub_annotations(page: Any, report: Report, names: list[str]) -> None:
    annotations = page.get("/Annots")
    if kind(annotations) != ObjectType.array:
        return
    kept = []
    for annotation in annotations:
        found = _annotation_kind(annotation)
        if found == "/FileAttachment":
            names.append(_file_name(annotation.get("/FS")))
        elif found in _BAD_ANNOTATIONS:
            report.add("media-removed")
        else:
            kept.append(annotation)
    if len(kept) != len(annotations):
        page["/Annots"] = Array(kept)


def _file_name(specification: Any) -> str:
    if not _is_dictionary(specification):
        return "tanpa nama"
    name = str(specification.get("/UF", specification.get("/F", "")))
    return _UNPRINTABLE.sub("_", name)[:60] or "tanpa nama"


def _file_names(telling: list[Any]) -> list[str]:
    return [_file_name(holder) for holder in telling if "/EF" in holder]


def _scrub_files(walked: Walked, report: Report) -> None:
    names = _file_names(walked.telling)
    found = False
    for holder in walked.telling:
        found |= _drop(holder, "/AF") | _drop(holder, "/EmbeddedFiles") | _drop(holder, "/EF")
        before = len(names)
        _scrub_annotations(holder, report, names)
        found |= len(names) > before
    if found:
        unique = list(dict.fromkeys(names)) or ["tanpa nama"]
        report.add("attachments-removed", names=", ".join(unique[:5]))


def _scrub_form(pdf: Pdf, report: Report) -> None:
    form: Any = pdf.Root.get("/AcroForm")
    if _is_dictionary(form) and _drop(form, "/XFA"):
        report.add("form-xfa-removed")
    _drop(pdf.Root, "/NeedsRendering")


def _scrub_opening(pdf: Pdf) -> bool:
    """On opening, a document may go to a place, and do nothing else."""
    action: Any = pdf.Root.get("/OpenAction")
    goes = _is_dictionary(action) and str(action.get("/S")) not in {"/GoTo", "None"}
    return goes and _drop(pdf.Root, "/OpenAction")


def scrub(pdf: Pdf, walked: Walked, report: Report) -> None:
    """Clean the opened PDF in memory; says in the report what was there."""
    _scrub_files(walked, report)
    _scrub_form(pdf, report)
    opened = _scrub_opening(pdf)
    acted = [_scrub_actions(holder) for holder in walked.telling]
    named = [_drop(holder, "/JavaScript") for holder in walked.telling if _is_named_scripts(holder)]
    if opened or any(acted) or any(named):
        report.add("scripts-removed")
    note_places(walked, report)


def _is_named_scripts(holder: Any) -> bool:
    return "/JavaScript" in holder and _is_dictionary(holder.get("/JavaScript"))
