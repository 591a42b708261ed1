"""What a desk that need not know sees of personal values, and what a log may never hold."""

from __future__ import annotations

import re

from models.rules.nik import mask_nik

__all__ = ["mask_email", "mask_nik", "mask_phone", "scrub"]

_NIK_LIKE = re.compile(r"(?<![0-9A-Fa-f])\d{16}(?![0-9A-Fa-f])")
_KEPT_HEAD, _KEPT_TAIL = 4, 3


def mask_phone(text: str) -> str:
    """`0812*****890`: the first four and last three characters; all stars when little would stay hidden."""
    phone = re.sub(r"[\s.\-()]+", "", text)
    if len(phone) < _KEPT_HEAD + _KEPT_TAIL + 3:
        return "*" * len(phone)
    return f"{phone[:_KEPT_HEAD]}{'*' * (len(phone) - _KEPT_HEAD - _KEPT_TAIL)}{phone[-_KEPT_TAIL:]}"


def mask_email(text: str) -> str:
    """`s***@example.org`: the length of the name stays hidden too; all stars when it is no address."""
    name, at, domain = text.strip().rpartition("@")
    return f"{name[0]}***@{domain}" if at and name else "*" * len(text)


def scrub(text: str) -> str:
    """`text` with every run of exactly 16 digits masked as a NIK; longer numbers and hashes are left alone."""
    return _NIK_LIKE.sub(lambda found: mask_nik(found.group()), text)
