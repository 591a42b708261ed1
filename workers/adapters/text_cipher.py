"""Short secrets at rest: AES-256-GCM, bound to whom they belong to; the key comes from the office's by HKDF."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.rules.errors import PermanentFailure
from workers.adapters.nik_cipher import NONCE, derived_key


class AesTextCipher:
    """`models.sign_in_ports.TextCipher`; `secret` is at least 32 random bytes, `purpose` keeps keys apart."""

    def __init__(self, secret: bytes, purpose: bytes = b"paraf one-time code seal") -> None:
        self._aead = AESGCM(derived_key(secret, purpose))

    def seal(self, text: str, context: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, text.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """Raises PermanentFailure when it was sealed under another key, for another, or is damaged."""
        try:
            return self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise PermanentFailure("A stored secret can not be opened with this office's key.") from error
