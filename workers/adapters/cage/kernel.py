"""The handful of Linux calls that Python does not offer, through ctypes; absent elsewhere."""

from __future__ import annotations

import ctypes
import os
import sys

LINUX = sys.platform.startswith("linux")

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Raw system call; raises OSError."""
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), f"syscall {number}")


def prctl(option: int, *arguments: object) -> int:
    """prctl(2); raises OSError, also where there is no such call."""
    if not LINUX:
        raise OSError("prctl is Linux only")
    padded = (*arguments, 0, 0, 0, 0)[:4]
    values = [a if not isinstance(a, int) else ctypes.c_ulong(a) for a in padded]
    return _checked(_libc.prctl(ctypes.c_int(option), *values), f"prctl {option}")


def unshare(flags: int) -> None:
    """unshare(2); raises OSError."""
    if not LINUX:
        raise OSError("unshare is Linux only")
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_capabilities() -> None:
    """Empty the effective, permitted and inheritable sets; raises OSError."""
    header = _CapabilityHeader(0x20080522, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")
