"""What an applicant must bring: by application type, day and condition, and what changes when the rules do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.rules.sop import Requirement, Sop

COMPUTED_CONDITIONS = ("represented", "second_place")
"""Conditions found in the application itself; all others are implied by its type, as the SOP says."""


@dataclass(frozen=True, slots=True)
class RequiredItem:
    """A requirement that applies to an application; `required` is False for an optional one."""

    requirement: Requirement
    required: bool


ChangeKind = Literal["added", "removed", "now_required", "now_optional", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two sets of requirements; `message` is for the applicant."""

    kind: ChangeKind
    requirement: str
    message: str


def known_conditions(sop: Sop) -> tuple[str, ...]:
    """Every condition that can hold under this SOP."""
    implied = (condition for kind in sop.application_types for condition in kind.implies)
    return tuple(dict.fromkeys((*COMPUTED_CONDITIONS, *implied)))


def conditions_of(*, represented: bool, place_order: int) -> frozenset[str]:
    """The computed conditions that hold for an application; `place_order` counts its applicant's workplaces from 1.

    `applicable` adds those that the application's type implies.
    """
    computed = {"represented": represented, "second_place": place_order > 1}
    return frozenset(condition for condition, holds in computed.items() if holds)


def applicable(
    sop: Sop, application_type: str, on: date, conditions: frozenset[str] = frozenset()
) -> tuple[RequiredItem, ...]:
    """The requirements of an application on a day, in the SOP's order.

    The condition that the type itself implies always holds. Raises InvalidInput for an unknown type.
    """
    held = conditions.union(sop.application_type(application_type).implies)
    return tuple(
        RequiredItem(requirement, required=requirement.need != "optional")
        for requirement in sop.requirements
        if _applies(requirement, application_type, on, held)
    )


def what_changed(old: Sequence[RequiredItem], new: Sequence[RequiredItem]) -> tuple[Change, ...]:
    """What an applicant whose berkas was not complete must know when `new` rules replace the `old` ones."""
    before = {item.requirement.code: item for item in old}
    after = {item.requirement.code: item for item in new}
    gone = [_change("removed", item) for code, item in before.items() if code not in after]
    come = [_change("added", item) for code, item in after.items() if code not in before]
    kept = [_altered(before[code], item) for code, item in after.items() if code in before]
    return (*come, *(change for change in kept if change), *gone)


def _applies(requirement: Requirement, application_type: str, on: date, conditions: frozenset[str]) -> bool:
    return (
        (not requirement.application_types or application_type in requirement.application_types)
        and (requirement.valid_from is None or on >= requirement.valid_from)
        and (requirement.valid_until is None or on < requirement.valid_until)
        and (requirement.condition is None or requirement.condition in conditions)
    )


def _altered(old: RequiredItem, new: RequiredItem) -> Change | None:
    if old.required != new.required:
        return _change("now_required" if new.required else "now_optional", new)
    return _change("changed", new) if _asked(old.requirement) != _asked(new.requirement) else None


def _asked(requirement: Requirement) -> tuple[object, ...]:
    asked = [(field.code, field.required) for field in requirement.fields]
    return (requirement.label, requirement.kinds, requirement.copies, requirement.max_age_months, asked)


def _change(kind: ChangeKind, item: RequiredItem) -> Change:
    label = item.requirement.label
    sentences: dict[ChangeKind, str] = {
        "added": f"{label} sekarang {'diminta' if item.required else 'boleh dilampirkan'}. {_upload(item)}",
        "removed": f"{label} tidak lagi diminta. Anda tidak perlu melengkapinya.",
        "now_required": f"{label} sekarang wajib. {_upload(item)}",
        "now_optional": f"{label} tidak lagi wajib. Anda boleh melewatinya.",
        "changed": f"Ketentuan untuk {label} berubah. {item.requirement.hint or 'Periksa kembali dokumen Anda.'}",
    }
    return Change(kind, item.requirement.code, sentences[kind].strip())


def _upload(item: RequiredItem) -> str:
    if not item.required:
        return item.requirement.hint
    return f"Unggah dokumen ini sebelum mengirim. {item.requirement.hint}"
