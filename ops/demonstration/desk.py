"""One signed-in person at the counter's API: every act is an HTTP call, every refusal an error with its problem."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx

from models.rules.errors import ParafError, TemporaryFailure

PAUSE = 0.05


class Refused(ParafError):
    """The API refused a call; the message is its problem's title and detail."""

    code = "refused"


class Desk:
    """A session of one person. Paths are below `/v1`; `If-Match` goes with every act on a case."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.username = username
        self._http = httpx.Client(base_url=f"{base_url}/v1", timeout=30)
        answer = self._call("POST", "/session", json={"username": username, "password": password})
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, params=query).json()

    def download(self, path: str) -> bytes:
        return self._call("GET", path).content

    def post(self, path: str, body: Mapping[str, Any] | None = None, version: int | None = None) -> Any:
        """An act; `version` is the case's version as it was looked at."""
        headers = {"Idempotency-Key": str(uuid4())} | ({"If-Match": f'"{version}"'} if version is not None else {})
        answer = self._call("POST", path, json=dict(body or {}), headers=headers)
        return answer.json() if answer.content else None

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, json=dict(body)).json()

    def upload(self, path: str, name: str, media_type: str, data: bytes, fields: str) -> Any:
        """One document of a berkas; `fields` is JSON."""
        return self._call("PUT", path, files={"file": (name, data, media_type)}, data={"fields": fields}).json()

    def wait_for(self, application_id: str, stages: set[str], seconds: float = 60) -> Any:
        """The application once it stands in one of `stages`; raises TemporaryFailure when it does not get there."""
        return until(lambda: self._in(application_id, stages), f"{application_id} to reach {sorted(stages)}", seconds)

    def _in(self, application_id: str, stages: set[str]) -> Any:
        case = self.get(f"/applications/{application_id}")
        if case["set_aside"]:
            raise Refused(f"{application_id} was set aside: {case['set_aside_reason']}")
        return case if case["stage"] in stages else None

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._http.request(method, path, **options)
        if answer.is_error:
            raise Refused(f"{method} {path}: {answer.status_code} {_problem(answer)}")
        return answer


def _problem(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:200]
    faults = "; ".join(f"{e.get('pointer')}: {e.get('detail') or e.get('message')}" for e in body.get("errors", ()))
    return f"{body.get('title')}: {body.get('detail')} {faults}".strip()


def until(ask: Callable[[], Any], what: str, seconds: float) -> Any:
    """The first answer of `ask` that is something; raises TemporaryFailure after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise TemporaryFailure(f"Waited {seconds:.0f} s for {what}; see the logs of the office.")
        time.sleep(PAUSE)
    return answer
