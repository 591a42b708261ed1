"""Webhooks as the Standard Webhooks specification has them: what is told, how it is signed, when it is tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64."""

PING: Final = "ping"
BATCH_FINISHED: Final = "batch.finished"
OF_A_CASE: Final[Mapping[str, str]] = {
    "return": "application.returned",
    "reject": "application.rejected",
    "withdraw": "application.withdrawn",
    "lapse": "application.lapsed",
    "finish_licence": "licence.issued",
    "void": "licence.voided",
    "licence_revoked": "licence.revoked",
    "licence_replaced": "licence.replaced",
}
"""Events of a case that its system is told of, by the kind of the office's own event."""

EventType = Literal[
    "application.returned", "application.rejected", "application.withdrawn", "application.lapsed",
    "licence.issued", "licence.voided", "licence.revoked", "licence.replaced", "batch.finished",
]  # fmt: skip
"""What an endpoint may ask for; `ping` comes when it is asked for."""

SCHEDULE: Final = tuple(
    timedelta(seconds=seconds) for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The wait before each attempt, the first at once: more than three days in all."""

JITTER: Final = 0.2
GIVE_UP_AFTER: Final = timedelta(days=5)
"""An endpoint that has failed for so long, with no success between, is switched off."""

LONGEST_REST: Final = timedelta(hours=24)
TROUBLED_AFTER: Final = 3
"""So many failures in a row, and the endpoint rests between attempts, whatever waits for it."""

_FIRST_REST: Final = timedelta(seconds=30)
_USUAL_REST: Final = timedelta(minutes=30)
QUICK: Final = timedelta(seconds=1)
SHARE: Final = 3
"""A slow endpoint rests this many times as long as it took: it keeps a sender for a quarter of the time at most."""


def type_of(kind: str, stage_from: str) -> str:
    """The type that an event of a case is told as, "" for what nobody is told of.

    A number that is voided before its licence was issued concerns the office alone.
    """
    return "" if kind == "void" and stage_from != "ready" else OF_A_CASE.get(kind, "")


def body_of(kind: str, at: datetime, data: Mapping[str, object]) -> str:
    """The payload, as it is signed and sent each time."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": moment, "data": data}, separators=(",", ":"))


def secret_text(secret: bytes) -> str:
    """A signing secret as it is handed over."""
    return PREFIX + base64.b64encode(secret).decode()


def signature(secret: str, message_id: str, seconds: int, body: str) -> str:
    """`v1,...`: HMAC-SHA256 over id, moment of the attempt and body; `secret` reads `whsec_...`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    made = hmac.new(key, f"{message_id}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def headers_of(message_id: str, at: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of one attempt, signed with every secret that is live."""
    seconds = int(at.timestamp())
    return {
        "content-type": "application/json",
        "user-agent": "Paraf-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(secret, message_id, seconds, body) for secret in secrets),
    }


def wait_before(attempt: int, chance: float) -> timedelta | None:
    """How long to wait before attempt number `attempt` (from 1); None when there is none. `chance` is from 0 to 1.

    Jitter only lengthens: what failed together does not come back together.
    """
    if attempt > len(SCHEDULE):
        return None
    return SCHEDULE[attempt - 1] * (1 + JITTER * chance)


def retry_after(value: str, now: datetime) -> timedelta:
    """What a Retry-After header asks for (seconds or a date), a day at most; nothing for what can not be read."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_REST)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(timedelta(0), min(at - now, LONGEST_REST))


def rest_after(failures: int, took: timedelta) -> timedelta:
    """How long an endpoint is left alone after an attempt that took so long; `failures` in a row, this one included."""
    if failures >= TROUBLED_AFTER:
        return min(_FIRST_REST * (1 << min(failures - TROUBLED_AFTER, 10)), _USUAL_REST)
    return took * SHARE if took > QUICK else timedelta(0)
