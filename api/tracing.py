"""W3C trace context of each request, and one log line for it: no query strings, no NIKs."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import broken
from models.rules.masking import scrub
from models.services.tracing import TRACEPARENT

_GIVEN = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_QUIET = frozenset({"/livez", "/readyz"})
_SECRETS = ("{link}", "{token}")
log = structlog.get_logger()


def child_of(given: str) -> str:
    """A traceparent for this request: in the trace of `given` when that is well-formed, else in a new one."""
    found = _GIVEN.match(given)
    if found and set(found[1]) != {"0"} and set(found[2]) != {"0"}:
        return f"00-{found[1]}-{secrets.token_hex(8)}-{found[3]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


class Tracing:
    """Middleware that sets the trace, logs the request, and turns what nobody caught into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        TRACEPARENT.set(child_of(_header(scope, b"traceparent")))
        structlog.contextvars.bind_contextvars(trace_id=TRACEPARENT.get().split("-")[1])
        sent = _Sent(send)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            response = broken(error)
            if sent.status:  # too late to say so: the connection is cut by the server
                raise
            await response(scope, receive, sent)
        finally:
            _log(scope, sent.status, time.perf_counter() - began)


class _Sent:
    """Passes on what is sent; remembers the status and adds the trace."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (b"traceresponse", TRACEPARENT.get().encode())]
            message = {**message, "headers": headers}
        await self._send(message)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _log(scope: Scope, status: int, seconds: float) -> None:
    if scope["path"] in _QUIET and status == 200:
        return
    route = getattr(scope.get("route"), "path", "")
    # A link or a token in an address opens something: the log names its route only.
    path = route if any(part in route for part in _SECRETS) else scrub(scope["path"][:200])
    log.info("request", method=scope["method"], route=route, path=path, status=status, ms=round(seconds * 1000, 1))
