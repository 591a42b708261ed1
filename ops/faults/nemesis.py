"""Breaks one thing after the other, and waits each time until the part that was struck gets on again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis

from ops.faults.eyes import Eyes
from ops.faults.office import FaultyOffice
from ops.faults.schedule import Fault
from ops.office import answers
from workers.app import Office as CeleryApp
from workers.app import celery_settings

LOOK_EVERY = 0.1
LONGEST = 120.0
"""Seconds after which a part counts as not recovered."""


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault and the seconds until the part that it struck made progress again, from its end on."""

    fault: Fault
    recovery: float


@dataclass(slots=True)
class Nemesis:
    """Strikes `office`. `redelivered` counts messages that were published a second time."""

    office: FaultyOffice
    eyes: Eyes
    tell: Callable[[str], None]
    struck: list[Struck] = field(default_factory=list)
    redelivered: int = 0
    _offset: float = 0.0
    _publisher: Any = None

    def strike(self, fault: Fault) -> None:
        """Peace for `gap` seconds, the fault, its end, and the wait for progress."""
        time.sleep(fault.gap)
        strikes = {
            "kill_worker": self._kill,
            "kill_child": self._kill_child,
            "kill_relay": self._kill,
            "kill_beat": self._kill,
            "kill_api": self._kill,
            "kill_broker": self._kill_broker,
            "flush_broker": self._flush,
            "freeze_broker": self._freeze,
            "stop_postgres": self._stop_postgres,
            "cut": self._cut,
            "delay": self._delay,
            "deliver_twice": self._deliver_twice,
            "fill_disk": self._fill_disk,
            "fail_fsync": self._fail_fsync,
            "move_clock": self._move_clock,
        }
        began = strikes[fault.kind](fault)
        before = self._progress()
        recovered = self._until(lambda: self._got_on(fault, before))
        seconds = time.monotonic() - began if recovered else LONGEST
        self.struck.append(Struck(fault, round(seconds, 2)))
        self.tell(f"{len(self.struck)}. {fault.kind} {fault.target}: on again after {seconds:.1f} s")

    # Each returns the moment from which recovery counts: the blow, or the end of what lasts.
    def _kill(self, fault: Fault) -> float:
        self._until(lambda: fault.target in self.office.supervisor.pids())
        began = time.monotonic()
        with suppress(KeyError):
            self.office.kill(fault.target)
        return began

    def _kill_child(self, fault: Fault) -> float:
        self._until(lambda: fault.target in self.office.supervisor.pids())
        began = time.monotonic()
        with suppress(KeyError):
            self.office.kill_child(fault.target)
        return began

    def _kill_broker(self, fault: Fault) -> float:
        began = time.monotonic()
        self.office.kill_broker()
        time.sleep(fault.seconds / 2)
        self.office.start_broker()
        return began

    def _flush(self, _: Fault) -> float:
        with redis.Redis.from_url(self.office.servers.broker_url) as broker:
            broker.flushall()
        return time.monotonic()

    def _freeze(self, fault: Fault) -> float:
        pid = self.office.broker_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(fault.seconds * 3)
        finally:
            os.kill(pid, signal.SIGCONT)
        return time.monotonic()

    def _stop_postgres(self, fault: Fault) -> float:
        began = time.monotonic()
        self.office.stop_postgres()
        self.eyes.close()
        time.sleep(fault.seconds / 2)
        self.office.start_postgres()
        return began

    def _cut(self, fault: Fault) -> float:
        self.office.proxies[fault.target].cut()
        return time.monotonic()

    def _delay(self, fault: Fault) -> float:
        self.office.proxies[fault.target].delay(fault.amount)
        try:
            time.sleep(fault.seconds)
        finally:
            self.office.proxies[fault.target].delay(0.0)
        return time.monotonic()

    def _deliver_twice(self, fault: Fault) -> float:
        if self._publisher is None:
            self._publisher = CeleryApp("paraf-nemesis", set_as_current=False)
            self._publisher.conf.update(celery_settings(self.office.settings))
        # At the very start nothing was sent yet that could come twice.
        self._until(lambda: len(self.eyes.recent_messages(int(fault.amount))) >= fault.amount / 2)
        rows = self.eyes.recent_messages(int(fault.amount))
        for task, queue, subject, generation in rows:
            arguments = {"id": subject, "generation": generation}
            self._publisher.send_task(task, kwargs=arguments, queue=queue, priority=0)
        self.redelivered += len(rows)
        return time.monotonic()

    def _fill_disk(self, fault: Fault) -> float:
        if not self.office.own_disk:
            return self._fail(fault, "ENOSPC")
        self.office.fill_disk()
        try:
            time.sleep(fault.seconds)
        finally:
            self.office.free_disk()
        return time.monotonic()

    def _fail_fsync(self, fault: Fault) -> float:
        return self._fail(fault, "EIO")

    def _fail(self, fault: Fault, word: str) -> float:
        end = time.monotonic() + fault.seconds
        while time.monotonic() < end:
            self.office.arm("vault.fsync.before", word)
            time.sleep(LOOK_EVERY)
        (self.office.armed / "vault.fsync.before").unlink(missing_ok=True)
        return time.monotonic()

    def _move_clock(self, fault: Fault) -> float:
        # Ahead, behind, and right again: a clock that is corrected jumps too.
        self._offset = fault.amount if self._offset == 0.0 else 0.0
        self.office.move_clock(self._offset)
        return time.monotonic()

    def _progress(self) -> dict[str, str]:
        found: list[dict[str, str]] = []

        def look() -> bool:
            found[:] = [self._look()]
            return bool(found[0])

        self._until(look)
        return found[0]

    def _look(self) -> dict[str, str]:
        try:
            return self.eyes.progress()
        except psycopg.Error:
            self.eyes.close()
            return {}

    def _got_on(self, fault: Fault, before: Mapping[str, str]) -> bool:
        if fault.target == "api":
            return answers(f"{self.office.base_url}/readyz")
        now = self._look()
        changed = {name for name in now if now[name] != before.get(name)}
        return any(sign in changed for sign in _signs(fault.target, now))

    def _until(self, holds: Callable[[], bool]) -> bool:
        end = time.monotonic() + LONGEST
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_EVERY)
        return True


def _signs(target: str, now: Mapping[str, str]) -> list[str]:
    """What shows that a part gets on: its own work for a process, any finished work or canary for a server."""
    if target == "relay":
        return ["sent", "heard relay"]
    if target == "beat":
        return ["heard sweep", *(name for name in now if name.startswith("heard canary"))]
    own = [f"done {target}", f"heard canary.{target}"]
    return own if set(own) & set(now) else [name for name in now if name.startswith(("done ", "heard canary"))]
