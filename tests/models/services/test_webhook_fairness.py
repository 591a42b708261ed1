"""Webhooks share their senders fairly: an endpoint that is busy, slow, failing or flooded stands in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.db import Database
from models.services.webhook_delivery import BUSY, IN_HAND
from models.services.webhook_watch import EACH, watch_webhooks
from models.webhook_ports import WebhookAnswer
from tests.conftest import Database as Urls
from tests.models.services.post_office import PostOffice


@pytest.fixture
def post(fresh_database: Urls) -> Iterator[PostOffice]:
    db = Database(fresh_database.app_url)
    yield PostOffice(db)
    db.dispose()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_is_left_alone_as_long_as_it_asks(post: PostOffice, status: int) -> None:
    endpoint = post.endpoint()
    first = post.ping(endpoint)
    second = post.ping(endpoint)
    post.sender.answers.append(WebhookAnswer(status, retry_after="600"))
    post.work()
    assert len(post.sender.sent) == 1, "the second message waits too"
    moment = post.clock.now() + timedelta(seconds=600)
    assert post.row(first).next_attempt_at == post.row(second).next_attempt_at == moment
    assert post.row(second).attempts == 0
    post.clock.advance(seconds=599)
    assert post.turn() == 0
    post.clock.advance(seconds=1)
    assert post.turn() == 2
    assert [post.row(one).state for one in (first, second)] == ["delivered", "delivered"]


def test_a_slow_endpoint_does_not_keep_the_senders_from_others(post: PostOffice) -> None:
    slow, quick = post.endpoint(), post.endpoint()
    messages = [post.ping(slow) for _ in range(5)]
    own = post.ping(quick)
    post.sender.knob.before = lambda: post.clock.advance(seconds=14)
    post.work()
    assert post.row(own).state == "delivered"
    assert [post.row(one).state for one in messages].count("delivered") == 1
    assert post.standing(slow).rest_until == post.clock.now() + timedelta(seconds=42)
    waiting = [post.row(one) for one in messages if post.row(one).state == "pending"]
    assert {row.attempts for row in waiting} == {0}, "waiting costs no attempt"
    post.clock.advance(seconds=42)
    post.turn()
    assert all(post.row(one).state == "delivered" for one in messages)


def test_an_endpoint_that_fails_rests_and_waiting_messages_keep_their_attempts(post: PostOffice) -> None:
    endpoint = post.endpoint()
    messages = [post.ping(endpoint) for _ in range(12)]
    post.sender.answers.extend([WebhookAnswer(500)] * 3)
    post.work()
    assert len(post.sender.sent) == 3
    assert post.standing(endpoint).rest_until == post.clock.now() + timedelta(seconds=30)
    assert [post.row(one).attempts for one in messages] == [1] * 3 + [0] * 9
    post.clock.advance(seconds=30)
    post.turn()
    assert post.standing(endpoint).failures == 0
    assert all(post.row(one).state == "delivered" for one in messages)


def test_at_most_so_many_senders_are_at_one_endpoint(post: PostOffice) -> None:
    endpoint = post.endpoint()
    messages = [post.ping(endpoint) for _ in range(4)]
    others = iter(messages[1:])

    def another() -> None:
        following = next(others, None)
        if following is not None:
            post.sender.knob.before = another
            post.deliver(following)

    post.sender.knob.before = another
    post.deliver(messages[0])
    assert len(post.sender.sent) == IN_HAND
    assert post.row(messages[2]).next_attempt_at == post.clock.now() + BUSY
    post.clock.set(post.clock.now() + BUSY)
    post.sender.knob.before = None
    post.turn()
    assert all(post.row(one).state == "delivered" for one in messages)


def test_a_heap_of_one_endpoint_stands_before_nobody(post: PostOffice) -> None:
    busy, other = post.endpoint(), post.endpoint()
    for _ in range(EACH + 5):
        post.ping(busy)
    for row in post.rows():
        post.sender.answers.append(WebhookAnswer(503, retry_after="60"))
        post.deliver(row.id)
    own = post.ping(other)
    post.sender.answers.clear()
    post.work()
    post.clock.advance(seconds=60)
    assert watch_webhooks(post.db, post.clock) == EACH
    assert watch_webhooks(post.db, post.clock) == 5
    assert watch_webhooks(post.db, post.clock) == 0, "none is enqueued twice"
    assert post.row(own).state == "delivered"
