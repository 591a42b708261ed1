"""From an upload in the vault to rows: which form it has, where its files lie, what each row would become."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Literal

from pydantic import ValidationError

from models.ports import Stored, Vault
from models.rules.batch_sheet import (
    LONGEST_LINE,
    Cells,
    Remark,
    csv_rows,
    day_text,
    json_rows,
    number_of,
    sheet_rows,
    unreadable,
)
from models.rules.batch_xlsx import xlsx_rows
from models.rules.batch_zip import Member, unpacked_member
from models.rules.errors import InvalidInput
from models.rules.nik import parse_nik
from models.rules.personal import normal_email, normal_name, normal_phone, normal_str_number
from models.services.inputs import HolderInput

Form = Literal["ndjson", "csv", "xlsx", "zip"]
MANIFESTS = ("manifest.csv", "manifest.ndjson", "manifest.jsonl", "manifest.xlsx")
MOST_MANIFEST = 64 * 1024 * 1024
_BLOCK = 256 * 1024
_SPOOL = 4 * 1024 * 1024
_YES = frozenset({"ya", "y", "true", "1", "yes"})
_LIFELONG = frozenset({"", "seumur hidup", "lifelong"})
_SEXES = {"l": "L", "laki-laki": "L", "p": "P", "perempuan": "P"}


class VaultFile(io.RawIOBase):
    """An object of the vault as a file that can be searched; it reads by the block and keeps one."""

    def __init__(self, vault: Vault, stored: Stored) -> None:
        self._vault, self._stored, self._at = vault, stored, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._stored.size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._vault.part(self._stored.sha256, self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def opened(vault: Vault, stored: Stored) -> io.BufferedReader:
    """The object as a buffered file."""
    return io.BufferedReader(VaultFile(vault, stored), _BLOCK)


def form_of(head: bytes, name: str) -> Form:
    """What an upload is, by its first bytes and its name. Raises InvalidInput."""
    suffix = name.lower().rpartition(".")[2]
    if head[:2] == b"PK":
        return "xlsx" if suffix == "xlsx" else "zip"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return "ndjson"
    if b"\0" in head or not head.strip():
        raise unreadable("Berkas ini bukan NDJSON, CSV, XLSX atau ZIP. Simpan dalam salah satu bentuk itu.")
    return "csv"


def manifest_of(names: Sequence[str]) -> str:
    """Which file of a zip lists the rows: `manifest.*`, else the only list at the top. Raises InvalidInput."""
    named = [name for name in names if name.rpartition("/")[2].lower() in MANIFESTS]
    found = named or [name for name in names if "/" not in name]
    if len(found) != 1:
        raise unreadable(
            "ZIP harus memuat satu daftar permohonan: manifest.csv, manifest.ndjson atau manifest.xlsx."
            f" Ditemukan {len(found)}."
        )
    return found[0]


def is_list(name: str) -> bool:
    """Whether a file of a zip may be its manifest."""
    return name.count("/") <= 1 and name.lower().endswith((".csv", ".ndjson", ".jsonl", ".xlsx"))


@contextmanager
def manifest_in(vault: Vault, stored: Stored, member: Member) -> Iterator[IO[bytes]]:
    """The manifest of a zip, unpacked beside memory, never beyond its bound."""
    if member.size > MOST_MANIFEST:
        raise unreadable(f"Daftar permohonan lebih besar dari {MOST_MANIFEST // 1024 // 1024} MB.")
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
        spool.write(unpacked_member(lambda at, size: vault.part(stored.sha256, at, size), member, MOST_MANIFEST))
        spool.seek(0)
        yield spool


@dataclass(slots=True)
class Sheet:
    """Columns as they came, and the rows still to be read. `columns` of NDJSON grow while it is read."""

    columns: list[str]
    rows: Iterator[Cells]


def sheet_of(file: IO[bytes], form: Form, known: Sequence[str]) -> Sheet:
    """The rows of a list. Raises InvalidInput, also while rows are drawn from it."""
    if form == "ndjson":
        columns: list[str] = []
        return Sheet(columns, _noting(json_rows(_lines(file)), columns))
    columns, rows = sheet_rows(xlsx_rows(file) if form == "xlsx" else csv_rows(_lines(file)), known)
    return Sheet(columns, rows)


def _noting(rows: Iterator[Cells], columns: list[str]) -> Iterator[Cells]:
    for cells in rows:
        columns.extend(name for name in cells if name not in columns and len(columns) < 200)
        yield cells


def _lines(file: IO[bytes]) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise unreadable(f"Satu baris lebih panjang dari {LONGEST_LINE // 1024} KB. Periksa tanda kutip dan baris.")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise unreadable("Berkas ini bukan teks UTF-8. Simpan ulang sebagai 'CSV UTF-8'.") from error


def holder_of(cells: Cells) -> tuple[HolderInput | None, list[Remark]]:
    """The applicant of a row; None with what is wrong, by column."""
    values, remarks = _values(cells)
    try:
        holder = HolderInput.model_validate(values)
    except ValidationError as error:
        known = {remark.column for remark in remarks}
        found = [_remark(str(item["loc"][0]), str(item["type"])) for item in error.errors(include_input=False)]
        return None, remarks + [remark for remark in found if remark.column not in known]
    return (None if remarks else holder), remarks or _doubts(holder)


def _values(cells: Cells) -> tuple[dict[str, Any], list[Remark]]:
    lifelong = cells.get("str_valid_until", "").lower() in _LIFELONG
    values: dict[str, Any] = {
        name: cells.get(name, "") for name in ("birth_place", "address", "workplace_name", "workplace_address")
    }
    values |= {
        "birth_date": day_text(cells.get("birth_date", "")),
        "sex": _SEXES.get(cells.get("sex", "").lower(), cells.get("sex", "")),
        "str_valid_until": None if lifelong else day_text(cells["str_valid_until"]),
        "place_order": number_of(cells.get("place_order", "") or "1"),
        "represented": cells.get("represented", "").lower() in _YES,
    }
    remarks: list[Remark] = []
    makers = {"name": normal_name, "str_number": normal_str_number, "phone": normal_phone, "email": normal_email}
    for name, make in makers.items():
        text = cells.get(name, "")
        if text or name in ("name", "str_number"):
            values[name] = _made(name, lambda make=make, text=text: make(text), remarks)
    values["nik"] = _made("nik", lambda: parse_nik(cells.get("nik", "")).digits, remarks)
    return values, remarks


def _made(column: str, make: Any, remarks: list[Remark]) -> str:
    try:
        return str(make())
    except InvalidInput as error:
        code = error.faults[0].code if error.faults else error.code
        more = " Simpan kolom NIK sebagai teks di Excel." if code == "nik-digits" else ""
        remarks.append(Remark(column, str(error) + more, code))
        return ""


_BY_TYPE = {
    "missing": "Belum diisi.",
    "string_too_short": "Belum diisi.",
    "string_too_long": "Terlalu panjang. Singkatkan.",
    "literal_error": "Tulis L untuk laki-laki atau P untuk perempuan.",
}


def _remark(column: str, kind: str) -> Remark:
    if kind.startswith("date"):
        return Remark(column, "Bukan tanggal. Tulis seperti 1990-01-31 atau 31-01-1990.", "date")
    if kind.startswith("int") or kind in ("greater_than_equal", "less_than_equal"):
        return Remark(column, "Tulis angka 1 sampai 20.", "number")
    return Remark(column, _BY_TYPE.get(kind, "Isi kolom ini tidak dapat diterima. Periksa lagi."), kind)


def _doubts(holder: HolderInput) -> list[Remark]:
    nik = parse_nik(holder.nik)
    found = []
    if not nik.born_on(holder.birth_date):
        found.append(Remark("birth_date", "Tidak sama dengan NIK. Periksa KTP.", "nik-birth", "warning"))
    if nik.sex != holder.sex:
        found.append(Remark("sex", "Tidak sama dengan NIK. Periksa KTP.", "nik-sex", "warning"))
    return found
