"""The events' hash chain read anew, event by event: what was changed, taken out, put in, moved, or chained again.

The format stands in docs/audit.md. Nothing of the database is believed but the rows themselves.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import Connection

from ops.checker.report import Violation

Snapshot = Connection[tuple[Any, ...]]
HOUR: Final = 3_600_000_000
"""Microseconds that an event's date may lie before the seal before it, or after its own."""

_PORTION = 20_000
_SEALS = """SELECT n, previous, last_tx, ids, leaves, hash,
    (extract(epoch FROM sealed_at) * 1000000)::bigint FROM audit_seal ORDER BY n"""
_EVENTS = """SELECT id, tx, (extract(epoch FROM at) * 1000000)::bigint, jsonb_build_array(id, tx,
    (extract(epoch FROM at) * 1000000)::bigint, kind, application_id, actor_id, actor, stage_from, stage_to, revision,
    version, detail, trace)::text FROM event ORDER BY tx, id"""
_PRESENT = """SELECT audit_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    audit_base() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    (extract(epoch FROM now()) * 1000000)::bigint"""


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of the chain. `at` in microseconds since 1970."""

    n: int
    previous: str
    last_tx: int
    ids: list[int]
    leaves: bytes
    hash: str
    at: int

    @property
    def end(self) -> tuple[int, int]:
        """The place of its last event."""
        return self.last_tx, self.ids[-1] if self.ids else -1

    def digest(self) -> str:
        """The hash that its content gives."""
        content = hashlib.sha256(struct.pack(f">{len(self.ids)}q", *self.ids) + self.leaves).hexdigest()
        words = ("paraf-seal-1", self.n, self.previous, len(self.ids), self.last_tx, self.at, content)
        return hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Leaf:
    """An event as it lies there now."""

    id: int
    tx: int
    at: int
    digest: bytes


@dataclass(slots=True)
class Chain:
    """What was read: the hash of each seal by its number, and how many events were held against them."""

    hashes: dict[int, str] = field(default_factory=dict)
    events: int = 0
    unsealed: int = 0
    last: int = 0


def walk(snapshot: Snapshot, chain: Chain, *, dates: bool = True) -> Iterator[Violation]:
    """Hold every event against the chain; fills `chain`. `dates`: also whether events are as old as they say."""
    events = _Ahead(_events(snapshot, chain))
    before: Seal | None = None
    for seal in _seals(snapshot):
        yield from _linked(before, seal)
        yield from _against(seal, events.until(seal.end), before, dates)
        chain.hashes[seal.n], chain.last = seal.hash, seal.n
        before = seal
    yield from _rest(snapshot, chain, events, dates)


def _seals(snapshot: Snapshot) -> Iterator[Seal]:
    with snapshot.cursor("seals", binary=True) as cursor:
        cursor.itersize = 200
        for row in cursor.execute(_SEALS):
            yield Seal(*row)


def _events(snapshot: Snapshot, chain: Chain) -> Iterator[Leaf]:
    with snapshot.cursor("events", binary=True) as cursor:
        cursor.itersize = _PORTION
        for id_, tx, at, line in cursor.execute(_EVENTS):
            chain.events += 1
            yield Leaf(id_, tx, at, hashlib.sha256(line.encode()).digest())


class _Ahead:
    """Events in order, taken up to a place."""

    def __init__(self, events: Iterator[Leaf]) -> None:
        self._events = events
        self._next = next(events, None)

    def until(self, end: tuple[int, int]) -> list[Leaf]:
        found: list[Leaf] = []
        while self._next is not None and (self._next.tx, self._next.id) <= end:
            found.append(self._next)
            self._next = next(self._events, None)
        return found

    def rest(self) -> Iterator[Leaf]:
        if self._next is not None:
            yield self._next
        yield from self._events


def _linked(before: Seal | None, seal: Seal) -> Iterator[Violation]:
    name = f"seal {seal.n}"
    if seal.digest() != seal.hash:
        yield Violation("seal_hash", name, "its content does not give its hash: the seal was changed")
    if seal.n != (before.n + 1 if before else 1):
        yield Violation("seal_missing", name, f"follows seal {before.n if before else 0}: seals are missing between")
    elif seal.previous != (before.hash if before else ""):
        yield Violation("seal_chain", name, "does not follow from the seal before it: the chain was cut and joined")
    if before is not None and seal.end <= before.end:
        yield Violation("seal_order", name, "ends before the seal before it")


def _against(seal: Seal, found: list[Leaf], before: Seal | None, dates: bool) -> Iterator[Violation]:
    if [leaf.id for leaf in found] != seal.ids or b"".join(leaf.digest for leaf in found) != seal.leaves:
        yield from _differences(seal, found)
    if dates:
        floor = before.at - HOUR if before else None
        yield from (_dated(leaf, seal) for leaf in found if _odd(leaf, floor, seal.at + HOUR))


def _differences(seal: Seal, found: list[Leaf]) -> Iterator[Violation]:
    """Which events of a seal are not what was sealed."""
    sealed = {id_: seal.leaves[32 * place : 32 * place + 32] for place, id_ in enumerate(seal.ids)}
    there = {leaf.id: leaf.digest for leaf in found}
    for id_ in sealed.keys() - there.keys():
        yield Violation("event_gone", f"event {id_}", f"was sealed in seal {seal.n} and is not there (or was moved)")
    for id_ in there.keys() - sealed.keys():
        yield Violation("event_added", f"event {id_}", f"stands among the events of seal {seal.n}, which has it not")
    for id_ in there.keys() & sealed.keys():
        if there[id_] != sealed[id_]:
            yield Violation("event_changed", f"event {id_}", f"is not what was sealed in seal {seal.n}")


def _odd(leaf: Leaf, floor: int | None, ceiling: int) -> bool:
    return leaf.at > ceiling or (floor is not None and leaf.at < floor)


def _dated(leaf: Leaf, seal: Seal) -> Violation:
    return Violation(
        "event_dated", f"event {leaf.id}", f"was written when seal {seal.n} was made and bears another date"
    )


def _rest(snapshot: Snapshot, chain: Chain, events: _Ahead, dates: bool) -> Iterator[Violation]:
    """What no seal has yet: new events, never old ones."""
    row = snapshot.execute(_PRESENT).fetchone()
    assert row is not None
    horizon, ceiling, now = row
    for leaf in events.rest():
        chain.unsealed += 1
        if leaf.tx >= ceiling:
            yield Violation("event_future", f"event {leaf.id}", f"bears transaction {leaf.tx}, which was never given")
        elif dates and leaf.tx < horizon and leaf.at < now - HOUR:
            yield Violation("event_unsealed", f"event {leaf.id}", "is older than an hour and no seal has it")
