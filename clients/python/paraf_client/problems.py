"""Refusals of the API (RFC 9457) as exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that is wrong: `where` is a JSON pointer into the body, or a parameter's name."""

    where: str
    message: str
    code: str


class Problem(Exception):
    """The office refused a request: `code` is stable, `detail` says how to mend it, `trace_id` finds it in the logs."""

    def __init__(self, status: int, body: dict[str, Any], original: str = "") -> None:
        self.status = status
        self.code = str(body.get("code", "unreadable"))
        self.detail = str(body.get("detail", ""))
        self.trace_id = str(body.get("trace_id", ""))
        self.original = original
        self.errors = [
            Fault(str(one.get("pointer", one.get("parameter", ""))), str(one["message"]), str(one["code"]))
            for one in body.get("errors", [])
        ]
        super().__init__(f"{status} {self.code}: {self.detail}")


class SameFile(Problem):
    """This very file was sent before; `original` is the address of the first batch."""


class StaleVersion(Problem):
    """It changed since it was looked at: read it again."""


class NotAllowed(Problem):
    """The key is unknown, has ended, or is not good for this."""


_KINDS: dict[str, type[Problem]] = {"same-file": SameFile, "stale-version": StaleVersion}


def problem_of(answer: httpx.Response) -> Problem:
    """The problem in an answer, also in one that is none of the office's own."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    kind = _KINDS.get(str(body.get("code")), NotAllowed if answer.status_code in (401, 403) else Problem)
    original = answer.links.get("original", {}).get("url", "")
    return kind(answer.status_code, body, original)
