"""Child processes that never outlive us, each in a group of its own so that a Ctrl-C reaches us first."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from models.rules.errors import TemporaryFailure

TETHER = Path(__file__).with_name("tether.py")


@dataclass(frozen=True, slots=True)
class User:
    """Who a program runs as; -1 keeps the present user."""

    uid: int = -1
    gid: int = -1


def spawn(
    command: Sequence[str],
    log: Path,
    *,
    death: signal.Signals = signal.SIGTERM,
    user: User = User(),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` with its output appended to `log`; it gets `death` if we die without stopping it."""
    tether = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(death)), str(user.uid), str(user.gid)]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the commands are our own
            [*tether, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> int:
    """Send each signal and wait its seconds until the process has ended; the whole group is killed at last."""
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill_group(process.pid)
    return process.wait()


def kill_group(leader: int) -> None:
    """Kill what is left of a group that `spawn` made."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def command_line(pid: int) -> str:
    """The command that runs as `pid`, or an empty text."""
    record = Path(f"/proc/{pid}/cmdline")
    if record.parent.parent.joinpath("self").exists():
        with suppress(OSError):
            return record.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        return ""
    listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return listing.stdout.strip()


def end_survivor(pid: int, marks: Sequence[str], steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Stop a process of an earlier run, if `pid` still is one: its command must hold all `marks`."""
    for number, seconds in steps:
        if not _is_ours(pid, marks):
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        wait_until(lambda: not _is_ours(pid, marks), seconds)
    return not _is_ours(pid, marks)


def _is_ours(pid: int, marks: Sequence[str]) -> bool:
    line = command_line(pid)
    return bool(line) and all(mark in line for mark in marks)


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Poll `ready` until it holds (True) or `seconds` have passed (False)."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def free_port(wished: int = 0) -> int:
    """`wished` if nothing listens there, else a free port of the loopback address."""
    for candidate in (wished, 0):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            return int(probe.getsockname()[1])
    raise TemporaryFailure("no port is free on the loopback address")


def kept_port(path: Path) -> int:
    """The port that `path` remembers when it is still free, else a new one, remembered."""
    wished = int(path.read_text()) if path.exists() else 0
    port = free_port(wished)
    path.write_text(str(port))
    return port
