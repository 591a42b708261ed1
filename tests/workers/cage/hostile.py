"""What code that took over a fork might try; a Cage made with this module may be asked to try it.

Each function answers with what it achieved, so a test can tell a fence from a mere crash.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workers.adapters.cage.protocol import Reply


def _tried(act: Callable[[], object]) -> Reply:
    try:
        return Reply({"done": str(act())})
    except (OSError, subprocess.SubprocessError) as error:
        return Reply({"failed": type(error).__name__, "errno": getattr(error, "errno", 0)})


def echo(data: bytes, arguments: Mapping[str, Any]) -> Reply:
    return Reply({"arguments": dict(arguments), "size": len(data)}, data)


def connect(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    def act() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
            caller.settimeout(2)
            caller.connect(("127.0.0.1", int(arguments["port"])))

    return _tried(act)


def any_socket(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    return _tried(lambda: socket.socket(getattr(socket, arguments["family"]), socket.SOCK_DGRAM))


def write(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    return _tried(lambda: Path(arguments["path"]).write_bytes(b"x"))


def read(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    return _tried(lambda: len(Path(arguments["path"]).read_bytes()))


def write_here(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    def act() -> list[str]:
        before = sorted(entry.name for entry in Path.cwd().iterdir())
        Path("left").write_bytes(b"x" * int(arguments["size"]))
        return before

    return _tried(act)


def fork(_: bytes, __: Mapping[str, Any]) -> Reply:
    def act() -> int:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        return pid

    return _tried(act)


def execute(_: bytes, __: Mapping[str, Any]) -> Reply:
    return _tried(lambda: os.execv(sys.executable, [sys.executable, "-c", "print(1)"]))


def thread(_: bytes, __: Mapping[str, Any]) -> Reply:
    seen: list[int] = []
    worker = threading.Thread(target=lambda: seen.append(1))
    worker.start()
    worker.join()
    return Reply({"done": str(seen)})


def kill_server(_: bytes, __: Mapping[str, Any]) -> Reply:
    return _tried(lambda: os.kill(os.getppid(), signal.SIGKILL))


def raise_limit(_: bytes, __: Mapping[str, Any]) -> Reply:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError) as error:
        return Reply({"failed": type(error).__name__})
    return Reply({"done": "raised"})


def unshare(_: bytes, __: Mapping[str, Any]) -> Reply:
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.unshare(0x10000000)
    return Reply({"result": result, "errno": ctypes.get_errno()})


def exhaust(_: bytes, __: Mapping[str, Any]) -> Reply:
    held = []
    while True:
        held.append(bytearray(b"x" * (8 << 20)))


def spin(_: bytes, __: Mapping[str, Any]) -> Reply:
    while True:
        pass


def sleep(_: bytes, __: Mapping[str, Any]) -> Reply:
    time.sleep(3600)
    return Reply({})


def crash(_: bytes, __: Mapping[str, Any]) -> Reply:
    ctypes.string_at(0)
    return Reply({})


def leave(_: bytes, __: Mapping[str, Any]) -> Reply:
    os._exit(0)


def lie(data: bytes, __: Mapping[str, Any]) -> Reply:
    """Speak to the client out of turn: raw bytes on the answer's own descriptor."""
    os.write(4, data)
    os._exit(0)


def flood(_: bytes, arguments: Mapping[str, Any]) -> Reply:
    return Reply({"size": arguments["size"]}, b"x" * int(arguments["size"]))


def many_files(_: bytes, __: Mapping[str, Any]) -> Reply:
    return _tried(lambda: [os.dup(0) for _ in range(1000)])


def surroundings(_: bytes, __: Mapping[str, Any]) -> Reply:
    return Reply({
        "environment": dict(os.environ),
        "user": os.geteuid(),
        "descriptors": sorted(fd for fd in range(256) if _is_open(fd)),
    })  # fmt: skip


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


CALLS = {
    act.__name__: act
    for act in (
        echo, connect, any_socket, write, read, write_here, fork, execute, thread, kill_server, raise_limit, unshare,
        exhaust, spin, sleep, crash, leave, lie, flood, many_files, surroundings,
    )
}  # fmt: skip
