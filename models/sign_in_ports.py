"""Doors to what proves who a person is; real adapters live in `workers.adapters`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class TextCipher(Protocol):
    """Keeps a short secret that the office itself must read again unreadable at rest."""

    def seal(self, text: str, context: str) -> bytes: ...

    def open(self, sealed: bytes, context: str) -> str:
        """Raises PermanentFailure for another context or key."""
        ...


class OneTimeCodes(Protocol):
    """Time-based one-time codes (RFC 6238): six digits, thirty seconds."""

    def new_secret(self) -> str: ...

    def step_of(self, secret: str, code: str, at: datetime) -> int | None:
        """The time step that `code` belongs to, one before and after the present allowed; None when it is wrong."""
        ...

    def address(self, secret: str, account: str, issuer: str) -> str:
        """The `otpauth://` address that an authenticator app scans."""
        ...


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator made: its id, its public key (COSE) and its counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Passkeys(Protocol):
    """WebAuthn ceremonies; options are JSON for the browser, answers are JSON from it."""

    def offer(self, person_id: bytes, username: str, name: str, challenge: bytes, known: Sequence[bytes]) -> str: ...

    def accept(self, answer: str, challenge: bytes) -> NewPasskey:
        """Raises InvalidInput for an answer that does not hold."""
        ...

    def ask(self, challenge: bytes, known: Sequence[bytes] = ()) -> str:
        """`known` empty: the browser offers every passkey that it has for this office."""
        ...

    def named(self, answer: str) -> bytes:
        """The credential id that an answer names; raises InvalidInput."""
        ...

    def check(self, answer: str, challenge: bytes, public_key: bytes, sign_count: int) -> int:
        """The authenticator's new counter; raises InvalidInput for an answer that does not hold."""
        ...


@dataclass(frozen=True, slots=True)
class OidcStep:
    """What is kept while a person is away at the other sign-in: replies without it are refused."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class SingleSignOn(Protocol):
    """A sign-in that another server vouches for (OpenID Connect, authorization code with PKCE)."""

    def depart(self, state: str, step: OidcStep, back: str) -> str:
        """The address to send the browser to. Raises TemporaryFailure."""
        ...

    def arrive(self, code: str, step: OidcStep, back: str, at: datetime) -> dict[str, Any]:
        """The verified claims about the person. Raises NotSignedIn, TemporaryFailure."""
        ...
