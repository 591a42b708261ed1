"""The worker's end of the cage."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import workers
from models.rules.errors import PermanentFailure, TemporaryFailure
from workers.adapters.cage import confine, kernel, protocol
from workers.adapters.cage.limits import Limits

_START_SECONDS = 60.0
_GRACE_SECONDS = 5.0
_COPIED = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stopped:
    """The call did not answer: `reason` is "time", "memory" or "crash"; `detail` is for the log, English."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a fork used."""

    cpu_seconds: float
    max_rss_kib: int


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    control: socket.socket
    guarantees: tuple[str, ...]


class Cage:
    """Runs named functions on hostile bytes, each in a fresh confined fork of one server.

    One server a worker process, started at the first call (so after Celery's fork), replaced when it dies or when
    this object finds itself in another process. Calls from several threads wait for each other. Start it from
    a thread that lives as long as the worker: the kernel ties the server's life to that thread.
    """

    def __init__(self, limits: Limits | None = None, extra_calls: Sequence[str] = ()) -> None:
        self.limits = limits or Limits()
        self._extra_calls = tuple(extra_calls)
        self._owner = 0
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self.last_usage = Usage(0.0, 0)

    def run(self, call: str, data: bytes | BinaryIO, arguments: Mapping[str, Any]) -> protocol.Reply | Stopped:
        """The reply, or why there is none. A file is read by the fork alone, from its start.

        Raises TemporaryFailure when no cage can be had, PermanentFailure when the server knows no such call.
        """
        self._after_fork()
        with self._lock:
            for _ in range(2):
                try:
                    return self._ask(call, data, arguments)
                except (protocol.Broken, OSError) as error:
                    cause = error
                    self._stop()
        raise TemporaryFailure(f"the inspection cage does not answer: {cause}") from cause

    def guarantees(self) -> tuple[str, ...]:
        """Names of what holds on this machine (see `confine`); starts the server. Raises TemporaryFailure."""
        self._after_fork()
        with self._lock:
            try:
                return self._started().guarantees
            except (protocol.Broken, OSError) as error:
                self._stop()
                raise TemporaryFailure(f"the inspection cage does not start: {error}") from error

    def close(self) -> None:
        """End the server; the next call starts another."""
        self._after_fork()
        with self._lock:
            self._stop()

    @property
    def server_pid(self) -> int | None:
        """Process id of the running server, if any."""
        return self._running.process.pid if self._running else None

    def _after_fork(self) -> None:
        """A server belongs to the process that started it: a fork of that process forgets it."""
        if self._owner == os.getpid():
            return
        if self._running:
            self._running.control.close()
            self._running.process.returncode = 0  # the child of another process: never waited for here
        self._owner, self._lock, self._running = os.getpid(), threading.Lock(), None

    def _started(self) -> _Running:
        if self._running is None:
            self._running = _start(self._extra_calls)
        return self._running

    def _stop(self) -> None:
        if self._running is None:
            return
        running, self._running = self._running, None
        running.control.close()
        try:
            running.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()

    def _ask(self, call: str, data: bytes | BinaryIO, arguments: Mapping[str, Any]) -> protocol.Reply | Stopped:
        control = self._started().control
        request = {"call": call, "arguments": dict(arguments), "limits": self.limits.as_dict()}
        control.settimeout(self.limits.wall_seconds + _GRACE_SECONDS)
        with _as_file(data) as source, _pipe() as (reader, writer):
            protocol.send_line(control, request, (source.fileno(), writer.fileno()))
            writer.close()
            output = self._output(reader)
        report, _ = protocol.receive_line(control)
        if "refused" in report:
            raise PermanentFailure(f"the cage has no call {report['refused']!r}")
        self.last_usage = Usage(float(report["cpu_seconds"]), int(report["max_rss_kib"]))
        return _outcome(output, report)

    def _output(self, reader: BinaryIO) -> bytes:
        """All that the fork writes, until it ends; what passes the limit is not kept."""
        parts, size = list[bytes](), 0
        deadline = time.monotonic() + self.limits.wall_seconds + _GRACE_SECONDS
        while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(reader.fileno(), 1 << 20)
            if not part:
                return b"".join(parts) if size <= self.limits.output_bytes else b""
            size += len(part)
            if size <= self.limits.output_bytes:
                parts.append(part)
        raise protocol.Broken("the server did not end a call in time")


