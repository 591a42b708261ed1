"""Which part of a local office spent how much CPU and holds how much memory, read from /proc."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from pathlib import Path
from typing import Self

from ops.benchmarks.machine import cpu_seconds
from ops.memory import family, memory
from ops.office import LocalOffice

PROC = Path("/proc")
_BETWEEN_LOOKS = 1.0
_CAGE = "workers.adapters.cage.server"


class Cages:
    """Remembers what each cage had spent when it was last seen: a cage that ends with its worker takes it along."""

    def __init__(self, office: LocalOffice) -> None:
        self._office, self._over = office, threading.Event()
        self._seen: dict[int, tuple[str, float]] = {}
        self._watch = threading.Thread(target=self._look, name="cages", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def spent(self) -> dict[str, float]:
        """CPU seconds so far by part, ended cages included."""
        self._note()
        found: dict[str, float] = defaultdict(float)
        for part, seconds in list(self._seen.values()):
            found[part] += seconds
        return found

    def _look(self) -> None:
        while not self._over.wait(_BETWEEN_LOOKS):
            self._note()

    def _note(self) -> None:
        for name, root in self._office.supervisor.pids().items():
            for pid in family(root):
                if (part := _part(name, pid)) != name:
                    self._seen[pid] = (part, max(cpu_seconds([pid]), self._seen.get(pid, ("", 0.0))[1]))


def cpu_by_part(office: LocalOffice, cages: Cages) -> dict[str, float]:
    """CPU seconds so far: of each program without its cage, of the cages by their program's kind, of both servers."""
    spent: dict[str, float] = defaultdict(float, cages.spent())
    seen: set[int] = set()
    for name, root in office.supervisor.pids().items():
        for pid in family(root):
            seen.add(pid)
            if _part(name, pid) == name:
                spent[name] += cpu_seconds([pid])
    for pid in set(family(os.getpid())) - seen - {os.getpid()}:
        spent[_server(pid)] += cpu_seconds([pid])
    return dict(spent)


def resident_mb(office: LocalOffice, program: str) -> float:
    """Resident memory of a program's own process, in MiB."""
    return round(memory([office.supervisor.pids()[program]]).resident, 1)


def _part(program: str, pid: int) -> str:
    if _CAGE not in _command(pid):
        return program
    return "page pictures" if program == "archive" else f"cage of {program}"


def _server(pid: int) -> str:
    command = _command(pid)
    return "postgresql" if "postgres" in command else "broker" if "valkey" in command or "redis" in command else "rest"


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
