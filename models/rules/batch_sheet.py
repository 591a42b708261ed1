"""The rows of a batch: which columns there are, how a row's cells are read, and what is wrong with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from models.rules.errors import Fault, InvalidInput

KEY: Final = "key"
HOLDER: Final = (
    "name", "nik", "birth_place", "birth_date", "sex", "address", "phone", "email", "str_number", "str_valid_until",
    "workplace_name", "workplace_address", "place_order", "represented",
)  # fmt: skip
NEEDED: Final = (KEY, "name", "nik", "birth_place", "birth_date", "sex", "address", "str_number",
                 "workplace_name", "workplace_address")  # fmt: skip
PARTICULARS: Final = ("number", "date", "expiry", "issuer")
REMARKS: Final = ("row", "column", "message")
"""Columns that errors.csv adds; they are passed over when it comes back mended."""

WORDS: Final = {
    "kunci": KEY, "nama": "name", "tempat_lahir": "birth_place", "tanggal_lahir": "birth_date",
    "jenis_kelamin": "sex", "alamat": "address", "telepon": "phone", "surel": "email", "nomor_str": "str_number",
    "str_berlaku_sampai": "str_valid_until", "tempat_kerja": "workplace_name", "alamat_tempat_kerja":
    "workplace_address", "tempat_ke": "place_order", "dikuasakan": "represented",
}  # fmt: skip
"""Column names as the office's own people write them."""

LONGEST_LINE: Final = 256 * 1024
LONGEST_CELL: Final = 2000
MOST_COLUMNS: Final = 120
_ESCAPED: Final = ("=", "+", "-", "@", "\t")
_EXCEL_BEGINS: Final = date(1899, 12, 30)

Cells = Mapping[str, str]
Grade = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of one cell, for the sender, in Bahasa Indonesia; never the cell's value."""

    column: str
    message: str
    code: str
    grade: Grade = "error"

    def as_row(self) -> dict[str, str]:
        """As it lies in a row's list of remarks."""
        return {"column": self.column, "message": self.message, "code": self.code, "grade": self.grade}


@dataclass(frozen=True, slots=True)
class FileWish:
    """One file of a row: under which requirement, which part, by which name in the zip, with which particulars."""

    requirement: str
    part: int
    name: str
    fields: dict[str, str] = field(default_factory=dict)


def unreadable(message: str, code: str = "batch-file") -> InvalidInput:
    """A whole file that can not be taken."""
    return InvalidInput(message, faults=[Fault("/file", message, code)])


def csv_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """Records of a CSV whose first line names its columns; comma, semicolon or tab. Raises InvalidInput."""
    walk = iter(lines)
    first = next(walk, "").removeprefix("\ufeff")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_chained(first, walk), delimiter=delimiter, strict=True)
    place = 0
    while True:
        place += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise unreadable(f"Baris {place} bukan CSV yang benar: periksa tanda kutip, lalu simpan ulang.") from error
        if any(cell.strip() for cell in record):
            yield record


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def sheet_rows(records: Iterator[list[str]], known: Sequence[str]) -> tuple[list[str], Iterator[Cells]]:
    """Columns and rows of a sheet with a head. Raises InvalidInput for unknown, doubled or missing columns."""
    head = next(records, None)
    if head is None:
        raise unreadable("Berkas kosong: baris pertama harus berisi nama kolom.")
    columns = [column_of(name) for name in head]
    while columns and not columns[-1]:
        columns.pop()
    _refuse_columns(columns, known)
    return columns, (_cells(columns, record) for record in records)


def column_of(name: str) -> str:
    """The column's own name: `Nama` and `nama` mean `name`."""
    plain = name.strip().lower().replace(" ", "_")
    return WORDS.get(plain, plain)


def known_columns(requirements: Iterable[str]) -> list[str]:
    """Every column that a row of a licence may have."""
    papers = [one for code in requirements for one in (code, *(f"{code}.{part}" for part in PARTICULARS))]
    return [KEY, *HOLDER, *papers, *REMARKS]


