"""Batches: a row becomes an application, a batch is seen to its end, its licences are bound together."""

from __future__ import annotations

from uuid import UUID

from workers.app import task


@task("paraf.take_row")
def take_row(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """One row of a batch."""
    from workers import steps

    steps.take_row(UUID(id), generation)


@task("paraf.watch_batches")
def watch_batches() -> None:
    """Which batches have ended."""
    from workers import steps

    steps.watch_batches()


@task("paraf.bundle_batch")
def bundle_batch(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """The zip of a batch's licences."""
    from workers import steps

    steps.bundle_batch(UUID(id), generation)
