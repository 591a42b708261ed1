"""Delivery of webhooks: once noted it is tried for days, under one id, and never to somebody else's harm."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

from models.db import Database
from models.rules.errors import InvalidInput, PermanentFailure, WrongStage
from models.rules.webhooks import SCHEDULE, SECRET_BYTES, body_of
from models.services.casework import enqueue
from models.services.tracing import TRACEPARENT
from models.services.webhook_delivery import CLAIM, message_id
from models.services.webhook_events import TASK, note
from models.services.webhook_watch import KEEP, watch_webhooks
from models.services.webhooks import EndpointChange, change, redeliver, remove, rotate
from models.tables.cases import Event
from models.tables.people import Person, RoleGrant
from models.tables.webhooks import WebhookSecret
from models.tables.work import Heartbeat
from models.webhook_ports import WebhookAnswer
from tests.conftest import Database as Urls
from tests.models.services.post_office import PostOffice
from tests.webhook_receiver import verified


@pytest.fixture
def post(fresh_database: Urls) -> Iterator[PostOffice]:
    db = Database(fresh_database.app_url)
    yield PostOffice(db)
    db.dispose()


def test_a_message_is_sent_once_however_often_its_task_runs(post: PostOffice) -> None:
    endpoint = post.endpoint()
    delivery_id = post.ping(endpoint)
    assert post.deliver(delivery_id)
    assert not post.deliver(delivery_id)
    assert not post.deliver(delivery_id, 2)
    ((url, headers, body),) = post.sender.sent
    assert url == endpoint.endpoint.url
    assert headers["webhook-id"] == message_id(delivery_id)
    told = verified(endpoint.text, headers, body.encode(), at=post.clock.now().timestamp())
    assert told["type"] == "ping"
    assert told["data"]["endpoint_id"] == str(endpoint.endpoint.id)
    row = post.row(delivery_id)
    assert (row.state, row.attempts, row.delivered_at, row.next_attempt_at) == ("delivered", 1, post.clock.now(), None)
    assert post.due() == []


def test_a_secret_is_long_and_lies_sealed(post: PostOffice) -> None:
    endpoint = post.endpoint()
    assert len(endpoint.text) > SECRET_BYTES
    assert endpoint.text not in repr(endpoint)
    with post.db.transaction() as session:
        (row,) = session.exec(select(WebhookSecret)).all()
    assert endpoint.text.encode() not in row.sealed
    assert str(endpoint.endpoint.id).encode() in row.sealed, "bound to its endpoint"


def test_it_is_tried_at_the_times_of_the_schedule_under_one_id_and_then_given_up(post: PostOffice) -> None:
    endpoint = post.endpoint()
    began = post.clock.now()
    delivery_id = post.ping(endpoint)
    post.sender.answers.extend([WebhookAnswer(500, excerpt="nik 1471010101900001 salah")] * 20)
    assert post.work() == 1
    moments = []
    while (due := post.row(delivery_id).next_attempt_at) is not None:
        post.clock.set(due - timedelta(seconds=1))
        assert post.turn() == 0, "not before its moment"
        post.clock.set(due)
        assert post.turn() == 1
        moments.append((due - began).total_seconds())
    # Retries in a row make the endpoint rest, but never longer than the message waits anyway.
    waits = [one.total_seconds() for one in SCHEDULE[1:]]
    assert moments == [sum(waits[: place + 1]) for place in range(len(waits))]
    attempts = post.attempts(delivery_id)
    assert [one.number for one in attempts] == list(range(1, len(SCHEDULE) + 1))
    assert {(one.outcome, one.status) for one in attempts} == {("refused", 500)}
    assert not any("1471010101900001" in one.excerpt for one in attempts)
    assert set(post.ids()) == {message_id(delivery_id)}
    stamps = [headers["webhook-timestamp"] for _, headers, _ in post.sender.sent]
    assert len(set(stamps)) == len(stamps), "each attempt is signed for its own moment"
    assert {body for _, _, body in post.sender.sent} == {post.row(delivery_id).body}
    assert post.row(delivery_id).state == "given_up"
    assert not post.standing(endpoint).disabled_for, "not five days yet"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(WebhookAnswer(302), "redirect"), (WebhookAnswer(404), "refused"), (WebhookAnswer(599), "refused")],
    ids=["redirect", "not-found", "odd"],
)
def test_whatever_is_no_success_is_tried_again(post: PostOffice, answer: WebhookAnswer, outcome: str) -> None:
    delivery_id = post.ping(post.endpoint())
    post.sender.answers.append(answer)
    post.work()
    assert post.attempts(delivery_id)[0].outcome == outcome
    post.clock.advance(seconds=5)
    assert post.turn() == 1
    assert post.row(delivery_id).state == "delivered"


def test_an_endpoint_that_is_away_and_one_that_leads_inside_are_told_apart(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())
    post.sender.knob.fail_temporarily(message="No answer: ReadTimeout.")
    post.work()
    post.clock.advance(seconds=5)
    post.sender.knob.fail_with(InvalidInput("The address leads into a closed network."))
    post.turn()
    away, inside = post.attempts(delivery_id)
    assert (away.outcome, away.status, away.excerpt) == ("unreachable", None, "No answer: ReadTimeout.")
    assert (inside.outcome, inside.excerpt) == ("forbidden", "The address leads into a closed network.")
    assert post.row(delivery_id).state == "pending"


def test_a_bug_and_a_sender_that_dies_cost_an_attempt_and_no_message(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())
    post.sender.knob.crash()
    with pytest.raises(RuntimeError):
        post.deliver(delivery_id)
    post.clock.advance(seconds=30)
    assert post.deliver(delivery_id), "the claim of the dead one still holds: it may be at it"
    assert len(post.sender.sent) == 1
    post.clock.set(post.clock.now() + CLAIM)
    assert post.turn() == 1
    assert post.row(delivery_id).state == "delivered"
    assert [one.outcome for one in post.attempts(delivery_id)] == ["", "delivered"]
    assert len(set(post.ids())) == 1


def test_a_message_that_kills_every_sender_ends(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())
    post.sender.knob.crash(times=100)
    for _ in range(60):
        for row in post.due():
            with suppress(RuntimeError):
                post.deliver(row.subject_id, row.generation)
        post.clock.advance(hours=1)
        watch_webhooks(post.db, post.clock)
    assert post.row(delivery_id).state == "given_up"
    assert len(post.sender.sent) == len(SCHEDULE)


def test_two_senders_at_once_send_one_message(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())
    post.sender.knob.before = lambda: post.deliver(delivery_id)
    assert post.deliver(delivery_id)
    assert (len(post.sender.sent), post.row(delivery_id).state) == (1, "delivered")
    assert post.due() == []


def test_410_switches_the_endpoint_off_at_once_and_people_are_told(post: PostOffice) -> None:
    endpoint, other = post.endpoint(), post.endpoint()
    first, second, elsewhere = post.ping(endpoint), post.ping(endpoint), post.ping(other)
    with post.db.transaction() as session:
        admin = Person(username="admin", name="Admin", email="admin@kantor.example", created_at=post.clock.now())
        session.add(admin)
        session.flush()
        day = post.clock.now().date()
        session.add(RoleGrant(person_id=admin.id, role="admin", valid_from=day, granted_at=post.clock.now()))
    post.sender.answers.append(WebhookAnswer(410))
    assert post.deliver(first)
    assert [post.row(one).state for one in (first, second, elsewhere)] == ["stopped", "stopped", "pending"]
    assert (post.standing(endpoint).disabled_for, post.standing(other).disabled_for) == ("gone", "")
    post.turn()
    assert len(post.sender.sent) == 2
    assert [message.to for message in post.courier.sent] == ["admin@kantor.example", "ti@rsmelati.example"]
    assert "410" in post.courier.sent[0].text
    assert "https://rs.example.org di" in post.courier.sent[0].text, "the path may be a secret"
    assert len({message.key for message in post.courier.sent}) == 2
    assert post.due() == []
    with pytest.raises(WrongStage):
        post.ping(endpoint)
    with post.db.transaction() as session:
        (detail,) = session.exec(select(Event.detail).where(Event.kind == "webhook_disabled")).all()
    assert detail is not None
    assert detail["reason"] == "gone"


def test_five_days_of_failures_switch_it_off_with_a_notice_and_a_success_begins_anew(post: PostOffice) -> None:
    endpoint = post.endpoint()

    def fail_for(days: float) -> None:
        end = post.clock.now() + timedelta(days=days)
        while post.clock.now() < end:
            if not post.standing(endpoint).disabled_for:
                post.ping(endpoint)
            post.sender.answers.extend([WebhookAnswer(503)] * 50)
            post.turn()
            post.clock.advance(hours=8)

    fail_for(4.5)
    assert not post.standing(endpoint).disabled_for
    post.sender.answers.clear()
    post.turn()
    assert post.standing(endpoint).failing_since is None
    fail_for(5.5)
    assert post.standing(endpoint).disabled_for == "failing"
    post.work()
    assert [message.to for message in post.courier.sent] == ["ti@rsmelati.example"]
    assert "lima hari" in post.courier.sent[0].text
    assert not [row for row in post.rows() if row.state == "pending"]


def test_nobody_has_an_address_then_the_operators_hear(post: PostOffice) -> None:
    silent = post.system("RS Tanpa Surel")
    endpoint = post.endpoint(actor=silent)
    post.actor = silent
    post.ping(endpoint)
    post.sender.answers.append(WebhookAnswer(410))
    post.work()
    post.courier.knob.fail_temporarily()
    post.work()
    assert post.courier.sent == []
    post.clock.advance(seconds=10)
    post.work()
    assert [message.to for message in post.courier.sent] == ["ops@kantor.example"]


def test_an_address_that_is_refused_keeps_the_others_from_nothing(post: PostOffice) -> None:
    post.ping(post.endpoint())
    post.sender.answers.append(WebhookAnswer(410))
    post.work()
    post.courier.knob.fail_permanently()
    post.work()
    assert (post.courier.knob.calls, post.due()) == (1, [])


def test_old_secrets_sign_beside_the_new_one_until_they_end(post: PostOffice) -> None:
    endpoint = post.endpoint()
    fresh = rotate(post.room, post.actor, endpoint.endpoint.id, timedelta(hours=2))

    def holds(secret: str) -> bool:
        post.ping(endpoint)
        post.work()
        _, headers, body = post.sender.sent[-1]
        try:
            verified(secret, headers, body.encode(), at=post.clock.now().timestamp())
        except ValueError:
            return False
        return True

    assert [holds(one.text) for one in (endpoint, fresh)] == [True, True]
    assert len(post.sender.sent[-1][1]["webhook-signature"].split(" ")) == 2
    post.clock.advance(hours=2)
    assert [holds(one.text) for one in (endpoint, fresh)] == [False, True]
    newest = rotate(post.room, post.actor, endpoint.endpoint.id, timedelta(hours=2))
    last = rotate(post.room, post.actor, endpoint.endpoint.id, timedelta(hours=2))
    assert [holds(one.text) for one in (fresh, newest, last)] == [False, True, True], "never more than two"
    rotate(post.room, post.actor, endpoint.endpoint.id, timedelta(0))
    assert not holds(last.text), "a secret that leaked ends at once"
    watch_webhooks(post.db, post.clock)
    with post.db.transaction() as session:
        assert len(session.exec(select(WebhookSecret)).all()) == 1


def test_a_secret_that_can_not_be_opened_sends_nothing_unsigned(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())

    class Locked(type(post.cipher)):  # type: ignore[misc]  # a cipher under another key
        def open(self, sealed: bytes, context: str) -> str:
            raise PermanentFailure("sealed under another key")

    post.cipher = Locked()
    post.work()
    assert (post.sender.sent, post.row(delivery_id).state) == ([], "given_up")
    post.clock.advance(days=1)
    assert post.turn() == 0


def test_redelivery_goes_under_the_same_id_with_the_whole_schedule(post: PostOffice) -> None:
    endpoint = post.endpoint()
    delivery_id = post.ping(endpoint)
    post.work()
    again = redeliver(post.room, post.actor, endpoint.endpoint.id, delivery_id)
    assert (again.state, again.tries, again.round) == ("pending", 0, 2)
    assert not post.deliver(delivery_id, 1), "a message of the first round that comes late"
    assert post.work() == 1
    assert post.ids() == [message_id(delivery_id)] * 2
    assert [one.number for one in post.attempts(delivery_id)] == [1, 2]


def test_what_is_removed_or_switched_off_is_sent_nothing_and_can_be_taken_up(post: PostOffice) -> None:
    endpoint, gone = post.endpoint(), post.endpoint()
    waiting, lost = post.ping(endpoint), post.ping(gone)
    change(post.room, post.actor, endpoint.endpoint.id, EndpointChange(enabled=False))
    remove(post.room, post.actor, gone.endpoint.id)
    post.turn()
    assert post.sender.sent == []
    assert [post.row(one).state for one in (waiting, lost)] == ["stopped", "stopped"]
    assert post.courier.sent == [], "who did it himself is told nothing"
    change(post.room, post.actor, endpoint.endpoint.id, EndpointChange(enabled=True))
    redeliver(post.room, post.actor, endpoint.endpoint.id, waiting)
    post.work()
    assert post.row(waiting).state == "delivered"


def test_old_messages_go_and_waiting_ones_stay(post: PostOffice) -> None:
    endpoint = post.endpoint()
    old, waiting = post.ping(endpoint), post.ping(endpoint)
    post.deliver(old)
    post.clock.set(post.clock.now() + KEEP + timedelta(hours=1))
    watch_webhooks(post.db, post.clock)
    assert [row.id for row in post.rows()] == [waiting]
    assert post.attempts(old) == []
    with post.db.transaction() as session:
        assert session.get_one(Heartbeat, "watch-webhooks").succeeded_at == post.clock.now()


def test_a_retry_runs_under_the_trace_of_its_event(post: PostOffice) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    token = TRACEPARENT.set(trace)
    delivery_id: UUID = post.ping(post.endpoint())
    TRACEPARENT.reset(token)
    post.sender.answers.append(WebhookAnswer(500))
    post.work()
    post.clock.advance(seconds=5)
    TRACEPARENT.set("")
    watch_webhooks(post.db, post.clock)
    (row,) = post.due()
    assert (row.subject_id, row.trace, row.generation) == (delivery_id, trace, 2)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE webhook_delivery SET body = '{}'",
        "UPDATE webhook_delivery SET endpoint_id = uuidv7()",
        "UPDATE webhook_secret SET sealed = ''",
        "UPDATE webhook_endpoint SET client_id = uuidv7()",
        "DELETE FROM webhook_endpoint",
        "UPDATE webhook_attempt SET started_at = now()",
    ],
)
def test_what_was_said_and_to_whom_can_not_be_written_anew(post: PostOffice, sql: str) -> None:
    post.ping(post.endpoint())
    with post.db.transaction() as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(sql))


def test_eight_senders_at_the_same_moment_send_one_message(post: PostOffice) -> None:
    delivery_id = post.ping(post.endpoint())
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda _: post.deliver(delivery_id), range(8)))
    assert (len(post.sender.sent), post.row(delivery_id).attempts) == (1, 1)
    assert post.row(delivery_id).state == "delivered"


def test_a_sender_that_was_taken_for_dead_undoes_nothing(post: PostOffice) -> None:
    endpoint = post.endpoint()
    delivery_id = post.ping(endpoint)

    def the_next_one() -> None:
        post.clock.set(post.clock.now() + CLAIM)
        assert post.deliver(delivery_id)
        post.sender.answers.append(WebhookAnswer(500))  # what the first one hears at last

    post.sender.knob.before = the_next_one
    assert post.deliver(delivery_id)
    assert [one.outcome for one in post.attempts(delivery_id)] == ["refused", "delivered"]
    assert (post.row(delivery_id).state, post.standing(endpoint).failures) == ("delivered", 0)
    assert len(set(post.ids())) == 1


def test_an_event_that_was_noted_while_the_endpoint_went_off_is_not_sent(post: PostOffice) -> None:
    endpoint = post.endpoint()
    change(post.room, post.actor, endpoint.endpoint.id, EndpointChange(enabled=False))
    now = post.clock.now()
    with post.db.transaction() as session:
        (late,) = note(
            session, [endpoint.endpoint.id], "late", "licence.issued", body_of("licence.issued", now, {}), now
        )
        enqueue(session, TASK, late, 1, now)
    assert post.work() == 1
    assert (post.sender.sent, post.row(late).state) == ([], "stopped")
