"""Seals a step-up secret for the signing worker: libsodium's sealed box (X25519, XSalsa20-Poly1305) by PyNaCl."""

from __future__ import annotations

import json
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from models.rules.errors import PermanentFailure

UNOPENED = "A sealed secret can not be opened: it was sealed for another key, or it is damaged."


class BoxSealer:
    """`models.ports.Sealer`: holds the public half, so whoever seals can not open."""

    def __init__(self, public_key: bytes) -> None:
        self._box = SealedBox(PublicKey(public_key))

    def seal(self, secret: str, context: str) -> bytes:
        return bytes(self._box.encrypt(json.dumps([context, secret]).encode()))


class BoxUnsealer:
    """`models.ports.Unsealer`: holds the private half, in the signing worker alone."""

    def __init__(self, private_key: bytes) -> None:
        self._box = SealedBox(PrivateKey(private_key))

    def open(self, sealed: bytes, context: str) -> str:
        """Raises PermanentFailure when it was sealed for another context or key."""
        try:
            bound, secret = json.loads(self._box.decrypt(sealed))
        except (CryptoError, ValueError) as error:
            raise PermanentFailure(UNOPENED) from error
        if bound != context:
            raise PermanentFailure("A sealed secret was presented for another pile; it was not used.")
        return str(secret)


def key_from(path: Path) -> bytes:
    """32 bytes from a file of 64 hexadecimal digits."""
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
