"""The API under requests that nobody makes by mistake, by everybody: no broken answer, nobody let in, no schema broken.

`make fuzz` lets every role go through every phase, for longer (PARAF_FUZZ_EXAMPLES).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Response
from fastapi.security import HTTPBearer
from sqlmodel import select

from api.main import bare_app
from api.operations import operations
from models.db import Database
from models.tables.cases import Document
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, give_passwords
from tests.batch_files import a_batch
from tests.cases import an_application, endorse
from tests.conftest import Database as Urls
from tests.factories import an_office, passphrase_of
from tests.security.attack import PHASES, attack
from tests.security.fuzzing import EXAMPLES_OF_THE_API, LONG

STAGES = ("draft", "verifying", "returned", "awaiting_paraf", "awaiting_signature", "ready", "closed", "amending")


@dataclass(frozen=True)
class Scene:
    """An office with something at every stage; `known` are the ids of it, `ways` how each says who he is."""

    counter: Counter
    known: dict[str, list[str]]
    ways: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def scene(new_database: Callable[[], Urls]) -> Iterator[Scene]:
    office = an_office(Database(new_database().app_url))
    give_passwords(office)
    counter = Counter(office)
    cases = [an_application(office, stage) for stage in STAGES]
    system = a_system(counter, rate_per_minute=100_000)
    pile = endorse(office, "muda", "paraf", cases[3]).pile_id
    hook = {"url": "https://rs.example.org/paraf", "types": ["licence.issued"]}
    webhook = by_key(counter, system.key.text).post("/v1/webhooks", json=hook).json()["id"]
    known = {
        "path.webhook_id": [webhook],
        "path.application_id": [str(one) for one in cases],
        "path.batch_id": _batches(counter, system.key.text),
        "path.document_id": _documents(counter),
        "path.pile_id": [str(pile)],
        "path.client_id": [str(system.client_id)],
        "path.key_id": [a_system(counter, name="Optik Sebelah").key.id],
        "path.requirement": ["ktp", "ijazah"],
        "path.code": ["SIKRO"],
        "header.If-Match": [f'"{version}"' for version in range(1, 12)],
        "body.passphrase": [passphrase_of("muda")],
    }
    yield Scene(counter, known, _ways(counter, system.key.text))
    office.db.dispose()


def _batches(counter: Counter, key: str) -> list[str]:
    client, found = by_key(counter, key), []
    for seeds, dry_run in (((1, 2), "false"), ((3, 4), "true")):
        query = {"licence": "SIKRO", "name": "rs.zip", "dry_run": dry_run}
        body = client.post("/v1/batches", params=query, content=a_batch(*seeds)).json()
        found.append(str(body.get("batch", body)["id"]))
    return found


def _documents(counter: Counter) -> list[str]:
    with counter.office.db.transaction() as session:
        return [str(one) for one in session.exec(select(Document.id).limit(20))]


def _ways(counter: Counter, key: str) -> dict[str, dict[str, Any]]:
    def token(username: str) -> str:
        return str(counter.sign_in(username).headers["Authorization"]).removeprefix("Bearer ")

    link = counter.client().post("/v1/applications", json={}).json()["link"]
    people = {name: {"bearer": {"bearer": token(name)}} for name in ("loket", "muda", "kepala", "admin", "pemohon")}
    return {**people, "key": {"key": {"bearer": key}}, "link": {"link": {"api_key": link}}, "nobody": {}}


IN_SHORT = {
    "loket": ("coverage",),
    "key": ("examples", "fuzzing"),
    "admin": ("stateful",),
    "muda": ("fuzzing",),
    "link": ("examples",),
    "nobody": ("examples",),
}
"""Together each phase has somebody, and each kind of caller is somebody; the long run leaves nothing out."""
ROUNDS = dict.fromkeys(("loket", "muda", "kepala", "admin", "pemohon", "key", "link", "nobody"), PHASES)


@pytest.mark.parametrize("who", sorted(ROUNDS if LONG else IN_SHORT))
def test_the_api_stands(scene: Scene, who: str) -> None:
    # Signing out would end the attack; nobody may try it, and he is not signed in.
    without = [] if who == "nobody" else ["signOut"]
    phases = ROUNDS[who] if LONG else IN_SHORT[who]
    found = attack(
        scene.counter.app,
        scene.ways[who],
        scene.known,
        examples=EXAMPLES_OF_THE_API,
        phases=phases,
        without=without,
    )
    assert found.faults == [], "\n\n".join(found.faults)
    if "coverage" in phases or "fuzzing" in phases:
        assert len(found.reached) == len(operations(bare_app().routes)) - len(without)
        assert found.statuses[200] > (0 if who in ("link", "nobody") else 10), found.statuses


def careless() -> FastAPI:
    """An application with the faults that the attack is for: it promises one thing and gives another."""
    app = FastAPI()
    guard = Depends(HTTPBearer(auto_error=False))

    @app.get("/v1/broken", response_model=dict[str, int])
    def broken() -> Any:
        return Response("{}", 500, media_type="application/json")

    @app.get("/v1/open", dependencies=[guard])
    def let_in() -> dict[str, str]:
        return {}

    @app.get("/v1/shape", response_model=dict[str, int])
    def shape() -> Any:
        return Response('{"a": "no number"}', media_type="application/json")

    @app.get("/v1/kind", response_model=dict[str, int])
    def kind() -> Any:
        return Response("<html>", media_type="text/html")

    return app


def test_the_attack_finds_what_it_looks_for() -> None:
    found = attack(careless(), {"HTTPBearer": {"bearer": "abc"}}, {}, examples=3, phases=["coverage", "fuzzing"])
    kinds = {
        "/v1/broken not_a_server_error",
        "/v1/open ignored_auth",
        "/v1/shape response_schema_conformance",
        "/v1/kind content_type_conformance",
    }
    assert {kind for kind in kinds if any(kind in fault for fault in found.faults)} == kinds
