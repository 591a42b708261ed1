"""What breaks, in which order: the same seed gives the same schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from models.queues import Queue
from ops.office import SHARED

WORKERS = tuple(queue.value for queue in Queue if queue not in sum(SHARED.values(), ()))
"""Workers that are processes of their own."""

KINDS: dict[str, tuple[str, ...]] = {
    "kill_worker": WORKERS,
    "kill_child": WORKERS,
    "kill_relay": ("relay",),
    "kill_beat": ("beat",),
    "kill_api": ("api",),
    "kill_broker": ("broker",),
    "flush_broker": ("broker",),
    "freeze_broker": ("broker",),
    "stop_postgres": ("postgres",),
    "cut": ("postgres", "broker"),
    "delay": ("postgres", "broker"),
    "deliver_twice": ("broker",),
    "fill_disk": ("vault",),
    "fail_fsync": ("vault",),
    "move_clock": ("clock",),
}
"""Kinds of faults and what each may strike."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that breaks. `gap` seconds of peace before it; it lasts `seconds`; `amount` is the kind's own."""

    kind: str
    target: str
    gap: float
    seconds: float
    amount: float = 0.0


def plan(faults: int, seed: int) -> list[Fault]:
    """`faults` of them, each kind as often as any other, in the seed's order."""
    dice = Random(seed)  # noqa: S311 - not a secret
    kinds = [kind for _ in range(faults // len(KINDS) + 1) for kind in dice.sample(sorted(KINDS), len(KINDS))]
    return [_fault(dice, kind) for kind in kinds[:faults]]


def _fault(dice: Random, kind: str) -> Fault:
    target: Sequence[str] = KINDS[kind]
    gap, seconds = round(dice.uniform(0.2, 1.0), 2), round(dice.uniform(0.5, 4.0), 2)
    amount = {
        "delay": round(dice.uniform(0.02, 0.2), 3),
        "deliver_twice": 100.0,
        "move_clock": round(dice.choice((-1, 1)) * dice.uniform(5, 60), 1),
    }.get(kind, 0.0)
    return Fault(kind, dice.choice(target), gap, seconds, amount)
