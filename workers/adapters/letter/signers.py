"""Chooses the signer by where an official's key lives."""

from __future__ import annotations

from datetime import datetime

from models.ports import Credential, KeyKind
from models.rules.errors import PermanentFailure
from workers.adapters.letter.bsre import BsreClient
from workers.adapters.letter.signer import SoftSigner


class OfficeSigner:
    """`models.ports.Signer`: soft keys and the seal here, BSrE certificates at their service.

    A letter signed by BSrE gets the service's own invisible signature fields; the blanko's stay empty.
    """

    def __init__(self, soft: SoftSigner, bsre: BsreClient | None = None) -> None:
        self._soft = soft
        self._bsre = bsre

    def paraf(self, pdf: bytes, ordinal: int, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign `paraf{ordinal}`. Raises WrongPassphrase, TemporaryFailure, PermanentFailure."""
        if credential.kind is KeyKind.SOFT:
            return self._soft.paraf(pdf, ordinal, credential, secret, at)
        return self._elsewhere(pdf, credential, secret, f"Paraf {ordinal}")

    def sign(self, pdf: bytes, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign as the head of the office. Raises WrongPassphrase, TemporaryFailure, PermanentFailure."""
        if credential.kind is KeyKind.SOFT:
            return self._soft.sign(pdf, credential, secret, at)
        return self._elsewhere(pdf, credential, secret, "Tanda tangan")

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        """Sign `segel` with the office's key."""
        return self._soft.seal(pdf, at)

    def _elsewhere(self, pdf: bytes, credential: Credential, secret: str, reason: str) -> bytes:
        if credential.kind is not KeyKind.BSRE or self._bsre is None:
            raise PermanentFailure(f"No signer is set up for {credential.kind.value} keys")
        return self._bsre.sign(pdf, credential.material.decode(), secret, reason)
