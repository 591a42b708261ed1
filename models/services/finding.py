"""Finding rows by parts of words: what the indexes by groups of three letters or digits serve."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_

_GROUP = re.compile(r"[^\W_]{3}")


def contains(column: Any, part: str) -> ColumnElement[bool]:
    """SQL condition: `part` stands somewhere in the column, large or small letters, no sign of it a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: ColumnElement[bool] = column.ilike(f"%{escaped}%", escape="\\")
    return found


def all_words(column: Any, words: str) -> ColumnElement[bool]:
    """SQL condition: every word stands somewhere in the column, in any order."""
    # Of a word without a group of three the index would be read from end to end: an expression keeps it out of it.
    return and_(*(contains(column if has_group(word) else column.concat(""), word) for word in words.split()[:6]))


def has_group(words: str) -> bool:
    """Whether the indexes can lead to these words."""
    return _GROUP.search(words) is not None
