"""Numbers and last days of validity, worked out anew from the pinned definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from string import Formatter
from typing import Any

from psycopg.rows import dict_row

from ops.checker.report import Violation
from ops.checker.rows import Snapshot

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

_NUMBERED = """
SELECT r.application_id::text AS case_id, r.number, r.seq, r.signed_on, l.status, l.valid_until,
    s.sop -> 'number' AS number_format, s.sop -> 'validity' AS validity, r.series, h.place_order, h.str_valid_until,
    b.facts -> 'workplace' ->> 'order' AS printed_order, b.facts ->> 'str_valid_until' AS printed_str
FROM register_entry r JOIN licence l USING (series, year, seq) JOIN application a ON a.id = r.application_id
JOIN sop_version s ON s.id = a.sop_id JOIN holder_data h ON h.application_id = a.id
JOIN blanko b ON b.application_id = r.application_id AND b.revision = r.revision
ORDER BY r.series, r.year, r.seq
"""


def misnumbered(snapshot: Snapshot) -> Iterator[Violation]:
    """Numbers and last days that are not what the pinned definition gives for what the letter says."""
    with snapshot.cursor("numbers", row_factory=dict_row) as cursor:
        for row in cursor.execute(_NUMBERED):
            yield from _differences(row)


def _differences(row: Mapping[str, Any]) -> Iterator[Violation]:
    rendered = render(row["number_format"], row["seq"], row["signed_on"], int(row["printed_order"]))
    if (rendered, row["series"]) != (row["number"], row["number_format"]["series"]):
        sentence = f"bears {row['number']} of series {row['series']}, the definition gives {rendered}"
        yield Violation("number_format", row["case_id"], sentence)
    printed = date.fromisoformat(row["printed_str"]) if row["printed_str"] else None
    until = last_day(row["validity"], row["signed_on"], printed)
    if until != row["valid_until"]:
        sentence = f"{row['number']} holds until {row['valid_until']}, the definition gives {until}"
        yield Violation("licence_validity", row["case_id"], sentence)


def render(number_format: Mapping[str, Any], seq: int, on: date, place_order: int) -> str:
    """The number of that sequence, dated `on`."""
    values = {
        "seq": seq,
        "year": on.year,
        "month": f"{on.month:02}",
        "roman_month": _ROMAN[on.month - 1],
        "place_order": place_order,
        **{name: number_format[name] for name in ("classification", "unit", "licence_code")},
    }
    return Formatter().vformat(number_format["format"], (), values)


def last_day(validity: Mapping[str, Any], signed_on: date, str_until: date | None) -> date | None:
    """The last day of a licence; None is for life."""
    if validity["rule"] == "until_str":
        return str_until
    year = signed_on.year + validity["years"]
    leap_day = (signed_on.month, signed_on.day) == (2, 29)
    end = date(year, 2, 28) if leap_day and not _is_leap(year) else signed_on.replace(year=year)
    return end if validity["rule"] == "years" or str_until is None else min(end, str_until)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
