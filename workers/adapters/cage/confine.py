"""Takes away from a process what parsing does not need.

Each step says by name what it achieved, so that the server can report which guarantees hold on this machine
and a fork can refuse to go on with fewer than the server found at its start.
"""

from __future__ import annotations

import os
import resource
import signal
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path

from workers.adapters.cage import kernel, landlock, seccomp
from workers.adapters.cage.limits import Limits

NOBODY = 65534

LIMITS = "limits"
NO_PRIVILEGES = "no-privileges"
NO_NETWORK_NAMESPACE = "own-network-namespace"
FOLDERS = "landlock"
SYSTEM_CALLS = "seccomp"
DIES_WITH_PARENT = "dies-with-parent"


def _map_identity(uid: int, gid: int) -> None:
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def leave_network() -> bool:
    """Move this single-threaded process and all its forks to an empty network; False where that is not permitted."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(kernel.CLONE_NEWNET)
    except OSError:
        try:
            kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET)
            _map_identity(uid, gid)
        except OSError:
            return False
    return True


def readable_paths() -> list[str]:
    """The interpreter's own libraries, fonts for pages without their own, chance for qpdf's decryption."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    libraries = {sysconfig.get_path(name) for name in names} | {"/usr/lib", "/lib", "/lib64"}
    return sorted(libraries | {"/usr/share/fonts", "/dev/urandom"})


def die_with(parent: int, by: signal.Signals = signal.SIGKILL) -> bool:
    """Have the kernel send this process a signal when `parent` is gone; False where there is no such call."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, by)
    except OSError:
        return False
    if os.getppid() != parent:
        os._exit(0)
    return True


def _limit(kind: int, value: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    wanted = value if hard is None else hard
    allowed = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
    resource.setrlimit(kind, (min(value, allowed), allowed))


def _set_limits(limits: Limits, may_write: bool) -> None:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes if may_write else 0)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    if not seccomp.supported():
        _limit(resource.RLIMIT_NPROC, 0)  # counts a user's processes, so it only serves where nothing better does
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _drop_privileges() -> None:
    if may_become_nobody():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    else:
        kernel.drop_capabilities()


@cache
def may_become_nobody() -> bool:
    """Whether this process is root where there is such a user: in a user namespace there may be none.

    The server finds it out for all its forks.
    """
    if os.geteuid() != 0:
        return False
    try:
        rows = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    except OSError:
        return True
    return any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in rows)


def _held(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError):
        return False
    return True


def confine(limits: Limits, ruleset: int | None, parent: int) -> list[str]:
    """Confine this fork for ever; gives the names of the guarantees that hold from here on."""
    may_write = ruleset is not None
    held = [LIMITS] if _held(lambda: _set_limits(limits, may_write)) else []
    held += [NO_PRIVILEGES] if _held(_drop_privileges) else []
    held += [DIES_WITH_PARENT] if die_with(parent) else []  # after the change of user, which clears it
    _held(lambda: _ignore(kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)))
    if ruleset is not None:
        held += [FOLDERS] if _held(lambda: landlock.restrict(ruleset)) else []
    held += [SYSTEM_CALLS] if _held(lambda: seccomp.install(may_write)) else []
    return held


def _ignore(_: int) -> None:
    """prctl gives a number that says nothing."""
