"""Argon2id for passwords and passphrases, through pwdlib."""

from __future__ import annotations

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher as Argon2

# OWASP's second choice for Argon2id: 19 MiB, two passes, one lane; about 20 ms here.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1


class Argon2Hasher:
    """`models.ports.SecretHasher`."""

    def __init__(self) -> None:
        self._hasher = PasswordHash([Argon2(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)])

    def hash(self, secret: str) -> str:
        return self._hasher.hash(secret)

    def verify(self, secret: str, hashed: str) -> bool:
        """False for a wrong secret and for a hash that is none."""
        try:
            return self._hasher.verify(secret, hashed)
        except PwdlibError:
            return False
