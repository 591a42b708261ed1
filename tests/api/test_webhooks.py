"""Webhooks over HTTP: registered by a key, proved by their signature at a real receiver, looked up and sent again."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import HTTPServer
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from models.rules.webhook_addresses import LOOPBACK, Reach
from models.rules.webhooks import SECRET_BYTES, body_of, headers_of, secret_text
from models.services.webhook_delivery import PostRoom, deliver_webhook
from models.services.webhook_events import TASK
from models.tables.work import Outbox
from ops.office import ROOT
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, Program, refusal
from tests.webhook_receiver import Receiver, Reply, receiving, verified
from workers.adapters.clock import SystemClock
from workers.adapters.webhook_sender import HttpWebhookSender
from workers.settings import Settings

ROAD = "/v1/webhooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def system(counter: Counter) -> Program:
    return by_key(counter, a_system(counter).key.text)


def add(client: Any, url: str, *types: str, **more: str) -> Any:
    answer = client.post(ROAD, json={"url": url, "types": list(types) or ["licence.issued"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def work(counter: Counter) -> int:
    """Everything that waits is tried once, by the sender of production; how much."""
    office = counter.app.state.office
    room = PostRoom(HttpWebhookSender(counter.settings.webhook_reach), office.answer_cipher)
    with office.db.transaction() as session:
        statement = select(Outbox).where(Outbox.task == TASK, col(Outbox.done_at).is_(None)).order_by(col(Outbox.id))
        rows = list(session.exec(statement))
    for row in rows:
        deliver_webhook(office.db, office.clock, room, row.subject_id, row.generation)
    return len(rows)


def test_from_registration_to_a_verified_message_and_its_repetition(
    counter: Counter, system: Program, receiver: Receiver
) -> None:
    made = system.post(ROAD, json={"url": receiver.url, "types": ["licence.issued", "licence.issued"]})
    body = made.json()
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, f"{ROAD}/{body['id']}", '"1"')
    assert (body["types"], body["enabled"], body["disabled_for"]) == (["licence.issued"], True, "")
    pinged = system.post(f"{ROAD}/{body['id']}/ping")
    assert (pinged.status_code, pinged.json()["state"], pinged.json()["attempts"]) == (202, "pending", [])
    assert work(counter) == 1
    ((headers, sent, _),) = receiver.got
    now = counter.office.clock.now().timestamp()
    assert verified(body["secret"], headers, sent, at=now)["type"] == "ping"
    assert headers["webhook-id"] == pinged.json()["webhook_id"]
    (listed,) = system.get(f"{ROAD}/{body['id']}/deliveries").json()["items"]
    (attempt,) = listed["attempts"]
    assert (listed["state"], attempt["outcome"], attempt["status"]) == ("delivered", "delivered", 204)
    again = system.post(f"{ROAD}/{body['id']}/deliveries/{listed['id']}/redeliver")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    work(counter)
    assert [one[0]["webhook-id"] for one in receiver.got] == [headers["webhook-id"]] * 2
    detail = system.get(f"{ROAD}/{body['id']}/deliveries/{listed['id']}").json()
    assert detail["payload"]["data"]["endpoint_id"] == body["id"]
    assert len(detail["attempts"]) == 2


def test_a_secret_is_told_once_and_a_repeated_request_makes_nothing_twice(system: Program) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    given = {"url": "https://rs.example.org/paraf", "types": ["batch.finished"], "description": "Sistem RS"}
    first, again = (system.post(ROAD, json=given, headers=key) for _ in range(2))
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["secret"].startswith("whsec_")
    (listed,) = system.get(ROAD).json()["items"]
    one = system.get(f"{ROAD}/{listed['id']}")
    assert "secret" not in listed
    assert first.json()["secret"] not in one.text
    assert listed == {name: value for name, value in first.json().items() if name != "secret"}
    nameless: Any = {"Idempotency-Key": None}
    assert system.post(ROAD, json=given, headers=nameless).status_code == 400


def test_after_a_rotation_both_secrets_are_good(counter: Counter, system: Program, receiver: Receiver) -> None:
    made = add(system, receiver.url)
    fresh = system.post(f"{ROAD}/{made['id']}/rotation", json={"overlap_hours": 1})
    assert fresh.status_code == 201
    secrets = [made["secret"], fresh.json()["secret"]]
    assert secrets[0] != secrets[1]
    system.post(f"{ROAD}/{made['id']}/ping")
    work(counter)
    headers, body, _ = receiver.got[0]
    for secret in secrets:
        assert verified(secret, headers, body, at=counter.office.clock.now().timestamp())
    assert refusal(system.post(f"{ROAD}/{made['id']}/rotation", json={"overlap_hours": 999}))[0] == 422


def test_an_endpoint_is_changed_by_whoever_saw_its_version(system: Program) -> None:
    made = add(system, "https://rs.example.org/paraf")
    path = f"{ROAD}/{made['id']}"
    assert refusal(system.patch(path, json={"description": "x"}))[0] == 428
    assert refusal(system.patch(path, json={"description": "x"}, headers={"If-Match": '"9"'}))[0] == 412
    changed = system.patch(
        path, json={"url": "https://rs.example.org/baru", "types": ["batch.finished"]}, headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["url"], changed.json()["types"]) == ("https://rs.example.org/baru", ["batch.finished"])
    assert refusal(system.patch(path, json={"farbe": 1}, headers={"If-Match": '"2"'}))[0] == 422
    off = system.patch(path, json={"enabled": False}, headers={"If-Match": '"2"'})
    assert (off.json()["enabled"], off.json()["disabled_for"]) == (False, "hand")
    assert refusal(system.post(f"{path}/ping")) == (409, "wrong-stage")
    on = system.patch(path, json={"enabled": True}, headers={"If-Match": off.headers["etag"]})
    assert on.json()["enabled"]
    assert system.delete(path, headers={"If-Match": on.headers["etag"]}).status_code == 204
    assert refusal(system.get(path)) == (404, "not-found")
    assert system.get(ROAD).json()["items"] == []


def test_410_is_seen_in_the_list_and_can_be_mended(counter: Counter, system: Program, receiver: Receiver) -> None:
    made = add(system, receiver.url)
    system.post(f"{ROAD}/{made['id']}/ping")
    receiver.usual = Reply(410, b"<h1>Gone</h1>")
    work(counter)
    shown = system.get(f"{ROAD}/{made['id']}")
    assert (shown.json()["disabled_for"], shown.headers["etag"]) == ("gone", '"2"')
    (listed,) = system.get(f"{ROAD}/{made['id']}/deliveries", params={"state": "stopped"}).json()["items"]
    assert listed["attempts"][0]["excerpt"] == "<h1>Gone</h1>"
    assert system.get(f"{ROAD}/{made['id']}/deliveries", params={"state": "delivered"}).json()["items"] == []


CLOSED = (
    *("http://10.0.0.1/", "http://169.254.169.254/latest", "https://user:pw@rs.example.org/", "ftp://rs.example.org/"),
    *("http://[::ffff:10.0.0.1]/", "https://2130706433/", "https://rs.example.org/#x", ""),
)


def test_an_address_that_may_not_be_reached_is_refused_with_its_pointer(system: Program) -> None:
    made = add(system, "https://rs.example.org/paraf")
    for url in CLOSED:
        for answer in (
            system.post(ROAD, json={"url": url, "types": ["licence.issued"]}),
            system.patch(f"{ROAD}/{made['id']}", json={"url": url}, headers={"If-Match": '"1"'}),
        ):
            assert refusal(answer) == (422, "invalid-input"), url
            assert [one["pointer"] for one in answer.json()["errors"]] == ["/url"]


def test_production_sends_over_https_to_public_addresses_alone() -> None:
    def reach(environment: Literal["development", "production"]) -> Reach:
        return Settings.model_construct(environment=environment, webhook_networks="10.20.0.0/16").webhook_reach

    assert (reach("production").http, reach("development").http) == (False, True)
    assert [str(one) for one in reach("production").networks] == ["10.20.0.0/16"]
    with pytest.raises(ValueError, match="PARAF_WEBHOOK_NETWORKS"):
        Settings(webhook_networks="rumah")


def test_a_system_sees_its_own_and_a_key_that_reads_changes_nothing(counter: Counter, system: Program) -> None:
    made = add(system, "https://rs.example.org/paraf")
    path = f"{ROAD}/{made['id']}"
    other = by_key(counter, a_system(counter, name="RS Lain").key.text)
    pinged = system.post(f"{path}/ping").json()
    for answer in (
        other.get(path),
        other.get(f"{path}/deliveries"),
        other.get(f"{path}/deliveries/{pinged['id']}"),
        other.post(f"{path}/ping"),
        other.post(f"{path}/rotation", json={}),
        other.post(f"{path}/deliveries/{pinged['id']}/redeliver"),
        other.patch(path, json={"enabled": False}, headers={"If-Match": '"1"'}),
        other.delete(path, headers={"If-Match": '"1"'}),
    ):
        assert refusal(answer) == (404, "not-found")
    theirs = add(other, "https://lain.example.org/")
    foreign = system.post(f"{ROAD}/{made['id']}/deliveries/{UUID(int=1)}/redeliver")
    assert refusal(foreign) == (404, "not-found")
    assert other.get(f"{ROAD}/{theirs['id']}/deliveries/{pinged['id']}").status_code == 404
    reader = by_key(counter, a_system(counter, "read:*", name="RS Baca").key.text)
    assert reader.get(ROAD).json() == {"items": [], "next": None}
    given = {"url": "https://baca.example.org/", "types": ["licence.issued"]}
    assert refusal(reader.post(ROAD, json=given)) == (403, "forbidden")


def test_an_admin_looks_and_switches_and_redirects_nothing(counter: Counter, system: Program) -> None:
    made = add(system, "https://rs.example.org/paraf")
    path, admin = f"{ROAD}/{made['id']}", counter.sign_in("admin")
    assert [one["id"] for one in admin.get(ROAD).json()["items"]] == [made["id"]]
    seen = {"If-Match": '"1"'}
    assert refusal(admin.patch(path, json={"url": "https://evil.example/"}, headers=seen)) == (403, "forbidden")
    assert refusal(admin.post(f"{path}/rotation", json={})) == (403, "forbidden")
    given = {"url": "https://rs.example.org/", "types": ["licence.issued"]}
    assert refusal(admin.post(ROAD, json=given)) == (403, "forbidden")
    assert admin.patch(path, json={"enabled": False}, headers=seen).json()["disabled_for"] == "hand"


def test_lists_come_page_by_page_and_a_system_has_so_many_endpoints(system: Program) -> None:
    made = [add(system, f"https://rs.example.org/{number}")["id"] for number in range(10)]
    answer = system.post(ROAD, json={"url": "https://rs.example.org/x", "types": ["licence.issued"]})
    assert refusal(answer) == (422, "invalid-input")
    first = system.get(ROAD, params={"limit": 7})
    assert first.headers["link"].endswith('rel="next"')
    second = system.get(ROAD, params={"limit": 7, "cursor": first.json()["next"]}).json()
    assert [one["id"] for one in first.json()["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    path = f"{ROAD}/{made[0]}"
    pings = [system.post(f"{path}/ping").json()["id"] for _ in range(3)]
    page = system.get(f"{path}/deliveries", params={"limit": 2}).json()
    rest = system.get(f"{path}/deliveries", params={"limit": 2, "cursor": page["next"]}).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == pings[::-1]
    assert refusal(system.get(ROAD, params={"cursor": "bukan"}))[0] == 400


def test_the_receiver_of_the_docs_believes_the_right_secret_and_no_other() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    (source,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "webhook-signature" in block]
    secret = secret_text(b"k" * SECRET_BYTES)
    names: dict[str, Any] = {}
    exec(source.replace("whsec_...", secret).rpartition("\n\n")[0], names)
    now, told = SystemClock().now(), body_of("ping", SystemClock().now(), {})
    with HTTPServer(("127.0.0.1", 0), names["Receiver"]) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        sender, url = HttpWebhookSender(Reach(True, LOOPBACK)), f"http://127.0.0.1:{server.server_port}/"
        other = secret_text(b"o" * SECRET_BYTES)
        statuses = [
            sender.post(url, headers_of("msg_1", at, told, secrets), told).status
            for at, secrets in (
                (now, [secret]),
                (now, [other, secret]),
                (now, [other]),
                (now - timedelta(minutes=6), [secret]),
            )
        ]
        server.shutdown()
        thread.join()
    assert statuses == [204, 204, 401, 401]
    assert names["SEEN"] == {"msg_1"}
