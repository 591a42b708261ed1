"""The code beneath a licence's QR code, for whoever has no camera: `7K3M-9QXA-2FHD`, read aloud and typed.

Crockford's Base32: no I, L, O or U; small letters and the look-alikes of 0 and 1 are read as what was meant.
"""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SIZE = len(ALPHABET)
LENGTH = 12
"""Eleven signs of five bits each, and one that checks them."""
GROUP = 4

_CONTEXT = b"paraf typed code 1\0"
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": "", "\u00a0": ""})


def code_of(token: str) -> str:
    """The code of a licence's token, without dashes: 55 bits of its hash, so that the code does not tell the token."""
    number = int.from_bytes(hashlib.sha256(_CONTEXT + token.encode()).digest(), "big")
    signs = "".join(ALPHABET[number >> 5 * place & SIZE - 1] for place in range(LENGTH - 1))
    return signs + _check_sign(signs)


def grouped(code: str) -> str:
    """As it is printed: groups of four with dashes."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(text: str) -> str | None:
    """The code in what somebody typed, None when it can be none: wrong length, foreign sign, or a slip of the hand."""
    code = text.strip().upper().translate(_LOOK_ALIKES)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return None
    return code if _check_sign(code[:-1]) == code[-1] else None


def _check_sign(signs: str) -> str:
    """Luhn's algorithm modulo 32: one wrong sign always shows, two neighbours changed places nearly always."""
    total = 0
    for place, sign in enumerate(reversed(signs)):
        value = ALPHABET.index(sign) * (1 if place % 2 else 2)
        total += value // SIZE + value % SIZE
    return ALPHABET[-total % SIZE]
