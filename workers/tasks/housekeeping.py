"""What beat asks for: idempotent scans, and a canary per queue that shows progress, not presence."""

from __future__ import annotations

from models.queues import CANARY
from models.services import heartbeat, sweep
from workers import wiring
from workers.app import task


@task("paraf.sweep")
def sweep_stages() -> None:
    """Look at every stage where work can stick; reads tables, never the queue."""
    sweep.sweep(wiring.database(), wiring.clock(), wiring.calendar())


@task(CANARY)
def canary(queue: str) -> None:
    """This queue's worker takes messages and can write to the database."""
    heartbeat.beat(wiring.database(), wiring.clock(), f"canary.{queue}")
