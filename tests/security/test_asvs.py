"""The table of requirements in docs/security.md is whole and true to what lies here."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from ops.office import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
VERDICTS = {"holds", "partly", "n.a.", "deployment"}
LEVEL_ONE = 70
"""Requirements of level 1 in ASVS 5.0."""


@dataclass(frozen=True)
class Row:
    id: str
    level: int
    verdict: str
    shown: str


def rows() -> list[Row]:
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+?) \| ([^|]*?) ?\|$", PAGE, re.MULTILINE)
    return [Row(id_, int(level), verdict, shown) for id_, level, verdict, shown in found]


ROWS = rows()


def test_each_requirement_stands_once_in_order_with_a_known_verdict() -> None:
    places = [tuple(map(int, row.id.split("."))) for row in ROWS]
    assert places == sorted(set(places))
    assert {row.verdict for row in ROWS} <= VERDICTS


def test_all_of_level_one_are_there_and_none_is_open() -> None:
    assert sum(row.level == 1 for row in ROWS) == LEVEL_ONE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_is_said_to_hold_names_a_test_or_says_why(row: Row) -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", row.shown)
    assert not [path for path in named if not (ROOT / path).exists()]
    assert row.shown, "neither a test nor a reason"
    if row.verdict != "holds":
        assert re.sub(r"`[^`]+`,? ?", "", row.shown), "says what is missing"


def test_the_shares_are_those_of_the_table() -> None:
    for level in (1, 2):
        apply = [row for row in ROWS if row.level == level and row.verdict not in {"n.a.", "deployment"}]
        holds = sum(row.verdict == "holds" for row in apply)
        assert f"level {level}: {holds} of {len(apply)} hold" in PAGE
