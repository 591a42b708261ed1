"""NIKs at rest: AES-256-GCM to keep them, HMAC-SHA-256 to find them; both keys come from one secret by HKDF."""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.rules.errors import PermanentFailure

NONCE = 12


class AesNikCipher:
    """`models.ports.NikCipher`; `secret` is at least 32 random bytes."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(derived_key(secret, b"paraf nik seal"))
        self._blind_key = derived_key(secret, b"paraf nik blind index")

    def seal(self, nik: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, nik.encode(), None)

    def open(self, sealed: bytes) -> str:
        """Raises PermanentFailure when it was sealed under another key or is damaged."""
        try:
            return self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()
        except (InvalidTag, ValueError) as error:
            raise PermanentFailure("A stored NIK can not be opened with this office's key.") from error

    def blind(self, nik: str) -> bytes:
        return hmac.digest(self._blind_key, nik.encode(), "sha256")


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
