"""Tells a signed PDF: its bytes are worth keeping, because any rewrite breaks the signature."""

from __future__ import annotations

from typing import Any

from pikepdf import ObjectType

from workers.adapters.inspect.pdf_walk import Walked, kind


def _whole_numbers(value: Any) -> list[int]:
    if kind(value) != ObjectType.array:
        return []
    numbers = list(value)
    return numbers if all(isinstance(number, int) for number in numbers) else []


def _covers(data: bytes, value: Any) -> bool:
    """Whether /ByteRange spares exactly one hexadecimal string within the file."""
    numbers = _whole_numbers(value.get("/ByteRange"))
    if len(numbers) != 4 or numbers[0] != 0:
        return False
    _, first, second, length = numbers
    within = 0 < first < second and second + length <= len(data)
    return within and data[first : first + 1] == b"<" and data[second - 1 : second] == b">"


def _is_signature(data: bytes, field: Any) -> bool:
    value = field.get("/V")
    if str(field.get("/FT", "")) != "/Sig" or kind(value) != ObjectType.dictionary:
        return False
    contents = bytes(value.get("/Contents", b"")) if "/Contents" in value else b""
    return contents[:1] == b"\x30" and _covers(data, value)


def is_signed(data: bytes, walked: Walked) -> bool:
    """Whether a signature field holds a DER signature over ranges of this very file.

    Usage rights of Adobe Reader (/Perms) are signatures too, but no field: a rewrite breaks them without harm.
    """
    return any(_is_signature(data, holder) for holder in walked.telling)
