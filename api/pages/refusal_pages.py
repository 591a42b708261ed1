"""Problems as pages: who asked for HTML reads a sentence, programs keep their problem+json."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pages.rendering import Pages, Visitor, html_answer
from api.pages.words import refusal_words

PROBLEM = "application/problem+json"
_KEPT = ("retry-after", "allow", "www-authenticate", "set-cookie", "traceresponse")


class RefusalPages:
    """Turns a problem+json answer into a page when the asker prefers HTML; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not wants_html(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        held = _Held(send)
        await self._app(scope, receive, held)
        if held.headers is not None:
            problem = json.loads(held.body)
            answer = refusal_page(scope["app"].state.pages, problem, Headers(scope=scope), scope["path"])
            for name, value in held.headers.items():
                if name in _KEPT:
                    answer.headers.append(name, value)
            await answer(scope, receive, send)


class _Held:
    """Keeps a problem back and lets every other answer go on its way."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: Headers | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if headers.get("content-type", "").startswith(PROBLEM):
                self.headers = headers
                return
        elif self.headers is not None:
            self.body += message.get("body", b"")
            return
        await self._send(message)


def wants_html(headers: Headers) -> bool:
    """A browser names text/html; programs name JSON or anything."""
    accepted = headers.get("accept", "")
    html, problem = accepted.find("text/html"), accepted.find("json")
    return html >= 0 and (problem < 0 or html < problem)


def refusal_page(pages: Pages, problem: dict[str, Any], asked: Headers, path: str = "/") -> HTMLResponse:
    """The page of one problem. Sentences of faults are shown: they are written for applicants."""
    context = {
        "words": refusal_words(problem["code"]),
        "status": problem["status"],
        "code": problem["code"],
        "trace": problem.get("trace_id", ""),
        "sentences": [item["message"] for item in problem.get("errors", ())],
    }
    html = pages.render("refusal.html", context, visitor=Visitor(), path=path)
    return html_answer(html, asked, problem["status"])
