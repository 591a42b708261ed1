"""Numbers of letters and applications: the format is data, the tokens are known, a series belongs to a year."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from string import Formatter

from models.rules.errors import InvalidInput

JAKARTA = timezone(timedelta(hours=7), "WIB")
"""Asia/Jakarta: UTC+7 since 1964 without daylight saving, so no time-zone files are needed to know it."""

ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
MAX_WIDTH = 12

_WIDTH = re.compile(r"0[1-9]\d?")


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What the tokens stand for. `seq` counts from 1 in the series' year; `on` is the date the number bears."""

    seq: int
    on: date
    classification: str = ""
    unit: str = ""
    licence_code: str = ""
    place_order: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a format: `literal` text, then `token` (empty after the last) padded with zeros to `width`."""

    literal: str
    token: str = ""
    width: int = 0


_VALUES: dict[str, Callable[[NumberFacts], str]] = {
    "classification": lambda facts: facts.classification,
    "seq": lambda facts: str(facts.seq),
    "licence_code": lambda facts: facts.licence_code,
    "unit": lambda facts: facts.unit,
    "month": lambda facts: f"{facts.on.month:02}",
    "roman_month": lambda facts: roman_month(facts.on.month),
    "year": lambda facts: f"{facts.on.year:04}",
    "place_order": lambda facts: str(facts.place_order),
}

TOKENS = tuple(_VALUES)
PADDED = frozenset({"seq", "place_order"})
"""Tokens that may carry a width, as in {seq:04}."""


def roman_month(month: int) -> str:
    """`month` 1..12 as offices write it: IV for April. Raises InvalidInput outside that range."""
    if not 1 <= month <= len(ROMAN_MONTHS):
        raise InvalidInput(f"There is no month {month}.")
    return ROMAN_MONTHS[month - 1]


def parse_format(text: str) -> tuple[Part, ...]:
    """The parts of a number format such as `503/{seq:04}/DPMPTSP/SIKRO/{year}`.

    Raises InvalidInput for unknown tokens, widths that are none, conversions, loose braces, no {seq} or no {year}.
    """
    parts = tuple(_part(*piece) for piece in _pieces(text))
    tokens = [part.token for part in parts]
    # A series starts again at 1 every year: without both, two letters would bear one number.
    for needed in ("seq", "year"):
        if tokens.count(needed) != 1:
            raise InvalidInput(f"{text!r} must hold {{{needed}}} exactly once.")
    return parts


def render_number(text: str, facts: NumberFacts) -> str:
    """The number that `text` (a format) gives for `facts`; raises InvalidInput for a bad format or a seq below 1."""
    if facts.seq < 1 or facts.place_order < 1:
        raise InvalidInput("A series and the order of places count from 1.")
    return "".join(part.literal + _value(part, facts) for part in parse_format(text))


def jakarta_date(moment: datetime) -> date:
    """The calendar day of an aware `moment` in Asia/Jakarta; raises InvalidInput for a naive one."""
    if moment.tzinfo is None:
        raise InvalidInput("A moment needs a time zone.")
    return moment.astimezone(JAKARTA).date()


def series_year(signed_at: datetime) -> int:
    """The year whose series numbers a letter: that of its signature in Asia/Jakarta, however late the number comes."""
    return jakarta_date(signed_at).year


def _pieces(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no number format: {error}.") from error


def _part(literal: str, token: str | None, spec: str | None, conversion: str | None) -> Part:
    if token is None:
        return Part(literal)
    if token not in _VALUES:
        raise InvalidInput(f"{{{token}}} is no known token; known are {', '.join(TOKENS)}.")
    if conversion:
        raise InvalidInput(f"{{{token}!{conversion}}}: a token takes no conversion.")
    return Part(literal, token, _width(token, spec or ""))


def _width(token: str, spec: str) -> int:
    if not spec:
        return 0
    if token not in PADDED or not _WIDTH.fullmatch(spec) or int(spec) > MAX_WIDTH:
        raise InvalidInput(
            f"{{{token}:{spec}}}: a width is written {{seq:04}}, for {' or '.join(sorted(PADDED))} alone."
        )
    return int(spec)


def _value(part: Part, facts: NumberFacts) -> str:
    return _VALUES[part.token](facts).zfill(part.width) if part.token else ""
