"""Each system has its share of a minute; people at the counter are never counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from models.services.api_keys import KeyInput, create_key
from models.services.client_rates import USUAL, count_request
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, refusal

LIST = "/v1/applications"


def test_what_is_left_stands_on_each_answer(counter: Counter) -> None:
    client = by_key(counter, a_system(counter).key.text)
    first, second = client.get(LIST), client.get("/v1/applications/none")
    assert first.headers["RateLimit-Policy"] == f'"client";q={USUAL};w=60'
    assert first.headers["RateLimit"].startswith(f'"client";r={USUAL - 1};t=')
    assert second.status_code == 404
    assert second.headers["RateLimit"].startswith(f'"client";r={USUAL - 2};t=')


def test_a_used_up_share_is_refused_until_the_next_minute(counter: Counter) -> None:
    client = by_key(counter, a_system(counter, rate_per_minute=3).key.text)
    other = by_key(counter, a_system(counter, name="Optik Sebelah").key.text)
    assert [client.get(LIST).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get(LIST)
    assert refusal(refused) == (429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"client";r=0;')
    assert other.get(LIST).status_code == 200, "one system's haste is nobody else's"
    counter.office.clock.advance(minutes=1)
    assert client.get(LIST).status_code == 200


def test_two_keys_share_one_rate(counter: Counter) -> None:
    system = a_system(counter, rate_per_minute=2)
    room, admin = counter.app.state.office.key_room, counter.office.actor("admin")
    second = create_key(room, admin, system.client_id, KeyInput(scopes=["read:SIKRO"]))
    keys = (system.key.text, second.text, system.key.text)
    assert [by_key(counter, key).get(LIST).status_code for key in keys] == [200, 200, 429]


def test_people_are_not_counted(counter: Counter) -> None:
    answer = counter.sign_in("loket").get(LIST)
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


def test_no_request_escapes_the_count_in_a_crowd(counter: Counter) -> None:
    client_id = a_system(counter).client_id
    office = counter.office

    def one(_: int) -> int:
        return count_request(office.db, office.clock, client_id, 0).left

    with ThreadPoolExecutor(8) as pool:
        left = sorted(pool.map(one, range(40)))
    assert left == list(range(USUAL - 40, USUAL))
