"""The checklist of a berkas: what the machine found per requirement, and what the officer's form says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.pages.forms import Form
from api.views.case_desk import CaseView
from models.rules.errors import Fault
from models.rules.sop import Sop
from models.services.inputs import ReturnItem

DATA = "data"
"""What is wrong with what was filled in, no document's fault."""

MIN_OVERRIDE = 5
_COLOURS = {"ada": "green", "tidak_ada": "red", "bermasalah": "yellow"}
_WORDS = {"ada": "ada, lolos", "tidak_ada": "tidak ada", "bermasalah": "bermasalah"}


def check_items(view: CaseView) -> list[dict[str, Any]]:
    """A line for each requirement that applies, and one for the data."""
    verdicts = {verdict["requirement"]: verdict for verdict in view.check.verdicts} if view.check else {}
    first = {shown.document.requirement: shown for shown in reversed(view.shown)}
    found = []
    for item in view.items:
        code = item.requirement.code
        verdict = verdicts.get(code)
        shown = first.get(code)
        line = {
            "code": code,
            "label": item.requirement.label + ("" if item.required else " (bila ada)"),
            "hint": " ".join(str(reason["message"]) for reason in verdict["reasons"]) if verdict else "",
            "machine": _WORDS[verdict["state"]] if verdict else "belum diperiksa",
            "colour": _COLOURS[verdict["state"]] if verdict else "grey",
            "reasons": _reasons(view.sop, code),
        }
        if shown is not None and shown.pictures:
            line["href"] = f"#hal-{code}-{shown.document.part}-1"
        elif shown is not None:
            line["href"] = f"/v1/documents/{shown.document.id}/{'clean' if shown.document.clean_sha256 else 'original'}"
        found.append(line)
    crossed = [str(check["message"]) for check in view.check.cross_checks] if view.check else []
    data = {
        "code": DATA,
        "label": "Data yang diisi pemohon",
        "hint": " ".join(crossed),
        "reasons": _reasons(view.sop, None),
    }
    return [*found, data]


def _reasons(sop: Sop, code: str | None) -> list[tuple[str, str]]:
    own = [reason for reason in sop.return_reasons if reason.requirement == code]
    return [(reason.code, reason.label) for reason in own]


def checks_of(view: CaseView) -> list[dict[str, str]]:
    """What the machine holds against the berkas: each needs a reason to be let pass (`models.services.verify`)."""
    if view.check is None:
        return []
    labels = {item.requirement.code: item.requirement.label for item in view.items}
    missing = [
        {
            "code": verdict["requirement"],
            "label": labels.get(verdict["requirement"], verdict["requirement"]),
            "message": " ".join(str(reason["message"]) for reason in verdict["reasons"]),
        }
        for verdict in view.check.verdicts
        if verdict["required"] and verdict["state"] != "ada" and verdict["requirement"] in labels
    ]
    crossed = [
        {"code": str(check["code"]), "label": "Data", "message": str(check["message"])}
        for check in view.check.cross_checks
        if check["grade"] == "problem"
    ]
    return [*missing, *crossed]


def machine_form(view: CaseView) -> Form:
    """The checklist with a tick wherever the machine found nothing: the officer still looks at each."""
    verdicts = {verdict["requirement"]: verdict["state"] for verdict in view.check.verdicts} if view.check else {}
    values = {
        f"check.{item.requirement.code}": ["ok"] for item in view.items if verdicts.get(item.requirement.code) == "ada"
    }
    quiet = view.check is not None and not view.check.cross_checks
    return Form({**values, **({f"check.{DATA}": ["ok"]} if quiet else {})})


@dataclass(frozen=True, slots=True)
class Judged:
    """The officer's form, read: what he found lacking, and why he lets pass what the machine held against it."""

    items: list[ReturnItem]
    overrides: dict[str, str]
    faults: list[Fault]


def judged_complete(view: CaseView, form: Form) -> Judged:
    """Every line must be judged as there, every point against the berkas explained."""
    faults = [*_unjudged(view, form), *_lacking(view, form)]
    overrides = {}
    for point in checks_of(view):
        reason = form.value(f"overrides.{point['code']}").strip()
        if len(reason) < MIN_OVERRIDE:
            sentence = f"{point['label']}: tulis alasan meloloskan, paling sedikit lima huruf."
            faults.append(Fault(f"/overrides/{point['code']}", sentence))
        overrides[point["code"]] = reason[:500]
    return Judged([], overrides, faults)


def _unjudged(view: CaseView, form: Form) -> Iterator[Fault]:
    for line in check_items(view):
        if not form.value(f"check.{line['code']}"):
            yield Fault(f"/check/{line['code']}", f"{line['label']} belum dinilai. Pilih salah satu.")


def _lacking(view: CaseView, form: Form) -> Iterator[Fault]:
    for line in check_items(view):
        optional = any(i.requirement.code == line["code"] and not i.required for i in view.items)
        mark = form.value(f"check.{line['code']}")
        if mark == "faulty" or (mark == "missing" and not optional):
            sentence = f"{line['label']} Anda tandai kurang: kembalikan ke pemohon, atau tandai Ada, sesuai."
            yield Fault(f"/check/{line['code']}", sentence)


def judged_lacking(view: CaseView, form: Form) -> Judged:
    """What goes back to the applicant: at least one line, each with a sentence."""
    items, faults = [], []
    for line in check_items(view):
        code = line["code"]
        mark = form.value(f"check.{code}")
        optional = any(i.requirement.code == code and not i.required for i in view.items)
        if mark not in ("missing", "faulty") or (mark == "missing" and optional):
            continue
        sentences = dict(line["reasons"])
        reason, note = form.value(f"reason.{code}"), form.value(f"note.{code}").strip()[:500]
        reason = reason if reason in sentences else ""
        if not reason and not note:
            faults.append(Fault(f"/check/{code}", f"{line['label']}: pilih alasan atau tulis kalimat untuk pemohon."))
        elif note and note != sentences.get(reason):
            # The officer's own words stand instead of the canned ones, which they began as.
            items.append(ReturnItem(requirement=code, reason="", note=note))
        else:
            items.append(ReturnItem(requirement=code, reason=reason))
    if not items and not faults:
        faults.append(Fault("", "Belum ada yang ditandai kurang. Tandai dahulu apa yang harus diperbaiki pemohon."))
    return Judged(items, {}, faults)
