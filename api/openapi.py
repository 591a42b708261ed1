"""The description of the API: `python -m api.openapi` writes openapi.json, whose changes are reviewed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.deprecation import mark
from api.idempotency import KEY_FORM
from api.operations import BY_LINK, LOCATED, SIGNED, Operation, operations, statuses
from api.problems import MEDIA_TYPE, Problem
from api.versions import ETAG_FORM

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
    "401": "Nobody is signed in, or the token, key, link or signature does not hold",
    "403": "The role does not allow it",
    "404": "Unknown, or not yours to know of",
    "409": "Not possible at this stage, or already done",
    "412": "The case changed since it was looked at",
    "413": "Too many bytes",
    "415": "A kind of file or body that is not taken",
    "422": "Values that can not be taken",
    "428": "If-Match is missing",
    "429": "Too many failed tries, or a system's share of the minute is used up",
    "503": "Not possible right now",
}
_SECURITY: dict[str, dict[str, str]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-paraf", "description": "Set by POST /v1/session."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same session's token, for programs."},
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "paraf_<env>_<id>_<secret>",
        "description": "The key of another system, good for its scopes (`verb:licence`).",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421, hmac-sha256, beside a key that must sign: `paraf=:...:`, with Signature-Input and"
        " Content-Digest. See the guide to batches for what is signed.",
    },
    "link": {"type": "apiKey", "in": "header", "name": "Paraf-Link", "description": "Opens one application."},
}
_SIGNATURE = [
    {
        "name": "Content-Digest",
        "in": "header",
        "required": False,
        "description": "RFC 9530, of the body; only for keys that must sign.",
        "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    },
    {
        "name": "Signature-Input",
        "in": "header",
        "required": False,
        "description": 'paraf=("@method" "@path" "@query" "content-digest");created=UNIX;keyid="ID"; only for keys'
        " that must sign.",
        "schema": {"type": "string", "maxLength": 300},
    },
]
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ETag": ("The version as it is now: send it back in If-Match.", {"type": "string", "pattern": '^"[^"]+"$'}),
    "Location": ("Where it stands.", {"type": "string", "pattern": "^/v1/"}),
    "Link": ('The page after this one, `rel="next"`; missing on the last.', {"type": "string"}),
    "Retry-After": ("Seconds to wait before asking again.", {"type": "integer", "minimum": 1}),
    "Allow": ("The methods that the address takes.", {"type": "string"}),
    "WWW-Authenticate": ("How to say who asks.", {"type": "string"}),
    "Idempotent-Replayed": ("`true`: this was answered before, nothing was done again.", {"const": "true"}),
    "RateLimit-Policy": ('A system\'s share, requests in seconds: `"client";q=600;w=60`.', {"type": "string"}),
    "RateLimit": ('What is left of it, and for how many seconds: `"client";r=598;t=41`.', {"type": "string"}),
}
_VERSIONED = {"ApplicationDetail", "BatchShape", "BatchChecked", "Opened", "WebhookShape", "WebhookMade"}
_BY_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an application."""
    schema = get_openapi(title="Paraf", version=VERSION, description=DESCRIPTION, routes=app.routes)
    parts, known = schema["components"], operations(app.routes)
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    parts["schemas"].update(problems["$defs"])
    parts["securitySchemes"] = _SECURITY
    parts["headers"] = {name: {"description": said, "schema": form} for name, (said, form) in _HEADERS.items()}
    for item in schema["paths"].values():
        for operation in item.values():
            _complete(operation, known[operation["operationId"]])
    mark(schema)
    return schema


def _complete(operation: dict[str, Any], known: Operation) -> None:
    if security := _security(known):
        operation["security"] = security
    if known.name in SIGNED:
        operation["parameters"].extend(_SIGNATURE)
    for parameter in operation.get("parameters", ()):
        _require(parameter)
    answers = operation["responses"]
    answers.pop("422", None)
    for status in sorted(statuses(known) - set(answers)):
        answers[status] = _problem(_REFUSALS[status])
    for status, answer in answers.items():
        _name_headers(answer, status, known)


def _security(known: Operation) -> list[dict[str, list[str]]]:
    ways = ["session", "bearer"] if known.knows_caller or known.name == "signOut" else []
    ways += ["key"] if known.for_systems else []
    ways += ["link"] if known.name in BY_LINK else []
    found: list[dict[str, list[str]]] = [{way: []} for way in ways]
    if known.name in SIGNED:
        found.append({"key": [], "signature": []})
    return found if known.wants_somebody or not found else [{}, *found]


def _require(parameter: dict[str, Any]) -> None:
    form = {"If-Match": ETAG_FORM, "Idempotency-Key": KEY_FORM}.get(parameter["name"])
    if form is not None:
        parameter["required"] = True
        parameter["schema"] = {"type": "string", "pattern": form}


def _name_headers(answer: dict[str, Any], status: str, known: Operation) -> None:
    names = [*_BY_STATUS.get(status, ())]
    if status.startswith("2"):
        names += _of_success(answer, known)
    if known.for_systems or status == "429":
        names += ["RateLimit-Policy", "RateLimit"]
    if names:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _of_success(answer: dict[str, Any], known: Operation) -> list[str]:
    shapes = [str(kind.get("schema", {}).get("$ref", "")) for kind in answer.get("content", {}).values()]
    versioned = any(shape.rpartition("/")[2] in _VERSIONED for shape in shapes)
    return [
        *(["ETag"] if versioned else []),
        *(["Link"] if known.in_pages else []),
        *(["Location"] if known.name in LOCATED else []),
        *(["Idempotent-Replayed"] if known.makes else []),
    ]


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
