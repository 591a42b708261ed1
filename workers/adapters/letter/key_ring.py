"""Officials' opened keys, each kept between the letters of its pile: opening one costs as much as the signature.

Never for another pile, never when the pile's last letter is done, and never for longer than a few seconds.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from uuid import UUID

from workers.adapters.letter.soft_keys import SoftKey, open_key

KEEP_SECONDS = 10.0
"""A key is let go so long after it was opened, used or not: far below the life of a pile's sealed passphrase."""

PILES = 4
"""Three officials give their paraf and the head signs at the same time; their letters take turns in the queue."""


@dataclass(frozen=True, slots=True)
class _Held:
    mark: bytes
    key: SoftKey
    end: threading.Timer


class KeyRing:
    """Holds one key a pile, of a few piles; `models.services.apply.KeyRing`. Safe for threads."""

    def __init__(self, keep_seconds: float = KEEP_SECONDS) -> None:
        self._guard = threading.RLock()
        self._salt = secrets.token_bytes(32)
        self._keep_seconds = keep_seconds
        self._pile: UUID | None = None
        self._held: dict[UUID, _Held] = {}

    @property
    def holds_key(self) -> bool:
        return bool(self._held)

    def turn_to(self, pile_id: UUID) -> None:
        """What is opened from now on is opened for this pile."""
        with self._guard:
            self._pile = pile_id

    def let_go(self, pile_id: UUID | None) -> None:
        """Forget the key that was opened for this pile, and open none for it until it is turned to again."""
        with self._guard:
            if self._pile == pile_id:
                self._pile = None
            if pile_id is not None and (held := self._held.pop(pile_id, None)) is not None:
                held.end.cancel()

    def open(self, material: bytes, passphrase: str) -> SoftKey:
        """The key in a PKCS#12 file, opened anew unless it was just opened for this pile with the same passphrase.

        Raises WrongPassphrase, PermanentFailure.
        """
        mark = hmac.digest(self._salt, passphrase.encode() + b"\0" + material, "sha256")
        with self._guard:
            pile = self._pile
            held = self._held.get(pile) if pile is not None else None
            if held is not None and hmac.compare_digest(held.mark, mark):
                return held.key
            key = open_key(material, passphrase)
            if pile is not None:
                self._keep(pile, mark, key)
            return key

    def _keep(self, pile: UUID, mark: bytes, key: SoftKey) -> None:
        self.let_go(pile)
        self._pile = pile
        while len(self._held) >= PILES:
            self.let_go(next(iter(self._held)))
        end = threading.Timer(self._keep_seconds, self._time_is_up, [pile, mark])
        end.daemon = True
        self._held[pile] = _Held(mark, key, end)
        end.start()

    def _time_is_up(self, pile: UUID, mark: bytes) -> None:
        with self._guard:
            held = self._held.get(pile)
            # A key opened anew for the same pile has a time of its own.
            if held is not None and held.mark == mark and held.end is threading.current_thread():
                del self._held[pile]
