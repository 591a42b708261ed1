"""Applicants for the intake benchmark: each opens, describes, uploads and hands in over HTTP, on a line of his own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from models.rules.errors import PermanentFailure
from ops.samples.berkas import SampleFile
from ops.samples.people import applicant, holder_data

_BOUNDARY = "paraf-bench-7f3a9c1e"
_SECONDS = 120.0


class Line:
    """One connection to the counter, kept open; `headers` go with every request."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=_SECONDS)
        self._headers = dict(headers or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """The answer's JSON; raises PermanentFailure for a refusal or a line that breaks."""
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            answer = self._connection.getresponse()
            content = answer.read()
        except OSError as error:
            raise PermanentFailure(f"{method} {path}: the line broke: {type(error).__name__}") from error
        if answer.status >= http.client.BAD_REQUEST:
            raise PermanentFailure(f"{method} {path} answered {answer.status}: {content[:300]!r}")
        return json.loads(content) if content else None

    def hand_in(self, seed: int, berkas: Mapping[str, SampleFile], on: date) -> str:
        """A whole application from opening to submission; returns its id."""
        opened = self.say("POST", "/v1/applications", {"licence_code": "SIKRO", "application_type": "baru"}, {})
        path, mine = f"/v1/applications/{opened['id']}", {"Paraf-Link": opened["link"]}
        self.say("PUT", f"{path}/holder", dict(holder_data(applicant(seed, on=on))), mine)
        for code, file in berkas.items():
            kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
            self.ask("PUT", f"{path}/documents/{code}", form(file), {**mine, **kind})
        self.say("POST", f"{path}/submission", {}, {**mine, "If-Match": f'"{opened["version"]}"'})
        # The next applicant comes on a line of his own; an idle one would be cut by the server at any moment.
        self._connection.close()
        return str(opened["id"])

    def say(self, method: str, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Any:
        """A request with a JSON body and a name of its own."""
        own = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        return self.ask(method, path, json.dumps(body).encode(), {**headers, **own})


def signed_in(base_url: str, username: str, password: str) -> dict[str, str]:
    """Headers of somebody who signed in."""
    with Line(base_url) as line:
        session = line.say("POST", "/v1/session", {"username": username, "password": password}, {})
    return {"Authorization": f"Bearer {session['token']}"}


def form(file: SampleFile) -> bytes:
    """A file and its particulars as a browser's form sends them."""
    lines = (
        f"--{_BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="fields"\r\n\r\n'
        f"{json.dumps(file.fields)}\r\n"
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        f"Content-Type: {file.media_type}\r\n\r\n"
    )
    return b"".join((lines.encode(), file.data, f"\r\n--{_BOUNDARY}--\r\n".encode()))
