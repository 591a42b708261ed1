"""The register as files for spreadsheets, written line by line whatever its length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import IO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from api.register_columns import COLUMNS, Value
from models.services.register_lines import Line

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOMENT = "%Y-%m-%d %H:%M"
_WIDE = 30
_PORTION = 200


def csv_portions(lines: Iterable[Line]) -> Iterator[str]:
    """RFC 4180 with a head, some hundred lines at a time; days and moments as ISO 8601, in Jakarta's time."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([title for title, _ in COLUMNS])
    for place, line in enumerate(lines, 1):
        writer.writerow([_plain(value(line)) for _, value in COLUMNS])
        if place % _PORTION == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _plain(value: Value) -> str | int:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(_MOMENT)
    if isinstance(value, date):
        return value.isoformat()
    # What an applicant typed shall not run as a formula in the office's spreadsheet.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_xlsx(lines: Iterable[Line], title: str, target: IO[bytes]) -> None:
    """One sheet with a head that stays in view; rows go to disk as they come."""
    with xlsxwriter.Workbook(target, {"constant_memory": True, "default_date_format": "dd-mm-yyyy"}) as book:
        sheet = book.add_worksheet(title[:31])
        head = book.add_format({"bold": True, "bg_color": "#E8F0EC", "bottom": 1, "text_wrap": True, "valign": "top"})
        moment = book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
        for column, (name, _) in enumerate(COLUMNS):
            sheet.set_column(column, column, min(max(len(name) + 2, 16), _WIDE))
        sheet.write_row(0, 0, [name for name, _ in COLUMNS], head)
        sheet.freeze_panes(1, 1)
        for row, line in enumerate(lines, 1):
            for column, (_, value) in enumerate(COLUMNS):
                _write(sheet, row, column, value(line), moment)
        sheet.set_landscape()
        sheet.repeat_rows(0)


def _write(sheet: Worksheet, row: int, column: int, value: Value, moment: object) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value, moment)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        sheet.write_string(row, column, value)
