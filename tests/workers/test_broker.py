"""A worker whose acknowledgement never reached the broker takes the next message all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from kombu import Connection, Queue
from kombu.transport.redis import QoS as UsualQoS
from redis.exceptions import TimeoutError as BrokerSilent

from workers import broker
from workers.app import app


class Deaf(broker.QoS):
    """The broker does not answer while `silent`."""

    silent = False

    def _remove_from_indices(self, delivery_tag: str, pipe: Any = None) -> Any:
        if self.silent:
            raise BrokerSilent("Timeout reading from socket")
        return super()._remove_from_indices(delivery_tag, pipe)


@pytest.fixture
def queue(broker_url: str) -> Iterator[tuple[Any, Queue]]:
    """A channel that holds one message at a time, and a queue with two."""
    with closing(Connection(broker_url)) as connection, closing(connection.channel()) as channel:
        channel._qos = Deaf(channel)
        channel.basic_qos(0, 1, False)
        queue = Queue(uuid4().hex, channel=channel, durable=False)
        queue.declare()
        with connection.Producer(channel) as producer:
            producer.publish("first", routing_key=queue.name)
            producer.publish("second", routing_key=queue.name)
        yield channel, queue
        queue.delete()


def test_the_offices_connections_are_ours(broker_url: str) -> None:
    with closing(app.connection_for_write(broker_url)) as connection:
        assert type(connection.transport) is broker.Transport
        with closing(connection.channel()) as channel:
            assert type(channel.qos) is broker.QoS
            assert isinstance(channel.qos, UsualQoS)


@pytest.mark.parametrize("answer", ["ack", "reject"])
def test_an_answer_that_is_not_heard_frees_the_hand(queue: tuple[Any, Queue], answer: str) -> None:
    channel, queued = queue
    first = queued.get()
    assert first is not None
    assert not channel.qos.can_consume()
    channel._qos.silent = True
    with pytest.raises(BrokerSilent):
        getattr(first, answer)()
    channel._qos.silent = False
    assert channel.qos.can_consume()
    second = queued.get()
    assert second is not None
    assert second.payload == "second"
    second.ack()


def test_what_the_broker_did_not_hear_about_it_still_keeps(queue: tuple[Any, Queue]) -> None:
    channel, queued = queue
    first = queued.get()
    assert first is not None
    channel._qos.silent = True
    with pytest.raises(BrokerSilent):
        first.ack()
    assert channel.client.hexists(channel.unacked_key, first.delivery_tag)
    channel._qos.silent = False
    channel.qos.restore_by_tag(first.delivery_tag)


def test_an_answer_that_is_heard_leaves_nothing(queue: tuple[Any, Queue]) -> None:
    channel, queued = queue
    for _ in range(2):
        message = queued.get()
        assert message is not None
        message.ack()
    assert channel.qos.can_consume()
    assert queued.get() is None
