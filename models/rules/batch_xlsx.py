"""The first sheet of an XLSX as records of text, row by row, with a bound on every size. ECMA-376 part 1, chapter 18.

No document type, no links, no formulas' text: only values. Numbers longer than 15 digits have lost their end.
"""

from __future__ import annotations

import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from typing import IO, Final
from xml.parsers import expat

from models.rules.batch_sheet import MOST_COLUMNS, unreadable
from models.rules.errors import InvalidInput

MOST_XML: Final = 256 * 1024 * 1024
MOST_PARTS: Final = 2000
RATIO: Final = 400
_BLOCK: Final = 64 * 1024
_BROKEN: Final = "Berkas Excel ini tidak dapat dibaca. Simpan ulang sebagai .xlsx atau CSV, lalu kirim lagi."
_SPOOL: Final = 4 * 1024 * 1024


def xlsx_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Records of the first sheet. Raises InvalidInput for what is no XLSX or grows beyond reason."""
    try:
        with zipfile.ZipFile(file) as book:
            if len(book.infolist()) > MOST_PARTS:
                raise unreadable(_BROKEN)
            names = book.namelist()
            sheets = sorted(name for name in names if name.startswith("xl/worksheets/sheet") and name.endswith(".xml"))
            if not sheets:
                raise unreadable(_BROKEN)
            first = "xl/worksheets/sheet1.xml" if "xl/worksheets/sheet1.xml" in sheets else sheets[0]
            with _Strings() as strings:
                if "xl/sharedStrings.xml" in names:
                    for _ in _parsed(book, "xl/sharedStrings.xml", strings.parser()):
                        pass
                sheet = _Sheet(strings)
                for _ in _parsed(book, first, sheet.parser()):
                    yield from sheet.taken()
    # All that zipfile raises for bytes that are no archive, for one that is cut off, encrypted or packed in ways of its
    # own, and expat for what is no XML: to whoever sent the file it is the same.
    except (zipfile.BadZipFile, expat.ExpatError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise unreadable(_BROKEN) from error


def _parsed(book: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> Iterator[None]:
    info = book.getinfo(name)
    if info.file_size > MOST_XML or info.file_size > RATIO * max(info.compress_size, 4096):
        raise unreadable("Berkas Excel ini membesar tidak wajar ketika dibuka. Simpan ulang, lalu kirim lagi.", "bomb")
    seen = 0
    with book.open(info) as part:
        while block := part.read(_BLOCK):
            seen += len(block)
            if seen > info.file_size:
                raise unreadable(_BROKEN)
            parser.Parse(block, False)
            yield
    parser.Parse(b"", True)
    yield


def _new_parser(start: Callable[[str, dict[str, str]], None], end: Callable[[str], None]) -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise unreadable(_BROKEN)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    return parser


class _Strings:
    """The texts that cells share, on disk beyond a few MiB: memory does not grow with the sheet."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by __exit__
        self._ends = array("Q", [0])
        self._text: list[str] | None = None
        self._phonetic = False

    def __enter__(self) -> _Strings:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def parser(self) -> expat.XMLParserType:
        parser = _new_parser(self._start, self._end)
        parser.CharacterDataHandler = self._characters
        return parser

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends) - 1:
            raise unreadable(_BROKEN)
        self._file.seek(self._ends[place])
        return self._file.read(self._ends[place + 1] - self._ends[place]).decode()

    def _start(self, name: str, _: dict[str, str]) -> None:
        if name == "si":
            self._text = []
        self._phonetic = self._phonetic or name == "rPh"

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._phonetic:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = False
        if name == "si" and self._text is not None:
            data = "".join(self._text).encode()
            self._file.seek(self._ends[-1])
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))
            self._text = None


class _Sheet:
    def __init__(self, strings: _Strings) -> None:
        self._strings = strings
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._kind, self._place, self._text, self._inside = "", 0, "", False

    def parser(self) -> expat.XMLParserType:
        parser = _new_parser(self._start, self._end)
        parser.CharacterDataHandler = self._characters
        return parser

    def taken(self) -> list[list[str]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._row, self._place = [], 0
        elif name == "c":
            self._kind, self._text = given.get("t", "n"), ""
            self._place = _column(given["r"]) if "r" in given else self._place
        elif name in ("v", "t"):
            self._inside = True

    def _characters(self, text: str) -> None:
        if self._inside:
            self._text += text

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._inside = False
        elif name == "c":
            if self._place >= MOST_COLUMNS:
                return
            self._row.extend("" for _ in range(self._place - len(self._row)))
            self._row.append(self._value())
            self._place += 1
        elif name == "row" and any(cell.strip() for cell in self._row):
            self._rows.append(self._row)

    def _value(self) -> str:
        if self._kind == "s" and self._text:
            return self._strings[int(self._text)]
        if self._kind == "n" and self._text:
            return _number(self._text)
        return {"0": "", "1": "ya"}.get(self._text, self._text) if self._kind == "b" else self._text


def _column(reference: str) -> int:
    place = 0
    for sign in reference:
        if not "A" <= sign <= "Z":
            break
        place = place * 26 + ord(sign) - 64
    return place - 1


def _number(text: str) -> str:
    value = float(text)
    if abs(value) >= 1e15:
        return f"{value:.14e}"
    return str(int(value)) if value.is_integer() else text
