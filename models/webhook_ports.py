"""The door through which webhooks leave; the real adapter lives in `workers.adapters.webhook_sender`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What an endpoint answered: `excerpt` is the beginning of its body, as plain text on one line."""

    status: int
    retry_after: str = ""
    excerpt: str = field(default="", repr=False)


class WebhookSender(Protocol):
    """Sends one signed message to an address that a stranger typed."""

    def post(self, url: str, headers: Mapping[str, str], body: str) -> WebhookAnswer:
        """The answer, whatever its status; redirects are answers too.

        Raises TemporaryFailure when nothing answered in time, InvalidInput when the address may not be reached.
        """
        ...
