"""A seccomp filter: the few system calls that parsing needs; all others fail with EPERM.

No sockets, no exec, no fork (threads only), no signals to others, no tracing, no mounts. Written as classic BPF
(linux/seccomp.h, linux/filter.h) because the standard library has no door to it.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct

from workers.adapters.cage import kernel

_LOAD, _IF_EQUAL, _IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW = 0x7FFF0000
_DENY = 0x00050000 | errno.EPERM
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
_KILL = 0x80000000
_CLONE_THREAD = 0x00010000
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_TCGETS, _FIOCLEX = 0x5401, 0x5451

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# Name: number on x86-64 (asm/unistd_64.h), on aarch64 (asm-generic/unistd.h); -1 where there is none.
_PLAIN = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "lseek": (8, 62), "close": (3, 57), "fstat": (5, 80), "newfstatat": (262, 79),
    "statx": (332, 291), "stat": (4, -1), "lstat": (6, -1), "access": (21, -1), "faccessat": (269, 48),
    "faccessat2": (439, 439), "readlink": (89, -1), "readlinkat": (267, 78), "getdents64": (217, 61),
    "getcwd": (79, 17), "fcntl": (72, 25), "fadvise64": (221, 223), "dup": (32, 23), "fsync": (74, 82),
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "msync": (26, 227), "brk": (12, 214), "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293),
    "set_tid_address": (218, 96), "exit": (60, 93), "exit_group": (231, 94), "restart_syscall": (219, 128),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "membarrier": (324, 283), "getcpu": (309, 168),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "time": (201, -1), "times": (100, 153), "getrandom": (318, 278),
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getrusage": (98, 165), "getrlimit": (97, 163),
    "uname": (63, 160), "sysinfo": (99, 179), "poll": (7, -1), "ppoll": (271, 73), "select": (23, -1),
    "pselect6": (270, 72),
}  # fmt: skip
_WRITING = {
    "unlink": (87, -1), "unlinkat": (263, 35), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1),
    "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276), "ftruncate": (77, 46),
}  # fmt: skip
_OPEN, _OPENAT = (2, -1), (257, 56)
_CLONE, _CLONE3, _TGKILL, _PRLIMIT, _IOCTL = (56, 220), (435, 435), (234, 131), (302, 261), (16, 29)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _on(number: int, verdict: int) -> bytes:
    return _step(_IF_EQUAL, number, 0, 1) + _step(_RETURN, verdict)


def _guard(number: int, argument: int, test: int, value: int, verdicts: tuple[int, int]) -> bytes:
    """For call `number`, test one argument: the first verdict when the test holds, else the second."""
    return b"".join(
        (
            _step(_IF_EQUAL, number, 0, 4),
            _step(_LOAD, 16 + 8 * argument),
            _step(test, value, 0, 1),
            _step(_RETURN, verdicts[0]),
            _step(_RETURN, verdicts[1]),
        )
    )


def _guarded(column: int, pid: int) -> bytes:
    allowed_if = (_ALLOW, _DENY)
    return b"".join(
        (
            _on(_CLONE3[column], _NO_SUCH_CALL),  # its flags can not be seen from here; the C library then takes clone
            _guard(_CLONE[column], 0, _IF_BITS, _CLONE_THREAD, allowed_if),
            _guard(_TGKILL[column], 0, _IF_EQUAL, pid, allowed_if),
            _guard(_PRLIMIT[column], 0, _IF_EQUAL, 0, allowed_if),
            _guard(_IOCTL[column], 1, _IF_EQUAL, _TCGETS, allowed_if),
        )
    )


def _opening(column: int, may_write: bool) -> bytes:
    calls = ((_OPEN[column], 1), (_OPENAT[column], 2))
    present = [(number, argument) for number, argument in calls if number >= 0]
    if may_write:
        return b"".join(_on(number, _ALLOW) for number, _ in present)
    return b"".join(_guard(number, argument, _IF_BITS, _WRITE_FLAGS, (_DENY, _ALLOW)) for number, argument in present)


@functools.cache
def _common(may_write: bool, machine: str) -> bytes:
    """The part that is the same in every fork."""
    architecture, column = _ARCHITECTURES[machine]
    table = {**_PLAIN, **(_WRITING if may_write else {})}
    allowed = b"".join(_on(numbers[column], _ALLOW) for numbers in table.values() if numbers[column] >= 0)
    head = _step(_LOAD, 4) + _step(_IF_EQUAL, architecture, 1, 0) + _step(_RETURN, _KILL) + _step(_LOAD, 0)
    return head + allowed + _opening(column, may_write)


def program(pid: int, may_write: bool, machine: str) -> bytes:
    """The filter as BPF instructions of 8 bytes; `may_write` is False where no Landlock confines the writing."""
    _, column = _ARCHITECTURES[machine]
    return _common(may_write, machine) + _guarded(column, pid) + _step(_RETURN, _DENY)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def supported() -> bool:
    """Whether a filter is known for this machine."""
    return kernel.LINUX and platform.machine() in _ARCHITECTURES


def prepare(may_write: bool) -> None:
    """Make what all forks share before the first one."""
    if supported():
        _common(may_write, platform.machine())


def install(may_write: bool) -> None:
    """Filter this process for ever; needs no_new_privs. Raises OSError where the kernel or machine has no seccomp."""
    if not supported():
        raise OSError(errno.ENOSYS, "no seccomp filter for this machine")
    steps = program(os.getpid(), may_write, platform.machine())
    buffer = ctypes.create_string_buffer(steps, len(steps))
    filters = _Program(len(steps) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.byref(filters))
