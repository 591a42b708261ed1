"""Every route against everybody: what each may reach is written down in `access.toml`, and a new route must be too.

Case routes are asked for a case of `pemohon`, to which `pemohon_lain` and `foreign_link` are strangers; `link` asks for
its own draft. Other ids are of nothing that exists, so whoever is let in finds 404 there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.main import PAGE_ROUTERS, ROUTERS
from models.db import Database
from tests.api.counter import Counter, give_passwords, password_of
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.factories import an_office

TABLE = Path(__file__).with_name("access.toml")
ACTORS = (
    *("nobody", "link", "foreign_link", "pemohon", "pemohon_lain"),
    *("loket", "blanko", "muda", "madya", "sekretaris", "kepala", "operator", "admin"),
)
ENDS_A_SESSION = {"DELETE /v1/session", "POST /keluar", "POST /saya/perangkat/lain"}
NOTHING = str(UUID(int=7))
ACT = "POST /v1/applications/{application_id}/"
BODIES: dict[str, dict[str, object]] = {
    **{ACT + name: {} for name in ("submission", "withdrawal", "verification", "amendment")},
    **{ACT + name: {"reason": "Alamat berbeda"} for name in ("rejection", "send-back", "void")},
    **{ACT + name: {"blanko_sha256": "0" * 64, "passphrase": "salah"} for name in ("paraf", "signature")},
    ACT + "return": {"items": [{"requirement": "ktp", "reason": "unreadable"}]},
    ACT + "hand-over": {"receiver": "Melur", "identity": "ktp"},
}
"""Acts come with a body and the ETag of a version that never was: who may act hears 412, and nothing moves."""


def routes() -> list[str]:
    """`METHOD /path` of every route, in the order of the application."""
    found = [route for module in (*ROUTERS, *PAGE_ROUTERS) for route in leaves(module.router)]
    return [f"{method} {one.path}" for one in found for method in sorted(one.methods or ())]


def leaves(router: Any) -> Iterator[APIRoute]:
    """The routes of a router and of the routers in it."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from leaves(route.original_router)


def table() -> dict[str, list[int]]:
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {route: [int(status) for status in text.split()] for route, text in rows.items()}


@dataclass
class Scene:
    """An office with a case of `pemohon` that was handed in, and the links to it and to a stranger's."""

    counter: Counter
    case_id: UUID
    links: dict[str, str]
    draft_id: UUID

    def client(self, actor: str) -> TestClient:
        if actor == "nobody":
            return self.counter.client()
        if actor in self.links:
            return self.counter.by_link(self.links[actor])
        client = self.counter.client()
        answer = client.post("/v1/session", json={"username": actor, "password": password_of(actor)})
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    def status(self, client: TestClient, route: str, actor: str) -> int:
        """The answer to a request without a body, but for acts."""
        method, path = route.split(" ")
        parts = [self._filled(part, actor) if part.startswith("{") else part for part in path.split("/")]
        act: Any = {"json": BODIES[route], "headers": {"If-Match": '"999"'}} if route in BODIES else {}
        return client.request(method, "/".join(parts), follow_redirects=False, **act).status_code

    def _filled(self, part: str, actor: str) -> str:
        case_id = self.draft_id if actor == "link" else self.case_id
        return {"{application_id}": str(case_id), "{kind}": "paraf"}.get(part, NOTHING)


def a_draft_by_link(counter: Counter) -> tuple[str, UUID]:
    """The link to a new draft, and its id."""
    answer = counter.client().post("/v1/applications", json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"]), UUID(answer.json()["id"])


@pytest.fixture(scope="module")
def scene(new_database: Callable[[], Urls]) -> Iterator[Scene]:
    db = Database(new_database().app_url)
    office = an_office(db)
    give_passwords(office)
    counter = Counter(office)
    case_id, (own, own_id), (foreign, _) = (
        an_application(office, "verifying"),
        a_draft_by_link(counter),
        a_draft_by_link(counter),
    )
    yield Scene(counter, case_id, {"link": own, "foreign_link": foreign}, own_id)
    db.dispose()


def test_every_route_stands_in_the_table_and_nothing_else() -> None:
    assert sorted(table()) == sorted(set(routes()))


def test_each_row_has_a_status_for_everybody() -> None:
    assert {route: len(row) for route, row in table().items() if len(row) != len(ACTORS)} == {}


@pytest.mark.parametrize("actor", ACTORS)
def test_what_each_may_reach(scene: Scene, actor: str) -> None:
    index, rows = ACTORS.index(actor), table()
    # Guesses of those before him make nobody wait any more.
    scene.counter.office.clock.advance(hours=13)
    client, found = scene.client(actor), {}
    for route in routes():
        found[route] = scene.status(client, route, actor)
        if route in ENDS_A_SESSION:
            client = scene.client(actor)
    wrong = {route: (status, rows[route][index]) for route, status in found.items() if status != rows[route][index]}
    assert wrong == {}, "route: (answered, written down)"


@pytest.mark.parametrize("route", [one for one in routes() if one.startswith("GET ")])
def test_no_answer_lacks_the_headers(scene: Scene, route: str) -> None:
    method, path = route.split(" ")
    answer = scene.counter.client(accept="text/html").request(method, path.replace("{", "").replace("}", ""))
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("route", [one for one in routes() if not one.startswith("GET ")])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_no_other_site_makes_a_browser_act(scene: Scene, route: str, headers: dict[str, str]) -> None:
    method, path = route.split(" ")
    path = path.replace("{", "").replace("}", "")
    answer = scene.counter.client(**headers).request(method, path, follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")
