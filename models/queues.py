"""Queues and the stable wire names of tasks: data, so that a test can hold every worker command against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Queue(StrEnum):
    """One worker service each; only `signing` may open sealed passphrases and use the office's seal."""

    INTAKE = "intake"
    LETTERS = "letters"
    SIGNING = "signing"
    MAIL = "mail"
    ARCHIVE = "archive"
    BATCH = "batch"  # rows of batches become applications: beside the counter, never before it
    WEBHOOKS = "webhooks"  # other systems answer as slowly as they like: nothing of ours stands behind them


TASK_QUEUES: dict[str, Queue] = {
    "paraf.check_completeness": Queue.INTAKE,
    "paraf.generate_blanko": Queue.LETTERS,
    "paraf.apply_paraf": Queue.SIGNING,
    "paraf.apply_signature": Queue.SIGNING,
    "paraf.assign_number": Queue.LETTERS,
    "paraf.assemble_licence": Queue.SIGNING,  # puts the office's seal on
    "paraf.assemble_dossier": Queue.ARCHIVE,
    "paraf.send_message": Queue.MAIL,
    "paraf.make_receipt": Queue.LETTERS,
    "paraf.inspect_document": Queue.INTAKE,
    "paraf.make_page_images": Queue.ARCHIVE,  # pictures wait for verdicts, never the other way round
    "paraf.print_concept": Queue.LETTERS,  # somebody stands at the printer
    "paraf.make_register_book": Queue.ARCHIVE,
    "paraf.count_months": Queue.ARCHIVE,
    "paraf.sweep": Queue.INTAKE,
    "paraf.take_row": Queue.BATCH,
    "paraf.watch_batches": Queue.BATCH,
    "paraf.bundle_batch": Queue.ARCHIVE,
    "paraf.carry_out_retention": Queue.ARCHIVE,
    "paraf.keep_audit": Queue.SIGNING,  # signs checkpoints
    "paraf.close_register": Queue.ARCHIVE,
    "paraf.reconcile": Queue.ARCHIVE,
    "paraf.raise_alarms": Queue.MAIL,
    "paraf.tell_rule_changes": Queue.MAIL,
    "paraf.deliver_webhook": Queue.WEBHOOKS,
    "paraf.watch_webhooks": Queue.BATCH,  # must not wait behind deliveries
    "paraf.tell_of_webhook": Queue.MAIL,
    "paraf.tell_official": Queue.MAIL,
    "paraf.send_digests": Queue.MAIL,
}
"""Wire name of a task and its queue. A name never changes meaning: messages outlive a deploy."""

CANARY = "paraf.canary"
"""Runs on every queue and writes a heartbeat row: a queue's worker is alive when it makes progress."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that beat sends, to `queue`, every `seconds`; it expires before the next one comes."""

    task: str
    queue: Queue
    seconds: float
    args: tuple[str, ...] = ()


SCHEDULE: dict[str, Periodic] = {
    "sweep": Periodic("paraf.sweep", Queue.INTAKE, 10.0),
    "watch-batches": Periodic("paraf.watch_batches", Queue.BATCH, 5.0),
    "watch-webhooks": Periodic("paraf.watch_webhooks", Queue.BATCH, 5.0),
    "count-months": Periodic("paraf.count_months", Queue.ARCHIVE, 60.0),
    # Four times a day, so that an office which is switched off at night does it too.
    "retention": Periodic("paraf.carry_out_retention", Queue.ARCHIVE, 21_600.0),
    "audit": Periodic("paraf.keep_audit", Queue.SIGNING, 5.0),
    "close-register": Periodic("paraf.close_register", Queue.ARCHIVE, 600.0),
    "reconcile": Periodic("paraf.reconcile", Queue.ARCHIVE, 3600.0),
    "rule-news": Periodic("paraf.tell_rule_changes", Queue.MAIL, 3600.0),
    # From seven o'clock on a working day; whoever was told today is not told again.
    "digests": Periodic("paraf.send_digests", Queue.MAIL, 900.0),
    "alarms": Periodic("paraf.raise_alarms", Queue.MAIL, 60.0),
    **{f"canary-{queue.value}": Periodic(CANARY, queue, 15.0, (queue.value,)) for queue in Queue},
}
"""What beat sends, by name. Each is an idempotent scan, since beat may run twice or not at all."""


def queue_of(task: str) -> Queue:
    """The queue of a wire name; KeyError for a name that no worker knows."""
    return TASK_QUEUES[task]


def heartbeat(queue: Queue) -> str:
    """Name of the heartbeat row that the queue's canary writes."""
    return f"canary.{queue.value}"


def pause_mark(queue: Queue) -> str:
    """Name of the heartbeat row that keeps a queue's work in PostgreSQL while it has not succeeded."""
    return f"paused.{queue.value}"


RELAY_HEARTBEAT = "relay"
"""Name of the row that the relay writes after each sweep."""

LATEST: dict[str, float] = {
    RELAY_HEARTBEAT: 120.0,
    "sweep": 120.0,
    "audit": 120.0,
    "alarms": 600.0,
    "close-register": 3600.0,
    "reconcile": 100_000.0,
    "retention": 100_000.0,
    "rule-news": 10_000.0,
    "digests": 10_000.0,
    "watch-batches": 300.0,
    "watch-webhooks": 300.0,
    "backup": 100_000.0,
    **{heartbeat(queue): 120.0 for queue in Queue},
}
"""Seconds within which each of them must have succeeded, by the name of its heartbeat row; later is an alarm."""
