"""The register's columns, as files have them: a title and what stands below it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from models.rules.masking import mask_phone
from models.rules.numbering import JAKARTA
from models.services.register_book import masked, on_time_in_words
from models.services.register_lines import Line

Value = str | int | date | datetime | None
"""Moments are local to Jakarta and without a zone, as spreadsheets want them."""


def _local(at: datetime | None) -> datetime | None:
    return at.astimezone(JAKARTA).replace(tzinfo=None) if at else None


def _paraf(place: int) -> Callable[[Line], Value]:
    return lambda line: _local(line.parafs[place]) if place < len(line.parafs) else None


COLUMNS: tuple[tuple[str, Callable[[Line], Value]], ...] = (
    ("No.", lambda line: line.seq),
    ("No. pendaftaran", lambda line: line.registration_number),
    ("Diterima", lambda line: _local(line.received_at)),
    ("Nama", lambda line: line.name),
    ("NIK", lambda line: masked(line.nik_tail)),
    ("Tempat lahir", lambda line: line.birth_place),
    ("Tanggal lahir", lambda line: line.birth_date),
    ("Alamat", lambda line: line.address),
    ("Telepon", lambda line: mask_phone(line.phone)),
    ("Izin", lambda line: line.licence),
    ("Jenis permohonan", lambda line: line.application_type),
    ("No. STR", lambda line: line.str_number),
    ("STR sampai", lambda line: line.str_valid_until or "seumur hidup"),
    ("Tempat kerja", lambda line: line.workplace_name),
    ("Alamat tempat kerja", lambda line: line.workplace_address),
    ("Tempat ke-", lambda line: line.place_order),
    ("Lengkap", lambda line: _local(line.complete_at)),
    ("Blanko", lambda line: _local(line.blanko_at)),
    ("Paraf 1", _paraf(0)),
    ("Paraf 2", _paraf(1)),
    ("Paraf 3", _paraf(2)),
    ("Ditandatangani", lambda line: _local(line.signed_at)),
    ("Nomor surat izin", lambda line: line.number),
    ("Tanggal surat", lambda line: line.signed_on),
    ("Berlaku sampai", lambda line: line.valid_until),
    ("Diserahkan", lambda line: _local(line.handed_over_at)),
    ("Penerima", lambda line: line.receiver),
    ("Bukti", lambda line: line.proof),
    ("Hari kerja", lambda line: line.working_days),
    ("Tepat waktu", on_time_in_words),
    ("Keterangan", lambda line: line.remark),
)
