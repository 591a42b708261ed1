"""Webhooks: one attempt at one message, what is due again, and the notice of an endpoint that was switched off."""

from __future__ import annotations

from uuid import UUID

from workers.app import task


@task("paraf.deliver_webhook")
def deliver_webhook(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """One attempt at one message."""
    from workers import steps

    steps.deliver_webhook(UUID(id), generation)


@task("paraf.watch_webhooks")
def watch_webhooks() -> None:
    """Which messages are due again."""
    from workers import steps

    steps.watch_webhooks()


@task("paraf.tell_of_webhook")
def tell_of_webhook(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Mail about an endpoint that was switched off."""
    from workers import steps

    steps.tell_of_webhook(UUID(id), generation)
