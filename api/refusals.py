"""Refusals that only HTTP knows: they join the error tree of `models.rules.errors`."""

from __future__ import annotations

from models.rules.errors import ParafError


class MalformedRequest(ParafError):
    """The request itself can not be read; correct it and send it again."""

    code = "malformed-request"


class PreconditionRequired(ParafError):
    """Acts name the version that was looked at: send If-Match with the ETag of your last GET."""

    code = "precondition-required"


class IdempotencyKeyMissing(ParafError):
    """A request that makes something names itself, so that it can be repeated without making it twice."""

    code = "idempotency-key-missing"


class CrossSite(ParafError):
    """A browser sent this from a page of another site; nothing was done."""

    code = "cross-site"


class TooLarge(ParafError):
    """More bytes than the office takes."""

    code = "too-large"


class TooManyAttempts(ParafError):
    """Too many failed sign-ins: wait, then try again. The account is never locked for good."""

    code = "too-many-attempts"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
