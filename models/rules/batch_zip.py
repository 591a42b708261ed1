"""The table of contents of a zip, read entry by entry: nothing is unpacked, and nothing unsafe is let in.

Formats: APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 (central directory, zip64). Only stored and deflated entries.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from models.rules.batch_sheet import unreadable
from models.rules.errors import InvalidInput

Read = Callable[[int, int], bytes]
"""Bytes from an offset, as many as asked for (fewer at the end)."""

MOST_MEMBERS: Final = 220_000
RATIO: Final = 200
"""Unpacked to packed: scans hardly shrink; a bomb is a thousand and more."""

_END: Final = struct.Struct("<4s4H2LH")
_END64_PLACE: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_TAIL: Final = 65_557
_BLOCK: Final = 512 * 1024
_JUNK: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_BROKEN: Final = "Berkas ZIP ini rusak atau tidak lengkap. Buat ulang ZIP-nya, lalu kirim lagi."


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip: `place` is where its local header begins, `method` 0 stored or 8 deflated."""

    name: str
    place: int
    packed: int
    size: int
    crc: int
    method: int


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes: the largest file, and all files unpacked."""

    file: int
    total: int


def members(read: Read, length: int, limits: Limits) -> Iterator[Member]:
    """Files of a zip of `length` bytes, one after the other. Raises InvalidInput with a sentence for what is unsafe."""
    start, size, count = _directory(read, length)
    packed = unpacked = 0
    for member in _entries(read, start, size, count):
        if member.name.endswith("/") or member.name.rpartition("/")[2] in _JUNK or member.name.startswith(_JUNK):
            continue
        packed, unpacked = packed + member.packed, unpacked + member.size
        _refuse_bomb(member, packed, unpacked, start, limits)
        yield member


def unpacked_member(read: Read, member: Member, limit: int) -> bytes:
    """The bytes of one file, checked against its length and CRC. Raises InvalidInput; never unpacks beyond `limit`."""
    if member.size > limit:
        raise InvalidInput(f"{member.name[-80:]}: lebih besar dari {limit // 1024 // 1024} MB.")
    head = read(member.place, _LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise unreadable(_BROKEN)
    *_, name_length, extra_length = _LOCAL.unpack(head)
    data = read(member.place + _LOCAL.size + name_length + extra_length, member.packed)
    found = data if member.method == 0 else _inflated(data, member.size)
    if len(found) != member.size or zlib.crc32(found) != member.crc:
        raise InvalidInput(f"{member.name[-80:]}: isinya di dalam ZIP rusak. Buat ulang ZIP-nya, lalu kirim lagi.")
    return found


def _inflated(data: bytes, size: int) -> bytes:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than it says: a longer stream shows, and never grows.
        return machine.decompress(data, size + 1)
    except zlib.error:
        return b""


def _directory(read: Read, length: int) -> tuple[int, int, int]:
    """Where the central directory begins, its bytes, its entries."""
    at = max(0, length - _TAIL)
    tail = read(at, length - at)
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise unreadable(_BROKEN)
    _, disk, first, _, count, size, start, _ = _END.unpack_from(tail, found)
    if disk or first:
        raise unreadable("ZIP yang terbagi beberapa bagian tidak diterima. Buat satu ZIP.")
    if 0xFFFFFFFF in (size, start) or count == 0xFFFF:
        start, size, count = _directory64(read, tail, found)
    if start + size > at + found or count > MOST_MEMBERS:
        raise unreadable(_BROKEN if count <= MOST_MEMBERS else f"ZIP memuat lebih dari {MOST_MEMBERS} berkas.")
    return start, size, count


def _directory64(read: Read, tail: bytes, found: int) -> tuple[int, int, int]:
    if found < _END64_PLACE.size or tail[found - _END64_PLACE.size :][:4] != b"PK\x06\x07":
        raise unreadable(_BROKEN)
    _, _, place, _ = _END64_PLACE.unpack_from(tail, found - _END64_PLACE.size)
    head = read(place, _END64.size)
    if len(head) < _END64.size or head[:4] != b"PK\x06\x06":
        raise unreadable(_BROKEN)
    *_, count, size, start = _END64.unpack(head)
    return start, size, count


def _entries(read: Read, start: int, size: int, count: int) -> Iterator[Member]:
    data, at, end = b"", start, start + size
    for _ in range(count):
        while len(data) < _ENTRY.size or len(data) < _entry_length(data):
            more = read(at, min(_BLOCK, end - at))
            if not more:
                raise unreadable(_BROKEN)
            data, at = data + more, at + len(more)
        length = _entry_length(data)
        yield _member(data[:length])
        data = data[length:]


def _entry_length(data: bytes) -> int:
    if data[:4] != b"PK\x01\x02":
        raise unreadable(_BROKEN)
    name, extra, comment = struct.unpack_from("<3H", data, 28)
    return _ENTRY.size + int(name) + int(extra) + int(comment)


def _member(entry: bytes) -> Member:
    fields = _ENTRY.unpack_from(entry)
    _, made, _, flags, method, _, _, crc, packed, size, name_length, extra_length, *rest = fields
    attributes, place = int(rest[3]), int(rest[4])
    raw = entry[_ENTRY.size : _ENTRY.size + name_length]
    name = raw.decode("utf-8" if flags & 0x800 else "cp437", errors="replace")
    if flags & 0x41:
        raise unreadable(f"{name[-80:]}: berkas di dalam ZIP terkunci. Buat ZIP tanpa kata sandi.")
    if method not in (0, 8):
        raise unreadable(f"{name[-80:]}: cara pemampatan ini tidak diterima. Buat ulang ZIP dengan cara biasa.")
    if made >> 8 == 3 and (attributes >> 16) & 0o170000 == 0o120000:
        raise unreadable(f"{name[-80:]}: tautan di dalam ZIP tidak diterima. Masukkan berkasnya sendiri.")
    _refuse_path(name)
    if 0xFFFFFFFF in (packed, size, place):
        size, packed, place = _long_sizes(entry, name_length, extra_length, (size, packed, place))
    return Member(name, place, packed, size, crc, method)


def _long_sizes(entry: bytes, name_length: int, extra_length: int, given: tuple[int, int, int]) -> tuple[int, int, int]:
    extra = entry[_ENTRY.size + name_length :][:extra_length]
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == 1:
            values = list(struct.unpack_from(f"<{length // 8}Q", extra[: 4 + length].ljust(4 + length, b"\0"), 4))
            found = [values.pop(0) if one == 0xFFFFFFFF and values else one for one in given]
            return found[0], found[1], found[2]
        extra = extra[4 + length :]
    raise unreadable(_BROKEN)


def _refuse_path(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    unsafe = name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name or len(name) > 300
    if unsafe or any(not sign.isprintable() for sign in name):
        raise unreadable(
            f"Nama berkas {name[:60]!r} di dalam ZIP menunjuk ke luar ZIP atau tidak wajar. Beri nama biasa."
        )


def _refuse_bomb(member: Member, packed: int, unpacked: int, end: int, limits: Limits) -> None:
    # Entries that lie over each other would say more packed bytes than the zip has.
    if packed > end or member.place + member.packed > end:
        raise unreadable("Isi ZIP ini saling bertumpuk. Buat ulang ZIP-nya, lalu kirim lagi.", "zip-bomb")
    if member.size > RATIO * max(member.packed, 64) or unpacked > limits.total:
        raise unreadable("Isi ZIP ini membesar tidak wajar ketika dibuka. Kirim berkas pindaian biasa.", "zip-bomb")
    if member.size > limits.file:
        raise unreadable(f"{member.name[-80:]}: lebih besar dari {limits.file // 1024 // 1024} MB. Perkecil.")
