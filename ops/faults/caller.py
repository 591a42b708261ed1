"""One person at the counter's API who does not give up: an act is repeated under the same key until it is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from models.rules.errors import ParafError, TemporaryFailure

PATIENCE = 120.0
PAUSE = 0.25
LONGEST_PAUSE = 5.0
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same act may be tried again."""


class Refused(ParafError):
    """The counter said no: somebody else was faster, or the act was done already. Look again."""

    code = "refused"


class Caller:
    """A session of one person, renewed when it ends."""

    def __init__(self, base_url: str, username: str, password: str, over: threading.Event) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/v1", timeout=15)
        self._word, self._over = {"username": username, "password": password}, over

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return self._ask("GET", path, {}).json()

    def post(self, path: str, body: Mapping[str, Any], version: int | None = None) -> Any:
        """An act on a case as it was looked at; raises Refused."""
        own = {"Idempotency-Key": str(uuid4())} | ({"If-Match": f'"{version}"'} if version is not None else {})
        return self._ask("POST", path, own, json=dict(body)).json()

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("PUT", path, {}, json=dict(body)).json()

    def upload(self, path: str, name: str, media_type: str, data: bytes, fields: str) -> Any:
        return self._ask("PUT", path, {}, files={"file": (name, data, media_type)}, data={"fields": fields}).json()

    def _ask(self, method: str, path: str, headers: Mapping[str, str], **body: Any) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._over.is_set():
            answer = self._try(method, path, headers, body)
            if answer is None or answer.status_code in LATER:
                self._over.wait(_pause(answer))
            elif answer.status_code == httpx.codes.UNAUTHORIZED:
                self._sign_in()
            elif answer.is_error:
                raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            else:
                return answer
        raise TemporaryFailure(f"{method} {path} was not answered within {PATIENCE:.0f} s")

    def _try(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response | None:
        try:
            return self._http.request(method, path, headers=dict(headers), **body)
        except httpx.HTTPError:
            return None

    def _sign_in(self) -> None:
        answer = self._try("POST", "/session", {}, {"json": self._word})
        if answer is None or answer.is_error:
            self._over.wait(_pause(answer))
        else:
            self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"


def _pause(answer: httpx.Response | None) -> float:
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else PAUSE
