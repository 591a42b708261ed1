"""Rules that one SQL statement decides: it selects what is wrong, and nothing when all holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection

from ops.checker.report import Violation

Snapshot = Connection[tuple[Any, ...]]
"""A connection inside one repeatable-read transaction: the whole check sees one moment."""

NOW = "current_setting('paraf.checked_at')::timestamptz"
"""SQL for the moment of the check."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """`sql` selects case and sentence of each violation."""

    name: str
    sql: LiteralString


def set_moment(snapshot: Snapshot, at: datetime | None) -> datetime:
    """Fix the moment that the rules compare with: `at`, or the database's own clock. Returns it."""
    moment = at or _one(snapshot, "SELECT now()")
    snapshot.execute("SELECT set_config('paraf.checked_at', %s, true)", [moment.isoformat()])
    return moment


def _one(snapshot: Snapshot, sql: LiteralString) -> datetime:
    row = snapshot.execute(sql).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def broken(snapshot: Snapshot, rules: Iterable[RowRule]) -> Iterator[Violation]:
    """What the rules find."""
    for rule in rules:
        for case, sentence in snapshot.execute(rule.sql):
            yield Violation(rule.name, str(case), str(sentence))
