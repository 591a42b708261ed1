"""Start a program that can not outlive its parent: `python -I -S tether.py PARENT SIGNAL UID GID COMMAND...`.

The kernel sends SIGNAL to the program when the parent ends, even by kill -9. UID and GID of -1 keep the user.
It runs apart, before anything else is imported, so that no thread of the parent is ever forked.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become(uid: int, gid: int) -> None:
    """Give up root for good."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def tie(parent: int, signal: int) -> None:
    """Ask for `signal` at the parent's end (Linux only); leave at once when it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit(1)


def main(arguments: list[str]) -> None:
    parent, signal, uid, gid = (int(word) for word in arguments[:4])
    become(uid, gid)
    # After the change of user: it would clear the tie.
    tie(parent, signal)
    os.execvp(arguments[4], arguments[4:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
