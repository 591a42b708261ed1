"""What leaves a batch as files: errors.csv to mend and send again, and at the end a zip of the licences."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import xlsxwriter
from sqlalchemy import text
from sqlmodel import Session

from models.db import Database
from models.ports import Clock, Vault
from models.rules.batch_sheet import REMARKS, escaped
from models.rules.dates import long_date
from models.rules.errors import NotFound
from models.services.batch_control import BUNDLE
from models.services.batch_intake import row_context
from models.services.keeping import keep_object
from models.services.side_job import run_job
from models.sign_in_ports import TextCipher
from models.tables.batch import Batch

_PORTION: Final = 200
_SPOOL: Final = 8 * 1024 * 1024
_LARGEST: Final = 64 * 1024 * 1024 * 1024
_HEADS: Final = ("Kunci", "Nomor pendaftaran", "Nama", "Nomor izin", "Tanggal", "Berlaku sampai", "Berkas", "SHA-256")

_WRONG: Final = text(
    """SELECT r.row, r.cells, r.errors, r.state, (
            SELECT jsonb_agg(jsonb_build_object('column', d.requirement,
                     'message', trim(d.reason || ' ' || d.note)) ORDER BY d.id)
              FROM deficiency d WHERE d.application_id = r.application_id AND d.resolved_at IS NULL) AS lacking
         FROM batch_row r LEFT JOIN application a ON a.id = r.application_id
        WHERE r.batch_id = :batch AND r.row > :after AND r.cells <> ''
          AND (r.state IN ('refused', 'cancelled') OR a.stage IN ('returned', 'lapsed')) ORDER BY r.row LIMIT :limit"""
)
_ISSUED: Final = text(
    """SELECT r.row, r.key, a.registration_number, h.name, e.number, e.signed_on, l.valid_until, l.sha256
         FROM batch_row r JOIN application a ON a.id = r.application_id JOIN holder_data h ON h.application_id = a.id
         JOIN licence l ON l.application_id = a.id AND l.status = 'valid' AND l.sha256 <> ''
         JOIN register_entry e ON (e.series, e.year, e.seq) = (l.series, l.year, l.seq)
        WHERE r.batch_id = :batch AND r.row > :after ORDER BY r.row LIMIT :limit"""
)


def errors_csv(db: Database, cipher: TextCipher, batch: Batch) -> Iterator[str]:
    """Rows that were refused, cancelled or returned, in their own columns with row, column and message beside them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*batch.columns, *REMARKS])
    after = 0
    while True:
        with db.transaction() as session:
            rows = session.execute(_WRONG, {"batch": batch.id, "after": after, "limit": _PORTION}).all()
        for row, sealed, errors, _, lacking in rows:
            cells = json.loads(cipher.open(bytes(sealed), row_context(batch.id, row)))
            said = [*(one for one in errors if one.get("grade", "error") == "error"), *(lacking or [])]
            own = [escaped(cells.get(name, "")) for name in batch.columns]
            writer.writerow([*own, row, *_told(said or errors)])
            after = row
        yield out.getvalue()
        out.seek(0)
        out.truncate()
        if len(rows) < _PORTION:
            return


def _told(remarks: Sequence[dict[str, Any]]) -> tuple[str, str]:
    columns = list(dict.fromkeys(str(one["column"]) for one in remarks))
    return "; ".join(columns), " | ".join(f"{one['column']}: {one['message']}" for one in remarks)


def bundle(db: Database, clock: Clock, vault: Vault, batch_id: UUID, generation: int) -> bool:
    """Make the zip of a batch's licences with a register sheet; streamed, so that its size costs no memory."""
    return run_job(db, clock, BUNDLE, batch_id, generation, lambda: _bundle(db, clock, vault, batch_id))


def _bundle(db: Database, clock: Clock, vault: Vault, batch_id: UUID) -> None:
    with db.transaction() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        if batch.bundle_sha256:
            return
    stored = vault.put_stream(_zipped(db, vault, batch_id, clock.now()), _LARGEST)
    with db.transaction() as session:
        keep_object(session, stored.sha256)
        row = session.get_one(Batch, batch_id, with_for_update=True)
        row.bundle_sha256, row.bundle_size, row.bundle_made_at = stored.sha256, stored.size, clock.now()
        session.add(row)


@dataclass(frozen=True, slots=True)
class _Issued:
    row: int
    key: str
    registration_number: str
    name: str
    number: str
    signed_on: Any
    valid_until: Any
    sha256: str

    @property
    def file(self) -> str:
        plain = "".join(sign if sign.isalnum() or sign in ".-_" else "-" for sign in self.number)
        return f"izin/{self.row:05d}-{plain}.pdf"


class _Sink(io.RawIOBase):
    """What the zip writes, taken away portion by portion."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _zipped(db: Database, vault: Vault, batch_id: UUID, now: datetime) -> Iterator[bytes]:
    sink = _Sink()
    moment = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    with (
        tempfile.SpooledTemporaryFile(max_size=_SPOOL) as sheet,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive,
    ):
        book = xlsxwriter.Workbook(sheet, {"constant_memory": True})
        page = book.add_worksheet("Register")
        page.write_row(0, 0, _HEADS)
        for place, one in enumerate(_issued(db, batch_id), 1):
            days = (long_date(one.signed_on), long_date(one.valid_until) if one.valid_until else "")
            cells = (one.key, one.registration_number, one.name, one.number, *days, one.file, one.sha256)
            for column, cell in enumerate(cells):
                page.write_string(place, column, cell)
            with archive.open(zipfile.ZipInfo(one.file, moment), "w") as entry:
                for chunk in vault.stream(one.sha256):
                    entry.write(chunk)
                    yield sink.taken()
        book.close()
        sheet.seek(0)
        with archive.open(zipfile.ZipInfo("register.xlsx", moment), "w") as entry:
            while chunk := sheet.read(256 * 1024):
                entry.write(chunk)
                yield sink.taken()
        archive.close()
        yield sink.taken()


def _issued(db: Database, batch_id: UUID) -> Iterator[_Issued]:
    after = 0
    while True:
        with db.transaction() as session:
            rows = _page(session, batch_id, after)
        yield from rows
        if len(rows) < _PORTION:
            return
        after = rows[-1].row


def _page(session: Session, batch_id: UUID, after: int) -> list[_Issued]:
    values = {"batch": batch_id, "after": after, "limit": _PORTION}
    return [_Issued(*row) for row in session.execute(_ISSUED, values)]
