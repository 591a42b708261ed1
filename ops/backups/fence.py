"""Numbers that were given after the point of a backup: found where they left a trace, and never given again.

Traces are checkpoints (the last number of each series, every minute), licences that lie in the vault and that no row
names, and what a person reads on the last printed page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import pikepdf
import psycopg

from models.rules.errors import InvalidInput
from ops.checker.files import claims

Series = tuple[str, int]
Known = dict[Series, int]
"""The last number that is known to have been given, by series and year."""

REASON = "Nomor diberikan sesudah titik cadangan dan hilang saat pemulihan; tidak dipakai lagi."
_TOKEN = re.compile(r"\{(\w+)(?::0\d+)?\}")
_GROUPS = {"seq": r"0*(?P<seq>\d+)", "year": r"(?P<year>\d{4})"}


@dataclass(frozen=True, slots=True)
class Fence:
    """Numbers that were declared lost, as "SERIES YEAR no. SEQ"."""

    lost: tuple[str, ...]


def from_checkpoints(data: bytes) -> Known:
    """What checkpoints say, damaged lines apart."""
    found: Known = {}
    for raw in data.splitlines():
        try:
            numbers = [(*name.rsplit(" ", 1), last) for name, last in json.loads(raw)["numbers"].items()]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        for series, year, last in numbers:
            _raise(found, (series, int(year)), int(last))
    return found


def from_words(said: Iterable[str]) -> Known:
    """ "SIKRO 2026=125" from a person. Raises InvalidInput."""
    found: Known = {}
    for words in said:
        match = re.fullmatch(r"\s*(\S.*?)[ /](\d{4})\s*=\s*(\d+)\s*", words)
        if match is None:
            raise InvalidInput(f"{words!r} is no number of a series: write it like 'SIKRO 2026=125'.")
        _raise(found, (match[1], int(match[2])), int(match[3]))
    return found


def from_leftovers(connection: psycopg.Connection[Any], names: Iterable[str], read: Any) -> Known:
    """What licences in the vault say that no row of the database names. `read` gives an object's bytes."""
    claimed = {claim.sha256 for claim in claims(connection)}
    patterns = list(_patterns(connection))
    found: Known = {}
    for name in names:
        if name not in claimed:
            for series, last in _number_in(read(name), patterns):
                _raise(found, series, last)
    return found


def merged(*known: Known) -> Known:
    """The highest of each."""
    found: Known = {}
    for one in known:
        for series, last in one.items():
            _raise(found, series, last)
    return found


def put_up(connection: psycopg.Connection[Any], known: Known, at: datetime) -> Fence:
    """Declare every number lost that is known and not in the database, as the tables' owner; commits."""
    lost: list[str] = []
    for (series, year), last in sorted(known.items()):
        row = connection.execute(
            "SELECT last_seq FROM number_series WHERE series = %s AND year = %s FOR UPDATE", [series, year]
        ).fetchone()
        first = row[0] + 1 if row else 1
        for seq in range(first, last + 1):
            connection.execute(
                "INSERT INTO lost_number (series, year, seq, reason, recorded_at) VALUES (%s, %s, %s, %s, %s)",
                [series, year, seq, REASON, at],
            )
            lost.append(f"{series} {year} no. {seq}")
        if last >= first:
            connection.execute(
                """INSERT INTO number_series (series, year, last_seq) VALUES (%s, %s, %s)
                ON CONFLICT (series, year) DO UPDATE SET last_seq = excluded.last_seq""",
                [series, year, last],
            )
    connection.commit()
    return Fence(tuple(lost))


def _raise(found: Known, series: Series, last: int) -> None:
    found[series] = max(found.get(series, 0), last)


def _patterns(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Each number format that was ever in use, with its series."""
    for (numbering,) in connection.execute("SELECT DISTINCT sop -> 'number' FROM sop_version"):
        written = "".join(_pieces(numbering))
        yield numbering["series"], re.compile(written)


def _pieces(numbering: Mapping[str, Any]) -> Iterator[str]:
    text, place = str(numbering["format"]), 0
    for token in _TOKEN.finditer(text):
        yield re.escape(text[place : token.start()])
        name = token[1]
        yield _GROUPS.get(name) or (re.escape(str(numbering[name])) if name in numbering else r"\w+")
        place = token.end()
    yield re.escape(text[place:])


def _number_in(data: bytes, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> Iterator[tuple[Series, int]]:
    """The number that a licence bears, if the bytes are one."""
    fields = _late_fields(data) if data.startswith(b"%PDF") else {}
    number, date = fields.get("nomor", ""), fields.get("tanggal", "")
    for series, pattern in patterns:
        match = pattern.fullmatch(number)
        if match is None:
            continue
        year = match.groupdict().get("year") or date[-4:]
        if year.isdigit():
            yield (series, int(year)), int(match["seq"])


def _late_fields(data: bytes) -> dict[str, str]:
    try:
        with pikepdf.open(BytesIO(data)) as pdf:
            form = pdf.Root.get("/AcroForm")
            fields: Any = form.get("/Fields", []) if form is not None else []
            return {str(field.get("/T", "")): str(field.get("/V", "")) for field in fields}
    except pikepdf.PdfError:
        return {}
