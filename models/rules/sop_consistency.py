"""What one row of an SOP says about another must hold: codes are unique, and every code named is defined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from models.rules.requirements import known_conditions
from models.rules.sop import Requirement, Sop
from models.rules.stages import TASKS

Path = tuple[str | int, ...]
Disagreement = tuple[Path, str]


def disagreements(sop: Sop) -> tuple[Disagreement, ...]:
    """Each place (keys and indexes) that contradicts another one, with how to mend it; empty when all agrees."""
    rows = (*_people(sop), *_steps(sop), *_requirements(sop), *_reasons(sop))
    return (*_duplicates(sop), *rows, *_dates(sop), *_letter(sop))


def _duplicates(sop: Sop) -> Iterator[Disagreement]:
    codes: dict[str, Sequence[str]] = {
        "roles": [role.code for role in sop.roles],
        "steps": [step.code for step in sop.steps],
        "application_types": [kind.code for kind in sop.application_types],
        "return_reasons": [reason.code for reason in sop.return_reasons],
    }
    for table, found in codes.items():
        yield from _repeated((table,), found, ("code",))
    yield from _repeated(("initiallers",), sop.initiallers)
    yield from _repeated(("late_fields",), sop.late_fields)
    for index, requirement in enumerate(sop.requirements):
        here: Path = ("requirements", index)
        yield from _repeated((*here, "fields"), [field.code for field in requirement.fields], ("code",))
        yield from _repeated((*here, "kinds"), requirement.kinds)
        yield from _overlaps(here, requirement, sop.requirements[:index])


def _repeated(path: Path, codes: Iterable[str], tail: Path = ()) -> Iterator[Disagreement]:
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if code in seen:
            yield (*path, index, *tail), f"{code!r} stands here twice: rename or remove one of them."
        seen.add(code)


def _overlaps(path: Path, requirement: Requirement, earlier: Sequence[Requirement]) -> Iterator[Disagreement]:
    # One code may return with other dates (a rule that changed), never twice on one day for one type.
    for other in earlier:
        if other.code == requirement.code and _same_day(requirement, other) and _same_type(requirement, other):
            message = f"{requirement.code!r} stands here twice for the same days: rename one or part their dates."
            yield (*path, "code"), message
            return


def _same_day(one: Requirement, other: Requirement) -> bool:
    starts_before_end = (one.valid_from or date.min) < (other.valid_until or date.max)
    return starts_before_end and (other.valid_from or date.min) < (one.valid_until or date.max)


def _same_type(one: Requirement, other: Requirement) -> bool:
    if not one.application_types or not other.application_types:
        return True
    return not set(one.application_types).isdisjoint(other.application_types)


def _people(sop: Sop) -> Iterator[Disagreement]:
    roles = [role.code for role in sop.roles]
    for index, code in enumerate(sop.initiallers):
        yield from _unknown(("initiallers", index), code, roles, "role")
        if code == sop.signatory:
            yield ("initiallers", index), f"{code!r} signs the letter and may not initial it too: remove it here."
    yield from _unknown(("signatory",), sop.signatory, roles, "role")


def _steps(sop: Sop) -> Iterator[Disagreement]:
    roles = [role.code for role in sop.roles]
    for index, step in enumerate(sop.steps):
        here: Path = ("steps", index)
        if step.number != index + 1:
            yield (*here, "number"), f"steps stand in order from 1: write number = {index + 1} here."
        yield from _unknown((*here, "actor"), step.actor, roles, "role")
        for place, code in enumerate(step.also):
            yield from _unknown((*here, "also", place), code, roles, "role")
        if step.task is not None:
            yield from _unknown((*here, "task"), step.task, sorted(set(TASKS.values())), "task")
    yield from _acts(sop)


def _acts(sop: Sop) -> Iterator[Disagreement]:
    parafs = tuple(step.actor for step in sop.steps if step.task == "paraf.apply_paraf")
    if parafs != sop.initiallers:
        yield ("initiallers",), f"the steps with paraf.apply_paraf are by {list(parafs)}: name the same, in that order."
    signers = [step.actor for step in sop.steps if step.task == "paraf.apply_signature"]
    if signers != [sop.signatory]:
        yield ("signatory",), f"the step with paraf.apply_signature is by {signers}: one step, by the signatory."


def _requirements(sop: Sop) -> Iterator[Disagreement]:
    types = [kind.code for kind in sop.application_types]
    for index, requirement in enumerate(sop.requirements):
        here: Path = ("requirements", index)
        for place, code in enumerate(requirement.application_types):
            yield from _unknown((*here, "application_types", place), code, types, "application type")
        if requirement.condition is not None:
            yield from _unknown((*here, "condition"), requirement.condition, known_conditions(sop), "condition")


def _reasons(sop: Sop) -> Iterator[Disagreement]:
    codes = list(dict.fromkeys(requirement.code for requirement in sop.requirements))
    for index, reason in enumerate(sop.return_reasons):
        if reason.requirement is not None:
            yield from _unknown(("return_reasons", index, "requirement"), reason.requirement, codes, "requirement")


def _dates(sop: Sop) -> Iterator[Disagreement]:
    if sop.effective_on < (sop.revised_on or sop.made_on):
        yield ("effective_on",), "an SOP can not be in force before it was made or revised: mend one of the dates."
    if sop.revised_on and sop.revised_on < sop.made_on:
        yield ("revised_on",), "an SOP can not be revised before it was made: mend one of the dates."


def _letter(sop: Sop) -> Iterator[Disagreement]:
    if sop.registration_series == sop.number.series:
        # Applications that never become licences would leave gaps among the licences' numbers.
        yield ("registration_series",), "applications and licences are counted apart: take another series."
    for needed in ("nomor", "tanggal", "qr"):
        if needed not in sop.late_fields:
            yield ("late_fields",), f"a licence is not whole without {needed!r}: add it."


def _unknown(path: Path, code: str, known: Sequence[str], what: str) -> Iterator[Disagreement]:
    if code not in known:
        yield path, f"there is no {what} {code!r}; take one of {', '.join(known)}, or define it."
