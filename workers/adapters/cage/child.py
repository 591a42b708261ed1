"""What runs inside one fork."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from workers.adapters.cage.calls import Call
from workers.adapters.cage.confine import confine
from workers.adapters.cage.limits import Limits
from workers.adapters.cage.protocol import Reply, read_all, write_reply

NOT_CONFINED = 70


@dataclass(frozen=True, slots=True)
class Task:
    """One request as the fork gets it: descriptors 3 and 4 after `settle`."""

    call: Call
    arguments: Mapping[str, Any]
    limits: Limits
    ruleset: int | None
    scratch: str
    promised: Sequence[str]


def _settle(data: int, out: int, ruleset: int | None) -> tuple[int, int, int | None]:
    """Keep three descriptors, point the standard ones to nowhere, close all others."""
    high = [os.dup2(fd, 200 + index) for index, fd in enumerate((data, out, ruleset)) if fd is not None]
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    kept = [os.dup2(fd, 3 + index) for index, fd in enumerate(high)]
    os.closerange(3 + len(kept), 256)
    return kept[0], kept[1], kept[2] if ruleset is not None else None


def _answer(task: Task, data: int) -> Reply:
    """The function's reply, or what stopped it."""
    try:
        return task.call(read_all(data), task.arguments)
    except MemoryError:
        return Reply({"stopped": "memory"})
    except Exception as error:
        return Reply({"stopped": "crash", "error": f"{type(error).__name__}: {error}"[:500]})


def run(task: Task, data: int, out: int, parent: int) -> NoReturn:
    """Confine, call, write, leave without any clean-up that hostile state could disturb."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setpgid(0, 0)
        data, out, ruleset = _settle(data, out, task.ruleset)
        os.chdir(task.scratch)
        held = confine(task.limits, ruleset, parent)
        if missing := sorted(set(task.promised) - set(held)):
            write_reply(out, Reply({"stopped": "not-confined", "error": ", ".join(missing)}))
            os._exit(NOT_CONFINED)
        reply = _answer(task, data)
        write_reply(out, Reply({**reply.header, "held": held}, reply.body))
    finally:
        os._exit(0)