def _refuse_columns(columns: Sequence[str], known: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise unreadable(f"Terlalu banyak kolom: paling banyak {MOST_COLUMNS}.")
    unknown = sorted({repr(name[:40]) for name in columns if name not in known})
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    missing = [name for name in NEEDED if name not in columns]
    said = [("Kolom tidak dikenal", unknown), ("Kolom ganda", doubled), ("Kolom belum ada", missing)]
    wrong = [f"{words}: {', '.join(map(str, names))}." for words, names in said if names]
    if wrong:
        raise unreadable(" ".join(wrong) + " Lihat daftar kolom di panduan, perbaiki baris pertama.", "batch-columns")


def _cells(columns: Sequence[str], record: Sequence[str]) -> Cells:
    found = {name: _plain(cell) for name, cell in zip(columns, record, strict=False) if name not in REMARKS}
    if len(record) > len(columns) and any(cell.strip() for cell in record[len(columns) :]):
        found[""] = "x"
    return found


def _plain(cell: str) -> str:
    text = cell.strip()
    # errors.csv puts an apostrophe before what a spreadsheet would take for a formula.
    return text[1:] if text[:1] == "'" and text[1:2] in _ESCAPED else text


def escaped(cell: str) -> str:
    """A cell as it is written into a CSV that people open in a spreadsheet."""
    return f"'{cell}" if cell.startswith(_ESCAPED) else cell


def json_rows(lines: Iterable[str]) -> Iterator[Cells]:
    """Rows of NDJSON: one object a line, flat or with `holder` and `documents`. Raises InvalidInput."""
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError) as error:
            raise unreadable(f"Baris {place} bukan JSON yang benar: satu objek pada setiap baris.") from error
        if not isinstance(found, dict):
            raise unreadable(f"Baris {place} bukan objek JSON: tulis {{...}} pada setiap baris.")
        yield _flat(found)


def _flat(found: Mapping[str, Any]) -> Cells:
    cells = {column_of(name): _text(value) for name, value in found.items() if name not in ("holder", "documents")}
    holder, papers = found.get("holder"), found.get("documents")
    if isinstance(holder, dict):
        cells |= {column_of(str(name)): _text(value) for name, value in holder.items()}
    if isinstance(papers, dict):
        for code, paper in papers.items():
            cells |= _paper(str(code), paper)
    return {name: text for name, text in cells.items() if name not in REMARKS}


def _paper(code: str, paper: object) -> dict[str, str]:
    if not isinstance(paper, dict):
        return {code: _text(paper)}
    rest = {f"{code}.{name}": _text(value) for name, value in paper.items() if name not in ("file", "files")}
    return {code: _text(paper.get("files", paper.get("file"))), **rest}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ya" if value else ""
    if isinstance(value, list):
        return ";".join(_text(one) for one in value)
    return str(value).strip()[: LONGEST_CELL + 1]


def files_of(cells: Cells, requirements: Iterable[str]) -> list[FileWish]:
    """The files that a row names; several for one requirement stand with semicolons between them."""
    wishes = []
    for code in requirements:
        names = [name.strip() for name in cells.get(code, "").split(";") if name.strip()]
        if not names:
            continue
        fields = {part: cells[f"{code}.{part}"] for part in PARTICULARS if cells.get(f"{code}.{part}")}
        if "date" in fields:
            fields["date"] = day_text(fields["date"])
        if "expiry" in fields:
            fields["expiry"] = day_text(fields["expiry"])
        wishes += [FileWish(code, part, name, fields) for part, name in enumerate(names, 1)]
    return wishes


def remarks_on_cells(cells: Cells, known: Sequence[str]) -> list[Remark]:
    """What is wrong with a row whatever its values mean: unknown keys, cells too long, no or an unfit key."""
    found = [Remark(name[:40] or "baris", "Kolom ini tidak dikenal. Hapus, atau perbaiki namanya.", "column-unknown")
             for name in cells if name not in known]  # fmt: skip
    for name, text in cells.items():
        if len(text) > LONGEST_CELL:
            found.append(Remark(name, f"Terlalu panjang: paling banyak {LONGEST_CELL} huruf.", "too-long"))
        elif not text.replace("\n", " ").replace("\t", " ").isprintable():
            found.append(Remark(name, "Memuat tanda yang tidak dapat dicetak. Ketik ulang isinya.", "characters"))
    return found + _remarks_on_key(cells.get(KEY, ""))


def _remarks_on_key(key: str) -> list[Remark]:
    if not key:
        return [Remark(KEY, "Kunci belum diisi. Beri tiap baris nomor yang tidak berulang.", "key-missing")]
    if len(key) > 100:
        return [Remark(KEY, "Kunci paling banyak 100 huruf.", "key-length")]
    if len("".join(sign for sign in key if sign.isdigit())) == 16:
        return [Remark(KEY, "Kunci tidak boleh berupa NIK. Pakai nomor urut atau nomor pegawai Anda.", "key-nik")]
    return []


def day_of(text: str) -> date | None:
    """1990-01-31, 31-01-1990, 31/01/1990, or a spreadsheet's count of days; None when it is none of them."""
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    count = number_of(text)
    if isinstance(count, int) and 10_000 <= count <= 80_000:
        return _EXCEL_BEGINS + timedelta(days=count)
    return None


def number_of(text: str) -> int | str:
    """A whole number as a sheet has it, also `2.0`; what is none stays as it was written."""
    digits = text.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else text


def day_text(text: str) -> str:
    """A day in ISO form; what is no day stays as it was written."""
    found = day_of(text)
    return found.isoformat() if found else text
