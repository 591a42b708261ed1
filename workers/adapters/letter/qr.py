"""What the QR code of a licence says: an address and, after `#`, a summary signed with Ed25519 that verifies offline.

The summary is binary in base64url: version (1 byte), licence date and last day of validity (days since 2000-01-01,
2 bytes each, 0xffff for a lifelong licence), SHA-256 of the blanko (32 bytes), number and holder's name (UTF-8, each
after its length in one byte), signature (64 bytes). The signature also covers the address's token.
"""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.rules.errors import InvalidInput
from models.rules.letter import LateFacts

EPOCH = date(2000, 1, 1)
LIFELONG = 0xFFFF
VERSION = 1
HEADER = struct.Struct(">BHH32s")
SIGNATURE = 64
CONTEXT = b"paraf licence summary 1\0"
LONGEST = 255
MASK = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """What a licence's QR code vouches for; `valid_until` None is lifelong."""

    number: str
    signed_on: date
    valid_until: date | None
    holder_name: str
    blanko_sha256: str


def summary_of(late: LateFacts) -> Summary:
    """The summary of a licence's late facts."""
    return Summary(late.number, late.signed_on, late.valid_until, late.holder_name, late.blanko_sha256)


def address(base_url: str, token: str) -> str:
    """The page that tells whether the licence stands: `{base_url}/v/{token}`."""
    return f"{base_url.rstrip('/')}/v/{token}"


def content(base_url: str, late: LateFacts, key: Ed25519PrivateKey) -> str:
    """The QR code's text: the address, `#`, the signed summary. Raises InvalidInput when a value is too long."""
    packed = _pack(summary_of(late))
    signature = key.sign(_signed_message(late.token, packed))
    return f"{address(base_url, late.token)}#{_base64(packed + signature)}"


def token(text: str) -> str:
    """The token in a QR code's text."""
    return text.partition("#")[0].rpartition("/")[2]


def read(text: str, keys: Iterable[Ed25519PublicKey]) -> Summary | None:
    """The summary in a QR code's text when one of `keys` signed it, else None."""
    fragment = text.partition("#")[2]
    try:
        raw = urlsafe_b64decode(fragment + "=" * (-len(fragment) % 4))
        packed, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        summary = _unpack(packed)
    except (ValueError, struct.error, IndexError, OverflowError):
        return None
    message = _signed_message(token(text), packed)
    return summary if any(_signed_by(key, signature, message) for key in keys) else None


def modules(text: str) -> tuple[bytes | bytearray, ...]:
    """The QR matrix of `text`, rows of 0 and 1, top first, without quiet zone; error correction M.

    The mask is fixed: weighing all eight takes 10 ms, and base64 of a signature is even under each of them.
    """
    return tuple(segno.make_qr(text, error="m", boost_error=False, mask=MASK).matrix)


def _signed_by(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _signed_message(token: str, packed: bytes) -> bytes:
    return CONTEXT + token.encode() + b"\0" + packed


def _pack(summary: Summary) -> bytes:
    until = LIFELONG if summary.valid_until is None else _days(summary.valid_until)
    head = HEADER.pack(VERSION, _days(summary.signed_on), until, bytes.fromhex(summary.blanko_sha256))
    return head + _pascal(summary.number) + _pascal(summary.holder_name)


def _unpack(packed: bytes) -> Summary:
    version, signed, until, digest = HEADER.unpack_from(packed)
    if version != VERSION:
        raise ValueError("unknown version")
    number, rest = _unpascal(packed[HEADER.size :])
    name, rest = _unpascal(rest)
    if rest:
        raise ValueError("trailing bytes")
    valid_until = None if until == LIFELONG else EPOCH + timedelta(days=until)
    return Summary(number, EPOCH + timedelta(days=signed), valid_until, name, digest.hex())


def _days(day: date) -> int:
    days = (day - EPOCH).days
    if not 0 <= days < LIFELONG:
        raise InvalidInput(f"The date {day} does not fit into a QR summary")
    return days


def _pascal(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > LONGEST:
        raise InvalidInput(f"Too long for a QR summary: {text[:40]}…")
    return bytes([len(raw)]) + raw


def _unpascal(raw: bytes) -> tuple[str, bytes]:
    length = raw[0]
    if len(raw) <= length:
        raise ValueError("short")
    return raw[1 : 1 + length].decode(), raw[1 + length :]


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
