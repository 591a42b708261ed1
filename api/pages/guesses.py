"""Public pages that could be guessed at: each wrong guess is counted by address, and many of them have to wait."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from fastapi import Request

from api.login_delay import ADDRESS, Patience, count_attempt
from api.wiring import ApiOffice

SUBJECT = Patience(free=5, longest=600)
"""For one number: whoever knows four digits of a phone is through, others must not get to try ten thousand."""


def address_of(request: Request) -> str:
    """Where a request came from; the server believes a proxy's header only from the proxies it was told."""
    return request.client.host if request.client else ""


def of_guess(request: Request, what: str, subject: str = "") -> Mapping[str, Patience]:
    """Counters of a guess: by address, and by what is guessed at, which is hashed."""
    counters = {f"guess:{what}:{address_of(request)}": ADDRESS}
    if subject:
        counters[f"guess:{what}:{hashlib.sha256(subject.casefold().encode()).hexdigest()[:32]}"] = SUBJECT
    return counters


def too_many_guesses(office: ApiOffice, request: Request, what: str) -> None:
    """Count a wrong guess; raises TooManyAttempts while its address must wait."""
    count_attempt(office, of_guess(request, what))
