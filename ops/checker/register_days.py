"""Closed days of the register, worked out anew from the rows that they closed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

from ops.checker.chain import Snapshot
from ops.checker.report import Violation

_DAYS = "SELECT day, n, previous, hash, unfinished FROM register_day ORDER BY n"
_LEAVES = """
WITH moved AS (
    SELECT assigned_at AS at, 'given' AS kind, series, year, seq, number,
        application_id || ' ' || signed_on AS what FROM register_entry
    UNION ALL SELECT voided_at, 'void', series, year, seq, number,
        encode(sha256(convert_to(void_reason, 'UTF8')), 'hex') FROM register_entry WHERE state = 'void'
    UNION ALL SELECT issued_at, 'issued', series, year, seq, number, sha256
        FROM licence JOIN register_entry USING (series, year, seq) WHERE issued_at IS NOT NULL
    UNION ALL SELECT status_at, status, series, year, seq, number,
        encode(sha256(convert_to(status_reason, 'UTF8')), 'hex')
        FROM licence JOIN register_entry USING (series, year, seq) WHERE status IN ('revoked', 'replaced')
    UNION ALL SELECT handed_over_at, 'handed_over', series, year, seq, number, licence.sha256
        FROM hand_over JOIN licence ON licence.id = licence_id JOIN register_entry USING (series, year, seq)
    UNION ALL SELECT recorded_at, 'lost', series, year, seq, '', '' FROM lost_number)
SELECT (at AT TIME ZONE 'Asia/Jakarta')::date, jsonb_build_array(kind, (extract(epoch FROM at) * 1000000)::bigint,
    series, year, seq, number, what)::text FROM moved
WHERE (at AT TIME ZONE 'Asia/Jakarta')::date <= (SELECT max(day) FROM register_day)
ORDER BY at, kind, series, year, seq
"""


def misclosed(snapshot: Snapshot) -> Iterator[Violation]:
    """Days that do not say what their rows say, do not follow each other, or were left out."""
    moved: dict[date, list[bytes]] = {}
    for day, leaf in snapshot.execute(_LEAVES):
        moved.setdefault(day, []).append(hashlib.sha256(leaf.encode()).digest())
    before, place, first = "", 0, None
    for day, n, previous, digest, unfinished in snapshot.execute(_DAYS).fetchall():
        first = first or day
        place += 1
        if (n, previous) != (place, before):
            yield Violation("register_day_chain", f"day {day}", "does not follow from the closed day before it")
        leaves = moved.pop(day, [])
        content = hashlib.sha256(b"".join(leaves)).hexdigest()
        words = ("paraf-day-1", n, day.isoformat(), previous, len(leaves), unfinished, content)
        if hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest() != digest:
            yield Violation("register_day_hash", f"day {day}", "its numbers are not what was closed")
        before, place = digest, n
    for day in moved:
        if first is not None and day >= first:
            yield Violation("register_day_left_out", f"day {day}", "numbers moved and it was not closed")
