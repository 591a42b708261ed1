"""Batches as senders would make them: manifests in every form, zips with berkas, and zips that mean harm."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import xlsxwriter

from ops.samples.people import applicant, holder_data

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
THREE = ("surat_permohonan", "ktp", "pas_foto")
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 60


def cells(seed: int, **changes: str) -> dict[str, str]:
    """One row with three files."""
    holder = {name: value or "" for name, value in holder_data(applicant(seed)).items()}
    files = {code: f"{seed}/{code}.{'jpg' if code == 'pas_foto' else 'pdf'}" for code in THREE}
    return {"key": f"RS-{seed}", **holder, **files, **changes}


def files_of(*seeds: int) -> dict[str, bytes]:
    """The berkas that the rows name; each file is its own."""
    return {
        f"{seed}/{code}.{'jpg' if code == 'pas_foto' else 'pdf'}": (JPEG if code == "pas_foto" else PDF)
        + f"%{seed}{code}".encode()
        for seed in seeds
        for code in THREE
    }


def as_csv(rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> bytes:
    """A CSV with the columns of the first row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_ndjson(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_xlsx(rows: Sequence[Mapping[str, object]]) -> bytes:
    """A workbook whose cells have the types of the values."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(rows[0]))
        for place, row in enumerate(rows, 1):
            sheet.write_row(place, 0, list(row.values()))
    return out.getvalue()


def as_zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            # One moment for all: the same files make the same zip.
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 9, 0, 0)), data, method)
    return out.getvalue()


def a_batch(*seeds: int, **changes: str) -> bytes:
    """A zip of rows with their berkas."""
    rows = [cells(seed, **changes) for seed in seeds]
    return as_zip({"manifest.csv": as_csv(rows), **files_of(*seeds)})


@dataclass
class ClearCipher:
    """A text cipher that only binds to its context."""

    sealed: list[bytes] = field(default_factory=list)

    def seal(self, text: str, context: str) -> bytes:
        return f"{context}\0{text[::-1]}".encode()

    def open(self, sealed: bytes, context: str) -> str:
        bound, _, text = sealed.decode().partition("\0")
        assert bound == context
        return text[::-1]


def lying(data: bytes, **fields: int) -> bytes:
    """A zip whose first central entry says something else: size, packed, flags, method or place."""
    at = data.index(b"PK\x01\x02")
    places = {"flags": (8, "<H"), "method": (10, "<H"), "packed": (20, "<L"), "size": (24, "<L"), "place": (42, "<L")}
    found = bytearray(data)
    for name, value in fields.items():
        offset, form = places[name]
        struct.pack_into(form, found, at + offset, value)
    return bytes(found)
