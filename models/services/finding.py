"""Finding rows by parts of words: what the indexes by groups of three letters serve."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

SHORTEST = 3
"""Fewer letters make no group of three: only whole tables could be looked through."""


def contains(column: Any, part: str) -> ColumnElement[bool]:
    """SQL condition: `part` stands somewhere in the column, large or small letters, no sign of it a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return col(column).ilike(f"%{escaped}%", escape="\\")


def all_words(column: Any, words: str) -> ColumnElement[bool]:
    """SQL condition: every word stands somewhere in the column, in any order."""
    return and_(*(contains(column, word) for word in words.split()[:6]))
