"""The office's processes: started, watched, started again when they die, stopped in order, never left behind."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.rules.errors import TemporaryFailure
from ops.children import kill_group, spawn, stop, wait_until

PAUSE = 0.2
STEADY_SECONDS = 30.0
LONGEST_BACK_OFF = 30.0
Steps = Sequence[tuple[signal.Signals, float]]


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the office. Lower waves are stopped first; `steps` say how, each with seconds to wait."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    wave: int = 0
    steps: Steps = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass(slots=True)
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    since: float
    failures: int = 0
    due: float | None = None


class Supervisor:
    """Keeps programs running. Their output goes to `logs`/NAME.log; `tell` gets a line for each restart."""

    def __init__(self, logs: Path, cwd: Path, tell: Callable[[str], None]) -> None:
        self._logs, self._cwd, self._tell = logs, cwd, tell
        self._running: dict[str, _Running] = {}
        self._guard = threading.RLock()
        self._stopping, self._stopped = threading.Event(), threading.Event()
        # Restarted programs are tied to the life of the thread that started them: it stays until all have stopped.
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self, programs: Sequence[Program]) -> None:
        """Start all, and the watch over them."""
        with self._guard:
            for program in programs:
                self._running[program.name] = _Running(program, self._spawn(program), time.monotonic())
        self._watcher.start()

    def pids(self) -> dict[str, int]:
        """Process ids of the programs that run now, by name."""
        with self._guard:
            return {name: one.process.pid for name, one in self._running.items() if one.process.poll() is None}

    def require(self, ready: Callable[[], bool], name: str, seconds: float) -> None:
        """Wait until `ready` holds. Raises TemporaryFailure with the end of `name`'s log when it does not."""
        if not wait_until(ready, seconds, PAUSE / 2):
            raise TemporaryFailure(f"{name} was not ready within {seconds:.0f} s: {self.tail(name)}")

    def tail(self, name: str, lines: int = 12) -> str:
        """The end of a program's log."""
        log = self._logs / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "no log"

    def stop(self) -> None:
        """Stop every program, wave by wave; afterwards no process of theirs is left. Safe to call twice."""
        self._stopping.set()
        with self._guard:
            for wave in sorted({one.program.wave for one in self._running.values()}):
                self._stop_wave([one for one in self._running.values() if one.program.wave == wave])
            self._running.clear()
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def _stop_wave(self, wave: list[_Running]) -> None:
        for one in wave:
            if one.process.poll() is None:
                one.process.send_signal(one.program.steps[0][0])
        for one in wave:
            stop(one.process, one.program.steps)

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        return spawn(program.command, self._logs / f"{program.name}.log", env=program.env, cwd=self._cwd)

    def _watch(self) -> None:
        while not self._stopping.wait(PAUSE):
            with self._guard:
                for one in self._running.values():
                    if not self._stopping.is_set():
                        self._look_after(one, time.monotonic())
        self._stopped.wait()

    def _look_after(self, one: _Running, now: float) -> None:
        code = one.process.poll()
        if code is None:
            return
        if one.due is None:
            kill_group(one.process.pid)
            one.failures = 0 if now - one.since > STEADY_SECONDS else one.failures + 1
            one.due = now + back_off(one.failures)
            self._tell(f"{one.program.name} ended ({code}); it starts again in {one.due - now:.1f} s")
        elif now >= one.due:
            one.process, one.since, one.due = self._spawn(one.program), now, None


def back_off(failures: int) -> float:
    """Seconds to wait before the next start: at once the first time, then doubling up to half a minute."""
    return 0.0 if failures <= 1 else min(LONGEST_BACK_OFF, 0.5 * 2 ** (failures - 2))
