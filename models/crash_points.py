"""Named places where a process can be made to die, or its disk to fail, on purpose: how crash recovery is shown.

Nothing happens unless `PARAF_CRASH_AT` names a folder when the process starts, and nothing at a point unless a file
in that folder bears its name (`vault.fsync.before`), or its name and what is being done there
(`step.record.before_commit@paraf.apply_paraf`). Whoever comes by first takes the file away, and then does what it
says, once: `kill` (also when it is empty), `group` for the whole process group, the name of an operating system's error
(`EIO`, `ENOSPC`), `temporary` or `permanent` for a failure of an adapter.
"""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from models.rules.errors import PermanentFailure, TemporaryFailure

VARIABLE = "PARAF_CRASH_AT"

POINTS = (
    "commit.before",
    "commit.after",
    "whole.before_commit",
    "whole.after_commit",
    "step.begin.before_commit",
    "step.begin.after_commit",
    "step.record.before_commit",
    "step.record.after_commit",
    "step.postpone.before_commit",
    "step.postpone.after_commit",
    "step.set_aside.before_commit",
    "step.set_aside.after_commit",
    "job.begin.before_commit",
    "job.begin.after_commit",
    "job.end.before_commit",
    "job.end.after_commit",
    "job.postpone.before_commit",
    "job.postpone.after_commit",
    "sweep.requeue.before_commit",
    "sweep.requeue.after_commit",
    "sweep.wipe.before_commit",
    "sweep.wipe.after_commit",
    "relay.publish.before",
    "relay.publish.after",
    "relay.sweep.before_commit",
    "relay.sweep.after_commit",
    "vault.fsync.before",
    "vault.fsync.after",
    "vault.rename.before",
    "vault.rename.after",
    "vault.folder_fsync.after",
    "signature.before",
    "signature.after",
    "seal.before",
    "seal.after",
    "mail.rename.before",
    "mail.rename.after",
)
"""Every point of the house: before and after each commit, publish, rename, fsync and signature."""

_FOLDER = os.environ.get(VARIABLE, "")


def crash_point(name: str, scope: str = "") -> None:
    """Come by the point `name` while doing `scope` (a task, a kind of act)."""
    if _FOLDER:
        strike(Path(_FOLDER), name, scope)


def strike(folder: Path, name: str, scope: str = "") -> None:
    """Do what the file of this point says, if there is one; raises the failure that it asks for."""
    for armed in (folder / f"{name}@{scope}", folder / name):
        try:
            word = armed.read_text(encoding="ascii").strip()
            armed.unlink()
        except FileNotFoundError:  # never armed, or another process was here first
            continue
        _fall(word, name)


def _fall(word: str, name: str) -> None:
    if word in ("", "kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "group":
        os.killpg(0, signal.SIGKILL)
    if word == "temporary":
        raise TemporaryFailure(f"Made to fail at {name}.")
    if word == "permanent":
        raise PermanentFailure(f"Made to fail for good at {name}.")
    number = getattr(errno, word)
    raise OSError(number, os.strerror(number))
