"""WhatsApp by a gateway of the office's choice; used only when its address is set.

The gateway takes `POST {"to": "+62...", "text": "..."}` with a bearer token and an `Idempotency-Key`.
"""

from __future__ import annotations

import re
from typing import Final

import httpx

from models.ports import Message
from models.rules.errors import DefinitionError, PermanentFailure, TemporaryFailure
from workers.adapters.courier_letter import digest

_BUSY: Final = {408, 409, 425, 429}
_OWN_TROUBLE: Final = {401, 403, 404, 405}
_COUNTRY: Final = "+62"


class WhatsAppCourier:
    """A `Courier` whose `message.to` is a phone number; numbers without a country are Indonesian."""

    def __init__(self, url: str, token: str, *, timeout: float = 20.0) -> None:
        parts = httpx.URL(url)
        if parts.scheme != "https" and parts.host not in {"127.0.0.1", "localhost", "::1"}:
            raise DefinitionError("The WhatsApp gateway must be reached by https://: names and a token travel over it.")
        self._url, self._token, self._timeout = parts, token, timeout

    def send(self, message: Message) -> None:
        """Hand the plain text over. A busy gateway or a refused token is temporary, a refused number is not."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": digest(message.key)}
        body = {"to": international(message.to), "text": f"*{message.subject}*\n\n{message.text}"}
        try:
            answer = httpx.post(self._url, json=body, headers=headers, timeout=self._timeout, follow_redirects=False)
        except httpx.HTTPError as error:
            raise TemporaryFailure(f"The WhatsApp gateway does not answer: {type(error).__name__}") from error
        _refuse(answer.status_code)


def international(phone: str) -> str:
    """`0812-3456-789` as `+628123456789`; raises PermanentFailure for what is no phone number."""
    digits = re.sub(r"[\s.\-()]+", "", phone)
    if digits.startswith("0"):
        digits = _COUNTRY + digits[1:]
    elif digits.startswith("62"):
        digits = f"+{digits}"
    if not re.fullmatch(r"\+[1-9]\d{7,14}", digits):
        raise PermanentFailure("The phone number can not be reached by WhatsApp.")
    return digits


def _refuse(status: int) -> None:
    if 200 <= status < 300:
        return
    temporary = status >= 500 or status in _BUSY or status in _OWN_TROUBLE or 300 <= status < 400
    kind = TemporaryFailure if temporary else PermanentFailure
    raise kind(f"The WhatsApp gateway answers {status}.")
