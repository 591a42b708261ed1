"""The description of the API: `python -m api.openapi` writes openapi.json, whose changes are reviewed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.problems import MEDIA_TYPE, Problem

FILE = Path(__file__).resolve().parents[1] / "openapi.json"
VERSION = "1.0.0"
DESCRIPTION = """\
The counter of a one-stop licensing office. People sign in (`POST /v1/session`); applicants without an account send
their application's link in the header `Paraf-Link`. Acts name the version that was looked at: send the `ETag` of your
last `GET` in `If-Match` (428 without it, 412 when the case has moved on). Machines do the steps between people's acts:
after an act, read the application again until its `stage` waits for the next role. Every refusal is
`application/problem+json` (RFC 9457); its `type` is a page of this server, see [/problems](/problems).
"""
_REFUSALS = {
    "400": "The request can not be read",
    "401": "Nobody is signed in",
    "403": "The role does not allow it",
    "404": "Unknown, or not yours to know of",
    "409": "Not possible at this stage, or already done",
    "412": "The case changed since it was looked at",
    "413": "Too many bytes",
    "415": "A kind of file or body that is not taken",
    "422": "Values that can not be taken",
    "428": "If-Match is missing",
    "429": "Too many failed tries",
    "503": "Not possible right now",
}
_SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-paraf", "description": "Set by POST /v1/session."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same session's token, for programs."},
    "link": {"type": "apiKey", "in": "header", "name": "Paraf-Link", "description": "Opens one application."},
}
_OPEN = {"signIn", "openApplication", "listLicences", "getLicence", "getLiveness", "getReadiness"}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an application."""
    schema = get_openapi(title="Paraf", version=VERSION, description=DESCRIPTION, routes=app.routes)
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update(problems["$defs"])
    schema["components"]["securitySchemes"] = _SECURITY
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            _complete(path, method, operation)
    return schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if operation["operationId"] not in _OPEN:
        operation["security"] = [{name: []} for name in _SECURITY]
    guarded = False
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "If-Match":
            parameter["required"] = guarded = True
            parameter["schema"] = {"type": "string"}
    answers = operation["responses"]
    answers.pop("422", None)
    for status in _statuses(path, method, guarded):
        if status not in answers:
            answers[status] = _problem(_REFUSALS[status])
    answers["default"] = _problem("Any other refusal")


def _statuses(path: str, method: str, guarded: bool) -> list[str]:
    if not path.startswith("/v1"):
        return []
    found = ["401", "403", "422", "503", *(["404"] if "{" in path else []), *(["412", "428"] if guarded else [])]
    writes = ["400", "409", "413", "415"] if method in {"post", "put", "patch", "delete"} else []
    limited = ["429"] if path.endswith(("/session", "/paraf", "/signature", "/piles")) and method == "post" else []
    return sorted({*found, *writes, *limited})


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def as_text(schema: dict[str, Any]) -> str:
    """As it lies in the repository."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write openapi.json beside the packages."""
    from api.main import bare_app

    FILE.write_text(as_text(bare_app().openapi()), encoding="utf-8")


if __name__ == "__main__":
    main()
