"""What a system is told of its share of the office (draft-ietf-httpapi-ratelimit-headers), on every answer it gets."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.wiring import ApiOffice
from models.services.api_keys import KeyHolder
from models.services.client_rates import MINUTE, Share, count_request, refuse_excess

_SHARE = "client_share"


def take_share(request: Request, office: ApiOffice, held: KeyHolder) -> None:
    """Count a request of a system; raises TooManyRequests when its minute is used up."""
    assert held.actor.client_id is not None
    share = count_request(office.db, office.clock, held.actor.client_id, held.rate_per_minute)
    setattr(request.state, _SHARE, share)
    refuse_excess(share)


class RateHeaders:
    """Adds `RateLimit-Policy` and `RateLimit` where a system asked; people are not counted and hear nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            share = _share_of(scope)
            if message["type"] == "http.response.start" and share is not None:
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"client";q={share.limit};w={int(MINUTE.total_seconds())}'
                headers["RateLimit"] = f'"client";r={share.left};t={share.seconds}'
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _share_of(scope: Scope) -> Share | None:
    state: dict[str, Any] = scope.get("state") or {}
    found = state.get(_SHARE)
    return found if isinstance(found, Share) else None
