"""What holds for every request and answer: headers, size limits, and no acting from other sites' pages."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import of_error
from api.refusals import CrossSite, TooLarge

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
KIB = 1024
JSON_LIMIT = 1024 * KIB
FORM_ROOM = 64 * KIB
"""Room in an upload for the form around the file."""

BATCHES = ("/v1/batches", "/batch")
"""Where one request may carry a whole batch; it is never held in memory."""

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=63072000; includeSubDomains"


class SecurityHeaders:
    """Adds the headers that an answer did not set itself."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, **({"Strict-Transport-Security": _HSTS} if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class SameSiteOnly:
    """Refuses unsafe requests that a browser sent from a page of another origin.

    Fetch metadata decides, else the Origin header; programs send neither, and an Authorization header can not be sent
    across sites without our leave.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._own = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and not self._allowed(Headers(scope=scope)):
            refusal = CrossSite("This came from a page of another site: open the office's own address and repeat it.")
            await of_error(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allowed(self, headers: Headers) -> bool:
        if "authorization" in headers:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc in {headers.get("host"), self._own}


class BodyLimit:
    """Refuses a body by its Content-Length before a byte is read, and cuts one off that grows past the limit."""

    def __init__(self, app: ASGIApp, upload_bytes: int, batch_bytes: int = 0) -> None:
        self._app = app
        self._upload, self._batch = upload_bytes + FORM_ROOM, batch_bytes + FORM_ROOM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._batch if scope["path"] in BATCHES else self._upload if upload else JSON_LIMIT
        counter = _Counter(receive, limit)
        sent = _Started(send)
        try:
            counter.announced(headers.get("content-length", ""))
            await self._app(scope, counter, sent)
        except _PastLimit as error:
            if sent.started:
                raise
            await of_error(error.refusal)(scope, receive, send)


class _PastLimit(BaseException):
    """Passes every handler on its way to BodyLimit: a framework that reads the body would call it malformed."""

    def __init__(self, limit: int) -> None:
        self.refusal = TooLarge(
            f"Kiriman ini lebih besar dari {limit // KIB} KiB. Perkecil atau pindai ulang dengan resolusi lebih rendah,"
            " lalu kirim lagi."
        )


class _Started:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


class _Counter:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit, self._seen = receive, limit, 0

    def announced(self, length: str) -> None:
        if length.isascii() and length.isdigit() and int(length[:19]) > self._limit:
            raise _PastLimit(self._limit)

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise _PastLimit(self._limit)
        return message