def _outcome(output: bytes, report: Mapping[str, Any]) -> protocol.Reply | Stopped:
    reply = protocol.parse_reply(output)
    signal, used = int(report["signal"]), f"signal {report['signal']}, {report['cpu_seconds']:.1f} s"
    if report["killed"] or signal in {9, 24}:  # SIGKILL also ends what passes the hard CPU limit; 24 is SIGXCPU
        return Stopped("time", used)
    if signal or reply is None:
        return Stopped("crash", used)
    stopped = reply.header.get("stopped")
    if stopped == "not-confined":
        raise protocol.Broken(f"a fork was not confined: {reply.header.get('error')}")
    if stopped is not None:
        return Stopped("memory" if stopped == "memory" else "crash", str(reply.header.get("error", "")))
    return reply


@contextlib.contextmanager
def _as_file(data: bytes | BinaryIO) -> Iterator[BinaryIO]:
    """Bytes as a file without a name, in memory on Linux; a file as a copy on disk, which the fork may spoil."""
    if not isinstance(data, bytes):
        with _temporary() as copy:
            data.seek(0)
            shutil.copyfileobj(data, copy, _COPIED)
            copy.flush()
            yield copy
        return
    with os.fdopen(os.memfd_create("paraf-upload"), "w+b") if hasattr(os, "memfd_create") else _temporary() as file:
        file.write(data)
        file.flush()
        yield file


def _temporary() -> BinaryIO:
    return tempfile.TemporaryFile()


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as source, os.fdopen(writer, "wb", buffering=0) as sink:
        yield source, sink


def _sufficient(guarantees: Sequence[str]) -> tuple[str, ...]:
    """On Linux nothing is parsed without limits and without a fence around the network; raises Broken.

    Elsewhere there are no such fences: fit for a developer's machine only.
    """
    held = set(guarantees)
    fenced = confine.SYSTEM_CALLS in held or confine.NO_NETWORK_NAMESPACE in held
    if kernel.LINUX and not (fenced and confine.LIMITS in held and confine.NO_PRIVILEGES in held):
        raise protocol.Broken(f"too few guarantees: {', '.join(guarantees) or 'none'}")
    return tuple(guarantees)


def _environment() -> dict[str, str]:
    """No secret of the worker reaches the cage: its environment is written anew."""
    root = str(Path(next(iter(workers.__path__))).parent)
    kept = {name: os.environ[name] for name in ("TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    fixed = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": root, "PYTHONNOUSERSITE": "1"}
    return {**kept, **fixed, "MALLOC_ARENA_MAX": "2"}  # each further arena would reserve 64 MiB of the limit


def _start(extra_calls: Sequence[str]) -> _Running:
    """A server that said hello; raises Broken or OSError."""
    ours, theirs = socket.socketpair()
    try:
        process = _launched(theirs, extra_calls)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    ours.settimeout(_START_SECONDS)
    try:
        hello, _ = protocol.receive_line(ours)
        return _Running(process, ours, _sufficient(hello["guarantees"]))
    except (protocol.Broken, KeyError) as error:
        ours.close()
        process.kill()
        process.wait()
        raise protocol.Broken(f"the server did not start: {error}") from error


def _launched(control: socket.socket, extra_calls: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "workers.adapters.cage.server", str(control.fileno()), str(os.getpid())]
    return subprocess.Popen(  # noqa: S603  (fixed command, no shell)
        [*command, *extra_calls],
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
        start_new_session=True,
    )
