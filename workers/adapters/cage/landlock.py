"""Landlock: the kernel's own list of folders a process may read or write (Linux 5.13 and later).

Source: include/uapi/linux/landlock.h; the three system calls have the same numbers on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from workers.adapters.cage import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_NOT_FOR_SCRATCH = (1 << 0) | (1 << 6) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 15)
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
_TCP = 0b11
_SCOPED = 0b11


def abi() -> int:
    """The kernel's Landlock version, 0 when it has none."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) if kernel.LINUX else 0
    except OSError:
        return 0


def _handled(version: int) -> int:
    return (1 << _FS_RIGHTS_BY_ABI.get(version, 16)) - 1


def _attributes(version: int) -> bytes:
    words = [_handled(version)]
    if version >= 4:
        words.append(_TCP)
    if version >= 6:
        words.append(_SCOPED)
    return struct.pack(f"={len(words)}Q", *words)


def _allow(ruleset: int, path: str, rights: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
        kernel.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(handle)


def ruleset(readable: Sequence[str], writable: str) -> int | None:
    """A rule set as a descriptor: only `readable` paths and one `writable` folder; None without Landlock."""
    version = abi()
    if version < 1:
        return None
    attributes = ctypes.create_string_buffer(_attributes(version), len(_attributes(version)))
    descriptor = kernel.syscall(
        _CREATE_RULESET, attributes, ctypes.c_size_t(len(_attributes(version))), ctypes.c_uint32(0)
    )
    for path in map(Path, readable):
        if path.exists():
            _allow(descriptor, str(path), _READ_FILE | (_READ_FOLDER if path.is_dir() else 0))
    _allow(descriptor, writable, _handled(version) & ~_NOT_FOR_SCRATCH)
    return descriptor


def restrict(descriptor: int) -> None:
    """Apply a rule set to this process for ever; needs no_new_privs. Raises OSError."""
    kernel.syscall(_RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0))
