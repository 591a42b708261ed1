"""An official's opened key, kept between the letters of one pile: opening it costs as much as the signature.

Never for another pile, never when the pile's last letter is done, and never for longer than a few seconds.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from uuid import UUID

from workers.adapters.letter.soft_keys import SoftKey, open_key

KEEP_SECONDS = 10.0
"""A key is let go so long after it was opened, used or not: far below the life of a pile's sealed passphrase."""


class KeyRing:
    """Holds one key at most; `models.services.apply.KeyRing`. Safe for threads."""

    def __init__(self, keep_seconds: float = KEEP_SECONDS) -> None:
        self._guard = threading.RLock()
        self._salt = secrets.token_bytes(32)
        self._keep_seconds = keep_seconds
        self._pile: UUID | None = None
        self._held: tuple[bytes, SoftKey] | None = None
        self._end: threading.Timer | None = None

    @property
    def holds_key(self) -> bool:
        return self._held is not None

    def turn_to(self, pile_id: UUID | None) -> None:
        """Let go of a key that was opened for another pile; with None, of any, and keep none from now on."""
        with self._guard:
            if pile_id is None or pile_id != self._pile:
                self._let_go()
            self._pile = pile_id

    def open(self, material: bytes, passphrase: str) -> SoftKey:
        """The key in a PKCS#12 file, opened anew unless it was just opened for this pile with the same passphrase.

        Raises WrongPassphrase, PermanentFailure.
        """
        mark = hmac.digest(self._salt, passphrase.encode() + b"\0" + material, "sha256")
        with self._guard:
            if self._held is not None and hmac.compare_digest(self._held[0], mark):
                return self._held[1]
            key = open_key(material, passphrase)
            self._let_go()
            if self._pile is not None:
                self._keep(mark, key)
            return key

    def _keep(self, mark: bytes, key: SoftKey) -> None:
        held = self._held = (mark, key)
        self._end = threading.Timer(self._keep_seconds, self._time_is_up, [held])
        self._end.daemon = True
        self._end.start()

    def _time_is_up(self, held: tuple[bytes, SoftKey]) -> None:
        with self._guard:
            if self._held is held:
                self._let_go()

    def _let_go(self) -> None:
        self._held = None
        if self._end is not None:
            self._end.cancel()
            self._end = None
