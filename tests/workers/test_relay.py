"""The relay on a real outbox: what is due goes out once, in order, and what the broker refuses stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from kombu.exceptions import OperationalError

from models.queues import Queue
from ops.embedded_postgres import plain
from ops.queue import hold, let_go, under_way
from tests.conftest import Database
from tests.fakes import FakeClock
from workers.relay import AGAIN_AFTER, IN_FLIGHT, LATER, PATIENCE, Due, Relay, run


@dataclass
class Broker:
    """Takes messages; refuses the next ones while `away`."""

    taken: list[Due] = field(default_factory=list)
    away: bool = False
    after: int = 0

    def publish(self, row: Due) -> None:
        if self.away and len(self.taken) >= self.after:
            raise OperationalError("the broker is away")
        self.taken.append(row)

    @property
    def generations(self) -> list[int]:
        return [row.generation for row in self.taken]


@dataclass
class Post:
    """A relay between an outbox and a broker."""

    url: str
    clock: FakeClock
    broker: Broker
    relay: Relay

    def put(self, generation: int, *, queue: str = "letters", priority: int = 5, due_in: float = 0.0) -> None:
        now = self.clock.now()
        values = (queue, uuid4(), generation, priority, now, now + timedelta(seconds=due_in))
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO outbox (task, queue, subject_id, generation, priority, created_at, due_at, sent_count,"
                " attempts, error, trace) VALUES ('paraf.generate_blanko', %s, %s, %s, %s, %s, %s, 0, 0, '', 'trace')",
                values,
            )

    def done(self, generation: int) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE outbox SET done_at = %s WHERE generation = %s", (self.clock.now(), generation))

    def sent_counts(self) -> dict[int, int]:
        with psycopg.connect(self.url) as connection:
            return dict(connection.execute("SELECT generation, sent_count FROM outbox").fetchall())


@pytest.fixture
def post(fresh_database: Database) -> Iterator[Post]:
    clock, broker = FakeClock(), Broker()
    relay = Relay(fresh_database.app_url, clock, broker.publish)
    yield Post(plain(fresh_database.app_url), clock, broker, relay)
    relay.close()


def test_what_is_due_goes_out_by_priority_and_age(post: Post) -> None:
    post.put(1, priority=7)
    post.put(2, priority=3)
    post.put(3, priority=3)
    post.put(4, due_in=60)
    assert post.relay.sweep() == 3
    assert post.broker.generations == [2, 3, 1]
    assert post.broker.taken[0].trace == "trace"
    assert post.relay.sweep() == 0


def test_a_message_that_is_not_done_in_time_goes_out_again(post: Post) -> None:
    post.put(1)
    post.put(2)
    assert post.relay.sweep() == 2
    post.done(1)
    post.clock.advance(seconds=AGAIN_AFTER.total_seconds() + 1)
    assert post.relay.sweep() == 1
    assert post.broker.generations == [1, 2, 2]
    assert post.sent_counts() == {1: 1, 2: 2}


def test_a_bulk_sender_can_not_fill_the_broker(post: Post) -> None:
    for generation in range(1, IN_FLIGHT + 11):
        post.put(generation, priority=7)
    assert post.relay.sweep() == IN_FLIGHT
    assert post.relay.sweep() == 0
    post.put(1000, priority=3)
    assert post.relay.sweep() == 1
    assert post.broker.generations[-1] == 1000
    post.done(1)
    assert post.relay.sweep() == 1
    assert post.broker.generations[-1] == IN_FLIGHT + 1


def test_a_full_queue_holds_up_no_other(post: Post) -> None:
    for generation in range(1, IN_FLIGHT + 2):
        post.put(generation, queue="intake")
    post.put(500, queue="signing")
    assert post.relay.sweep() == IN_FLIGHT + 1
    assert 500 in post.broker.generations


def test_pictures_wait_while_berkas_find_no_room_at_the_intake(post: Post) -> None:
    for generation in range(1, IN_FLIGHT + 2):
        post.put(generation, queue="intake")
    assert post.relay.sweep() == IN_FLIGHT
    post.put(100, queue="archive", priority=LATER)
    post.put(101, queue="archive", priority=5)
    post.clock.advance(seconds=2)
    post.relay.sweep()
    assert post.broker.generations[IN_FLIGHT:] == [101]
    hold(post.url, [Queue.INTAKE])
    post.relay.sweep()
    assert post.broker.generations[IN_FLIGHT + 1 :] == [100]
    let_go(post.url, list(Queue))
    post.put(102, queue="archive", priority=LATER)
    assert post.relay.sweep() == 0
    post.done(1)
    post.relay.sweep()
    assert post.broker.generations[IN_FLIGHT + 2 :] == [IN_FLIGHT + 1]
    post.relay.sweep()
    assert post.broker.generations[-1] == 102


def test_pictures_do_not_wait_for_ever(post: Post) -> None:
    post.put(100, queue="archive", priority=LATER)
    post.clock.advance(seconds=PATIENCE.total_seconds() + 1)
    for generation in range(1, IN_FLIGHT + 2):
        post.put(generation, queue="intake", due_in=-5)
    assert post.relay.sweep() == IN_FLIGHT + 1
    assert post.broker.generations[-1] == 100


def test_what_the_broker_refuses_stays_in_the_outbox(post: Post) -> None:
    post.put(1)
    post.put(2)
    post.broker.away, post.broker.after = True, 1
    with pytest.raises(OperationalError):
        post.relay.sweep()
    assert post.sent_counts() == {1: 0, 2: 0}
    post.broker.away = False
    assert post.relay.sweep() == 2
    assert post.broker.generations == [1, 1, 2]


def test_two_relays_send_each_message_once(post: Post) -> None:
    for generation in range(1, IN_FLIGHT + 1):
        post.put(generation)
    relays = [Relay(post.relay.url, post.clock, post.broker.publish) for _ in range(4)]
    threads = [threading.Thread(target=relay.sweep) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    for relay in relays:
        relay.close()
    assert sorted(post.broker.generations) == list(range(1, IN_FLIGHT + 1))


def test_the_running_relay_hears_of_new_work_and_outlives_the_broker(post: Post) -> None:
    stop, heard = threading.Event(), threading.Event()

    def publish(row: Due) -> None:
        post.broker.publish(row)
        heard.set()

    relay = Relay(post.relay.url, post.clock, publish)
    post.broker.away = True
    runner = threading.Thread(target=run, args=(relay, 60.0, stop))
    runner.start()
    post.put(1)
    assert not heard.wait(1.5)
    post.broker.away = False
    assert heard.wait(30)
    heard.clear()
    # The pause is a minute: only the notification can bring this one in time.
    post.put(2)
    assert heard.wait(30)
    stop.set()
    post.put(3)
    runner.join(timeout=30)
    assert not runner.is_alive()
    assert post.broker.generations[:2] == [1, 2]


def test_the_work_of_a_paused_queue_stays_until_it_is_let_go(post: Post) -> None:
    post.put(1)
    post.put(2, queue="mail")
    hold(post.url, [Queue.LETTERS])
    post.relay.sweep()
    assert post.broker.generations == [2]
    hold(post.url, [Queue.LETTERS])
    assert under_way(post.url, [Queue.LETTERS]) == 0
    assert let_go(post.url, list(Queue)) == 1
    post.relay.sweep()
    assert post.broker.generations == [2, 1]
    assert let_go(post.url, list(Queue)) == 0


def test_two_relays_share_the_work_and_send_nothing_twice(post: Post, fresh_database: Database) -> None:
    """Each on a connection of its own, sweeping at the same time."""
    for generation in range(1, 11):
        post.put(generation)
    other = Relay(fresh_database.app_url, post.clock, post.broker.publish)
    threads = [threading.Thread(target=relay.sweep) for relay in (post.relay, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.sweep()
    other.close()
    assert sorted(post.broker.generations) == list(range(1, 11))
