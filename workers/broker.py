"""Our way to Redis: kombu's, but a message that could not be acknowledged does not keep its worker from the next.

kombu counts a delivery as in hand until its acknowledgement has reached the broker. When that times out (a broker that
froze for some seconds), Celery logs it and goes on; with one message in hand at a time the worker then waits for ever,
connected, answering pings and consuming nothing. What the broker did not hear about it gives out again after the
visibility timeout, and then there is nothing left to do.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual

SCHEME = "redis"


class QoS(redis.QoS):  # type: ignore[misc]  # untyped base
    """Counts a delivery as over once it was answered, whether or not the broker heard the answer."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):  # type: ignore[misc]  # untyped base
    """A channel whose deliveries are counted by our QoS."""

    QoS: Any = QoS


class Transport(redis.Transport):  # type: ignore[misc]  # untyped base
    """What `redis://` means to kombu in the office's processes."""

    Channel: Any = Channel


def use() -> None:
    """Let every connection of this process to a `redis://` address be ours."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
