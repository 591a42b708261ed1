"""Every example of the API's description is sent as it stands there, and answered as the description says.

What no description can know (ids, hashes, versions, what only a person knows) is put in from the running office.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest

from api.openapi import FILE
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, password_of
from tests.cases import a_draft, an_application, letter_of
from tests.factories import HEAD, passphrase_of

DESCRIPTION: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
Live = dict[str, Any]


@dataclass(frozen=True)
class Ready:
    """Who sends the example, what stands in the address, and what only the running office knows."""

    client: Any
    places: dict[str, str]
    live: Live


def _at(stage: str, who: str, *, letter: bool = False) -> Callable[[Counter], Ready]:
    def ready(counter: Counter) -> Ready:
        case = an_application(counter.office, stage)
        live = {"passphrase": passphrase_of(who), "blanko_sha256": letter_of(counter.office, case).blanko_sha256}
        return Ready(counter.sign_in(who), {"application_id": str(case)}, live if letter else {})

    return ready


def _drafting(counter: Counter) -> Ready:
    return Ready(counter.sign_in("pemohon"), {"application_id": str(a_draft(counter.office))}, {})


def _piling(counter: Counter) -> Ready:
    letter = letter_of(counter.office, an_application(counter.office, "awaiting_signature")).model_dump()
    return Ready(
        counter.sign_in(HEAD), {}, {"kind": "signature", "letters": [letter], "passphrase": passphrase_of(HEAD)}
    )


def _of_a_system(counter: Counter) -> Ready:
    return Ready(by_key(counter, a_system(counter).key.text), {}, {})


def _with_webhook(counter: Counter) -> Ready:
    system = _of_a_system(counter)
    made = system.client.post("/v1/webhooks", json=_body("addWebhook", {}))
    return Ready(system.client, {"webhook_id": made.json()["id"]}, {"description": "Penerima kedua"})


def _for_a_system(counter: Counter) -> Ready:
    return Ready(counter.sign_in("admin"), {"client_id": str(a_system(counter).client_id)}, {})


ROADS: dict[str, Callable[[Counter], Ready]] = {
    "signIn": lambda counter: Ready(counter.client(), {}, {"password": password_of("loket")}),
    "openApplication": lambda counter: Ready(counter.sign_in("pemohon"), {}, {}),
    "describeApplicant": _drafting,
    "searchByNik": lambda counter: Ready(counter.sign_in("loket"), {}, {}),
    "verifyApplication": _at("verifying", "loket"),
    "returnApplication": _at("verifying", "loket"),
    "rejectApplication": _at("verifying", "loket"),
    "sendBackApplication": _at("awaiting_paraf", "muda"),
    "amendApplication": _at("amending", "blanko"),
    "initialLetter": _at("awaiting_paraf", "muda", letter=True),
    "signLetter": _at("awaiting_signature", HEAD, letter=True),
    "openPile": _piling,
    "handOverLicence": _at("ready", "loket"),
    "addWebhook": _of_a_system,
    "changeWebhook": _with_webhook,
    "addClient": lambda counter: Ready(counter.sign_in("admin"), {}, {}),
    "createKey": _for_a_system,
}
NO_EXAMPLE = {"rotateWebhookSecret", "commitBatch", "voidNumber"}
"""An empty body; a token that its own answer gives; an act on a number that ended badly, which its own tests drive."""


def _operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    verbs = {"get", "post", "put", "patch", "delete"}
    return {
        operation["operationId"]: (method, path, operation)
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
        if method in verbs
    }


OPERATIONS = _operations()


def _schema_of(operation: str) -> dict[str, Any]:
    reference = OPERATIONS[operation][2]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return dict(DESCRIPTION["components"]["schemas"][reference.rpartition("/")[2]])


def _body(operation: str, live: Live) -> Live:
    """The described example: of the whole body, else of each property; what is `live` takes its place."""
    schema = _schema_of(operation)
    whole = schema.get("examples")
    shown = whole[0] if whole else {n: p["examples"][0] for n, p in schema["properties"].items() if "examples" in p}
    body = {**shown, **live}
    assert set(schema.get("required", [])) <= set(body), f"{operation}: the description shows too little"
    return body


def _valid(answer: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": DESCRIPTION["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(answer)


@pytest.mark.parametrize("operation", sorted(ROADS))
def test_an_example_runs_as_described(counter: Counter, operation: str) -> None:
    method, path, described = OPERATIONS[operation]
    ready = ROADS[operation](counter)
    address = path.format(**ready.places)
    headers = {"If-Match": _etag_of(ready.client, address)} if _asks_etag(described) else {}
    answer = ready.client.request(method.upper(), address, json=_body(operation, ready.live), headers=headers)
    assert answer.status_code < 300, answer.text
    promised = described["responses"][str(answer.status_code)]
    _valid(answer.json(), promised["content"]["application/json"]["schema"])


def _etag_of(client: Any, address: str) -> str:
    """What an act at `/v1/{kind}/{id}/...` is done to, as it stands now."""
    etag: str = client.get("/".join(address.split("/")[:4])).headers["ETag"]
    return etag


def _asks_etag(described: dict[str, Any]) -> bool:
    return any(one.get("name", "").lower() == "if-match" for one in described.get("parameters", []))


def test_every_json_body_has_an_example_that_runs_or_a_reason() -> None:
    asked = {name: one.get("requestBody", {}).get("content", {}) for name, (_, _, one) in OPERATIONS.items()}
    bodies = {name for name, content in asked.items() if "application/json" in content}
    assert bodies == set(ROADS) | NO_EXAMPLE
