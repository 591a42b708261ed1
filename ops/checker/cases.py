"""Each case stands in exactly one known stage, and what exists of it is exactly what that stage calls for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row

from ops.checker.report import Violation
from ops.checker.rows import Snapshot
from ops.checker.stages import MACHINE_TASKS, WAYS

_EVIDENCE = """
SELECT a.id::text AS case_id, a.stage, a.revision, a.round, a.paraf_next, a.paraf_count,
    a.registration_number IS NOT NULL AND a.submitted_at IS NOT NULL AS registered,
    a.sop_id IS NOT NULL AND a.complete_at IS NOT NULL AS pinned, a.quarantined_at IS NOT NULL AS set_aside,
    (SELECT count(*) FROM completeness_check c WHERE c.application_id = a.id AND c.round = a.round) AS checks,
    (SELECT v.decision FROM verification v WHERE v.application_id = a.id
        ORDER BY v.round DESC, v.revision DESC LIMIT 1) AS last_decision,
    (SELECT v.decision FROM verification v WHERE v.application_id = a.id
        AND v.round = a.round AND v.revision = a.revision) AS decision,
    (SELECT count(*) FROM deficiency d WHERE d.application_id = a.id AND d.round = a.round) AS deficiencies,
    (SELECT count(*) FROM blanko b WHERE b.application_id = a.id) AS blankos,
    (SELECT count(*) FROM blanko b WHERE b.application_id = a.id AND b.revision = a.revision) AS blanko,
    (SELECT count(*) FROM endorsement e WHERE e.application_id = a.id AND e.revision = a.revision) AS acts,
    (SELECT count(*) FROM letter l WHERE l.application_id = a.id AND l.revision = a.revision) AS letters,
    (SELECT count(*) FROM register_entry r WHERE r.application_id = a.id AND r.state = 'active'
        AND r.revision = a.revision) AS numbers,
    (SELECT count(*) FROM register_entry r WHERE r.application_id = a.id AND r.state = 'active'
        AND r.revision <> a.revision) AS stray_numbers,
    (SELECT coalesce(string_agg(l.status, '+'), '') FROM licence l
        WHERE l.application_id = a.id AND l.revision = a.revision) AS licence,
    (SELECT count(*) FROM licence l WHERE l.application_id = a.id AND l.revision <> a.revision
        AND l.status <> 'void') AS stray_licences,
    (SELECT count(*) FROM hand_over h WHERE h.application_id = a.id) AS hand_overs,
    (SELECT count(*) FROM dossier d WHERE d.application_id = a.id) AS dossiers
FROM application a ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A case and what exists of it; counts are of the present revision or round unless the name says otherwise."""

    case_id: str
    stage: str
    revision: int
    round: int
    paraf_next: int
    paraf_count: int
    registered: bool
    pinned: bool
    set_aside: bool
    checks: int
    last_decision: str | None
    decision: str | None
    deficiencies: int
    blankos: int
    blanko: int
    acts: int
    letters: int
    numbers: int
    stray_numbers: int
    licence: str
    stray_licences: int
    hand_overs: int
    dossiers: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a stage calls for; None: either way.

    `paraf` says where the count of parafs stands: at the first, at one of them (turn), or past the last (done).
    `acts` and `letters` are how many there are beyond the parafs that are already on the letter.
    """

    paraf: str = "first"
    registered: bool | None = True
    pinned: bool | None = True
    checks: int | None = 1
    decision: tuple[str | None, ...] = (None, "complete")
    last_decision: str = ""
    blanko: int = 1
    acts: int = 0
    letters: int = 0
    numbers: int = 0
    licence: tuple[str, ...] = ("",)
    hand_overs: int = 0
    dossiers: int = 0


def _early(*decision: str | None, checks: int | None = 1, registered: bool | None = True) -> Expected:
    return Expected(registered=registered, pinned=None, checks=checks, decision=decision, blanko=0)


def _signed(acts: int, letters: int, **more: Any) -> Expected:
    return Expected("done", last_decision="complete", acts=acts, letters=letters, **more)


def _issued(hand_overs: int, dossiers: int) -> Expected:
    statuses = ("valid", "revoked", "replaced")
    return _signed(1, 1, numbers=1, licence=statuses, hand_overs=hand_overs, dossiers=dossiers)


