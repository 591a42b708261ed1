"""Keyset cursors: opaque to clients, two or three values to us; a changed one is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from fastapi import Request, Response

from api.refusals import MalformedRequest

Row = TypeVar("Row")
_REFUSAL = "This cursor is none of ours: take `next` from the page before as it is, or leave it out."


def encode(*values: str | int) -> str:
    """The cursor after a row with these sort values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str) -> list[str | int]:
    """The sort values; raises MalformedRequest."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest(_REFUSAL) from error
    if not isinstance(values, list) or not all(isinstance(value, str | int) for value in values):
        raise MalformedRequest(_REFUSAL)
    return values


def after_moment(cursor: str) -> tuple[datetime, UUID]:
    """A cursor of (moment, id); raises MalformedRequest."""
    try:
        moment, row_id = decode(cursor)
        found = datetime.fromisoformat(str(moment)), UUID(str(row_id))
    except ValueError as error:
        raise MalformedRequest(_REFUSAL) from error
    if found[0].tzinfo is None:
        raise MalformedRequest(_REFUSAL)
    return found


def after_id(cursor: str) -> UUID | None:
    """A cursor of one id, None for the first page; raises MalformedRequest."""
    if not cursor:
        return None
    try:
        (row_id,) = decode(cursor)
        return UUID(str(row_id))
    except ValueError as error:
        raise MalformedRequest(_REFUSAL) from error


def after_number(cursor: str) -> int:
    """A cursor of one number below 2^63; raises MalformedRequest."""
    match decode(cursor):
        case [int(number)] if 0 <= number < 2**63:
            return number
    raise MalformedRequest(_REFUSAL)


def after_line(cursor: str) -> tuple[str, int]:
    """A cursor of (series, sequence); raises MalformedRequest."""
    match decode(cursor):
        case [str(series), int(seq)] if 0 <= seq < 2**31:
            return series, seq
    raise MalformedRequest(_REFUSAL)


def link_header(request: Request, cursor: str | None) -> dict[str, str]:
    """`Link: <...>; rel="next"` for the page after this one."""
    if cursor is None:
        return {}
    url = request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}


def next_page(
    request: Request, response: Response, found: Sequence[Row], limit: int, key: Callable[[Row], str | int]
) -> str | None:
    """The cursor after the first `limit` of the rows found (one more than that was asked for), told by `Link` too."""
    following = encode(key(found[limit - 1])) if len(found) > limit else None
    response.headers.update(link_header(request, following))
    return following
