"""Every kind of problem that the API answers with: one table, for the answers and for their pages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from api import refusals
from models.rules import errors
from models.rules.sniffing import UnsupportedFile
from models.services.client_rates import TooManyRequests


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem; `mend` says to an integrator what it means and what to do."""

    code: str
    status: int
    title: str
    mend: str


def _read() -> dict[str, Kind]:
    rows = tomllib.loads(Path(__file__).with_name("problem_kinds.toml").read_text(encoding="utf-8"))
    return {code: Kind(code, row["status"], row["title"], row["mend"]) for code, row in rows.items()}


KINDS = _read()

_BY_ERROR: dict[type[errors.ParafError], str] = {
    errors.ParafError: "internal",
    errors.InvalidInput: "invalid-input",
    errors.NotFound: "not-found",
    errors.Forbidden: "forbidden",
    errors.NotSignedIn: "not-signed-in",
    errors.WrongStage: "wrong-stage",
    errors.StaleVersion: "stale-version",
    errors.AlreadyDone: "already-done",
    errors.WrongPassphrase: "wrong-passphrase",
    errors.TemporaryFailure: "temporary",
    errors.PermanentFailure: "internal",
    refusals.MalformedRequest: "malformed-request",
    refusals.PreconditionRequired: "precondition-required",
    refusals.IdempotencyKeyMissing: "idempotency-key-missing",
    refusals.CrossSite: "cross-site",
    refusals.TooLarge: "too-large",
    UnsupportedFile: "unsupported-file",
    refusals.TooManyAttempts: "too-many-attempts",
    TooManyRequests: "too-many-requests",
}

_BY_STATUS = {
    400: "malformed-request", 401: "not-signed-in", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
    406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type", 422: "invalid-input", 503: "temporary",
}  # fmt: skip


def kind_of(error: errors.ParafError) -> Kind:
    """The kind of an error: its own code's when that is in the table, else its nearest ancestor's."""
    if error.code in KINDS:
        return KINDS[error.code]
    return next(KINDS[_BY_ERROR[base]] for base in type(error).__mro__ if base in _BY_ERROR)


def kind_of_status(status: int) -> Kind:
    """The kind that the framework's own refusals belong to."""
    return KINDS[_BY_STATUS.get(status, "internal" if status >= 500 else "malformed-request")]