EXPECTED: Mapping[str, Expected] = {
    "draft": Expected(registered=False, pinned=False, checks=0, decision=(None,), blanko=0),
    "checking": _early(None, checks=0),
    "verifying": _early(None),
    "returned": _early("returned"),
    "lapsed": _early("returned"),
    "rejected": _early("rejected"),
    "withdrawn": _early(None, "returned", checks=None, registered=None),
    "preparing": Expected(blanko=0, last_decision="complete"),
    "amending": Expected(blanko=0, decision=(None,), last_decision="complete"),
    "awaiting_paraf": Expected("turn", last_decision="complete"),
    "applying_paraf": Expected("turn", last_decision="complete", acts=1),
    "awaiting_signature": _signed(0, 0),
    "applying_signature": _signed(1, 0),
    "numbering": _signed(1, 1),
    "assembling": _signed(1, 1, numbers=1, licence=("intended",)),
    "ready": _issued(0, 0),
    "archiving": _issued(1, 0),
    "closed": _issued(1, 1),
}


def misplaced(snapshot: Snapshot) -> Iterator[Violation]:
    """Cases whose stage is unknown or does not fit what exists of them."""
    with snapshot.cursor("cases", row_factory=class_row(Evidence)) as cursor:
        for case in cursor.execute(_EVIDENCE):
            if case.stage not in WAYS:
                yield Violation("stage_known", case.case_id, f"stands at {case.stage!r}, which is no stage")
                continue
            for sentence in _differences(case, EXPECTED[case.stage]):
                yield Violation("stage_evidence", case.case_id, f"at {case.stage}: {sentence}")


def _differences(case: Evidence, wanted: Expected) -> Iterator[str]:
    if not _paraf_stands(case, wanted.paraf):
        yield f"paraf {case.paraf_next} of {case.paraf_count} can not be the next one"
    yield from _facts(case, wanted)
    yield from _counts(case, wanted)
    if case.set_aside and case.stage not in MACHINE_TASKS:
        yield "is in quarantine, though no machine works on it"


def _paraf_stands(case: Evidence, place: str) -> bool:
    if place == "first":
        return case.paraf_next == 1
    if place == "turn":
        return 1 <= case.paraf_next <= case.paraf_count
    return case.paraf_count >= 1 and case.paraf_next == case.paraf_count + 1


def _facts(case: Evidence, wanted: Expected) -> Iterator[str]:
    if wanted.registered not in (None, case.registered):
        yield "has a registration" if case.registered else "has no registration"
    if wanted.pinned not in (None, case.pinned):
        yield "has a pinned definition" if case.pinned else "has no pinned definition and time of completeness"
    if case.decision not in wanted.decision:
        yield f"the decision on this round is {case.decision or 'missing'}"
    if wanted.last_decision and case.last_decision != wanted.last_decision:
        yield f"the last decision is {case.last_decision or 'missing'}, not {wanted.last_decision}"
    if case.decision == "returned" and not case.deficiencies:
        yield "was returned without a deficiency"
    if case.licence not in wanted.licence:
        yield f"its licence is {case.licence or 'missing'}, not {' or '.join(filter(None, wanted.licence)) or 'none'}"


def _counts(case: Evidence, wanted: Expected) -> Iterator[str]:
    applied = case.paraf_next - 1
    counts = (
        ("checks of this round", case.checks, wanted.checks),
        ("blankos of this revision", case.blanko, wanted.blanko),
        # Every older revision had its blanko, and none is ahead of the case.
        ("blankos in all", case.blankos, case.revision - 1 + wanted.blanko),
        ("parafs and signatures", case.acts, applied + wanted.acts),
        ("letters", case.letters, applied + wanted.letters),
        ("numbers", case.numbers, wanted.numbers),
        ("numbers of older revisions that are not void", case.stray_numbers, 0),
        ("licences of older revisions that are not void", case.stray_licences, 0),
        ("hand-overs", case.hand_overs, wanted.hand_overs),
        ("dossiers", case.dossiers, wanted.dossiers),
    )
    for name, found, called_for in counts:
        if called_for is not None and found != called_for:
            yield f"{found} {name}, not {called_for}"
