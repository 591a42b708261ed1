"""How much memory the office holds: this process, every process below it, and what they share counted once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """In MiB. `resident` counts a page for each process that maps it, `proportional` counts every page once."""

    resident: float
    proportional: float
    processes: int


def family(root: int) -> list[int]:
    """`root` and all processes below it, which is the whole local office when it was opened by `root`."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in brackets, may hold anything; the parent is the second word after it.
            children[int(entry.read_text().rpartition(")")[2].split()[1])].append(int(entry.parent.name))
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found


def memory(pids: Iterable[int] | None = None) -> Memory:
    """Memory of `pids`, or of this process and all below it. Linux only; processes that end meanwhile count nothing."""
    resident = proportional = processes = 0
    for pid in family(os.getpid()) if pids is None else pids:
        with suppress(OSError):
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
            resident, proportional, processes = resident + sizes["Rss"], proportional + sizes["Pss"], processes + 1
    return Memory(resident / 1024, proportional / 1024, processes)
