"""The history of what was acknowledged, held against the database when all is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ops.checker.stages import WAYS
from ops.faults.history import Ack

_EVENTS = """
SELECT application_id::text, kind, stage_from, stage_to, revision, version, detail FROM event
 WHERE application_id IS NOT NULL ORDER BY application_id, id
"""
_DOCUMENTS = "SELECT application_id::text, sha256 FROM document"
_CASES = "SELECT id::text, stage, coalesce(registration_number, '') FROM application"
_GAPS = """
SELECT count(*) FROM (
    SELECT n.series, n.year, g.seq FROM number_series n, generate_series(1, n.last_seq) AS g (seq)
    EXCEPT SELECT series, year, seq FROM register_entry) AS missing
"""
_DOUBLE_NUMBERS = """
SELECT count(*) FROM (SELECT FROM register_entry GROUP BY series, year, seq HAVING count(*) > 1
    UNION ALL SELECT FROM register_entry WHERE state = 'active' GROUP BY application_id HAVING count(*) > 1
    UNION ALL SELECT FROM licence WHERE status = 'valid' GROUP BY application_id HAVING count(*) > 1
    UNION ALL SELECT FROM application GROUP BY registration_number HAVING count(*) > 1
        AND registration_number IS NOT NULL) AS twice
"""
_ORPHANS = """
SELECT (SELECT count(*) FROM licence l WHERE l.status = 'intended' AND NOT EXISTS (
            SELECT FROM application a WHERE a.id = l.application_id AND a.stage = 'assembling'))
     + (SELECT count(*) FROM register_entry r WHERE NOT EXISTS (
            SELECT FROM licence l WHERE (l.series, l.year, l.seq) = (r.series, r.year, r.seq)))
     + (SELECT count(*) FROM outbox o WHERE o.done_at IS NULL AND o.task <> 'paraf.send_message')
"""

ONCE = frozenset({"open_draft", "submit", "verify", "hand_over", "finish_dossier"})
"""Events of which a case of this run has one; the others come once a revision, parafs once an ordinal."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Figures by their names in the report, and a sentence for each thing that is wrong."""

    lost: int
    doubled: int
    out_of_order: int
    gaps: int
    orphans: int
    sentences: tuple[str, ...]


def judge(url: str, acks: Iterable[Ack]) -> Verdict:
    """Compare; `url` is a libpq URL of any role that may read every table."""
    with psycopg.connect(url) as connection:
        events = _by_case(connection.execute(_EVENTS).fetchall())
        cases = {row[0]: (row[1], row[2]) for row in connection.execute(_CASES).fetchall()}
        documents = {(row[0], row[1]) for row in connection.execute(_DOCUMENTS).fetchall()}
        gaps, twice, orphans = (_count(connection, sql) for sql in (_GAPS, _DOUBLE_NUMBERS, _ORPHANS))
    lost = list(_lost(list(acks), cases, events, documents))
    doubled = [sentence for case, rows in events.items() for sentence in _doubled(case, rows)]
    disorder = [sentence for case, rows in events.items() for sentence in _out_of_order(case, rows)]
    return Verdict(len(lost), len(doubled) + twice, len(disorder), gaps, orphans, (*lost, *doubled, *disorder))


Row = tuple[str, str, str, int | None, int | None, Mapping[str, Any] | None]


def _by_case(rows: Iterable[Sequence[Any]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for case, *rest in rows:
        found[case].append(tuple(rest))
    return found


def _count(connection: psycopg.Connection[Any], sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def _lost(
    acks: Sequence[Ack],
    cases: Mapping[str, tuple[str, str]],
    events: Mapping[str, list[Row]],
    documents: set[tuple[str, str]],
) -> Iterable[str]:
    known = {(case, row[0]) for case, rows in events.items() for row in rows}
    moved = {(case, row[0], row[4]) for case, rows in events.items() for row in rows}
    for ack in acks:
        there = (ack.case, ack.kind, ack.version) in moved if ack.version else (ack.case, ack.kind) in known
        if not there:
            yield f"{ack.case}: {ack.kind} at version {ack.version} was acknowledged and has no event"
        if ack.kind == "attach" and (ack.case, ack.value) not in documents:
            yield f"{ack.case}: file {ack.value[:12]} was acknowledged and has no row"
        if ack.kind == "submit" and cases.get(ack.case, ("", ""))[1] != ack.value:
            yield f"{ack.case}: {ack.value} was told, the case bears {cases.get(ack.case)}"
    for case in {ack.case for ack in acks if ack.kind == "submit"}:
        if cases.get(case, ("",))[0] != "closed":
            yield f"{case}: was handed in and stands at {cases.get(case, ('nowhere',))[0]}"


def _doubled(case: str, rows: Sequence[Row]) -> Iterable[str]:
    counted = Counter(_key(row) for row in rows if row[1])
    counted.update(("open_draft",) for row in rows if row[0] == "open_draft")
    for key, number in counted.items():
        if number > 1:
            yield f"{case}: {key} happened {number} times"


def _key(row: Row) -> tuple[object, ...]:
    kind, _, _, revision, _, detail = row
    return (kind,) if kind in ONCE else (kind, revision, (detail or {}).get("ordinal"))


def _out_of_order(case: str, rows: Sequence[Row]) -> Iterable[str]:
    stage, version, paraf = "draft", 1, 0
    for kind, left, entered, _, now, detail in rows:
        if not left:
            continue
        if left != stage or entered not in WAYS[left] or now != version + 1:
            yield f"{case}: {kind} goes from {left} to {entered} at version {now}, the case stood at {stage}"
        if kind in ("initial", "sign"):
            paraf += 1
            if (detail or {}).get("ordinal") != paraf:
                yield f"{case}: act {detail} is not number {paraf}"
        elif kind == "finish_blanko":
            paraf = 0
        stage, version = entered, now or 0
