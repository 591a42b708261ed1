"""What beat asks for: idempotent scans, and a canary per queue that shows progress, not presence."""

from __future__ import annotations

from models.queues import CANARY
from workers.app import task


@task("paraf.sweep")
def sweep_stages() -> None:
    """Look at every stage where work can stick; reads tables, never the queue."""
    from workers import steps

    steps.sweep_stages()


@task("paraf.carry_out_retention")
def carry_out_retention() -> None:
    """What has lived its time goes: files, data of berkas that led to nothing, old sign-ins."""
    from workers import steps

    steps.carry_out_retention()


@task("paraf.tell_rule_changes")
def tell_rule_changes() -> None:
    """Applicants whose berkas is not complete yet hear of rules that changed for them."""
    from workers import steps

    steps.tell_rule_changes()


@task("paraf.send_digests")
def send_digests() -> None:
    """Officials hear once a working day what waits for them."""
    from workers import steps

    steps.send_digests()


@task("paraf.count_months")
def count_months() -> None:
    """The figures of the dashboard, when they are old."""
    from workers import steps

    steps.count_months()


@task(CANARY)
def canary(queue: str) -> None:
    """This queue's worker takes messages and can write to the database."""
    from workers import steps

    steps.canary(queue)
