"""A database as it stands after ten years: so many applications, ten events each, written by plain SQL past the wall.

For measuring only. The rows agree with each other as far as pages look; files in the vault there are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

YEARS = 10
OPEN_SHARE = 100
"""One case in so many is still on a desk: 5,000 of 500,000, a few days of the busiest office."""

_HERE = Path(__file__).parent
_PORTION = 100_000
_FIRST = ("Ardian", "Bangita", "Darmira", "Fernando", "Galinda", "Harjaya", "Janviana", "Lingara", "Marsakti", "Nira")
_SYLLABLES = ("Sang", "Pra", "Wira", "Teng", "Mah", "Nira", "Kar", "Sura", "Dana", "Laks", "Banu", "Jala")
_ENDINGS = ("geni", "dipta", "yudha", "mukti", "wangsa", "lana", "buana", "tama", "pura", "sena", "lingga")
FIRSTS = [f"{one}{ending}" for one in _FIRST for ending in ("", "wan", "ti", "sari")]
LASTS = [one + ending for one in _SYLLABLES for ending in _ENDINGS]


def fill(url: str, cases: int, tell: Callable[[str], None]) -> dict[str, int]:
    """Write `cases` applications and ten events each; `url` is a superuser's. Returns the counts."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TEMP TABLE wanted AS SELECT %s::int AS cases, %s::int AS years, %s::int AS open,"
            " %s::text[] AS firsts, %s::text[] AS lasts",
            (cases, YEARS, max(cases // OPEN_SHARE, 1), FIRSTS, LASTS),
        )
        for title, statements in sections():
            tell(f"writing {title}")
            connection.execute(statements)
        _events(connection, cases, tell)
        tell("vacuum and analyse")
        connection.execute("VACUUM ANALYZE")
        return {"cases": _count(connection, "application"), "events": _count(connection, "event")}


def sections() -> list[tuple[str, bytes]]:
    """The parts of filling.sql in order: title and statements."""
    parts = re.split(r"^-- # (.+)$", (_HERE / "filling.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(title, body.encode()) for title, body in zip(parts[1::2], parts[2::2], strict=True)]


def _events(connection: psycopg.Connection[Any], cases: int, tell: Callable[[str], None]) -> None:
    statement = (_HERE / "filling_events.sql").read_bytes()
    for first in range(1, cases + 1, _PORTION):
        last = min(first + _PORTION - 1, cases)
        tell(f"writing events of cases {first} to {last}")
        connection.execute(statement, {"first": first, "last": last})


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0
