"""The server: `python -m workers.adapters.cage.server FD PARENT [MODULE...]`, started by the client only.

It has one thread, an empty network and no secrets in its environment. It never looks at a file: the file comes
as a descriptor that only the fork reads, and the fork answers into a pipe that only the client reads.
"""

from __future__ import annotations

import gc
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.adapters.cage import confine, landlock, protocol, seccomp
from workers.adapters.cage.limits import Limits


@dataclass(slots=True)
class Server:
    """All that the loop needs; `promised` are the guarantees found at the start."""

    control: socket.socket
    calls: Mapping[str, Any]
    scratch: Path
    ruleset: int | None
    promised: Sequence[str] = field(default_factory=tuple)

    def fork(self, request: Mapping[str, Any], data: int, out: int) -> int:
        """A confined fork at work; gives its process id."""
        from workers.adapters.cage import child

        task = child.Task(
            self.calls[request["call"]],
            request["arguments"],
            Limits.from_dict(request["limits"]),
            self.ruleset,
            str(self.scratch),
            self.promised,
        )
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.run(task, data, out, parent)
        return pid

    def wait(self, pid: int, seconds: float) -> tuple[bool, int, Any]:
        """Wait for the fork's end: whether it had to be killed, its status, its use. A client that left kills it."""
        deadline = time.monotonic() + seconds
        handle = _exit_handle(pid)
        killed = False
        try:
            while True:
                ended, status, usage = os.wait4(pid, 0 if killed else os.WNOHANG)
                if ended:
                    return killed, status, usage
                killed = self._time_over(handle, deadline)
                if killed:
                    os.kill(pid, signal.SIGKILL)
        finally:
            if handle:
                os.close(handle)

    def _time_over(self, handle: int, deadline: float) -> bool:
        """Sleep until the fork ends, the time is over or the client leaves; True in the last two cases."""
        left = deadline - time.monotonic()
        if left <= 0:
            return True
        watched: list[Any] = [self.control, handle] if handle else [self.control]
        ready, _, _ = select.select(watched, [], [], left if handle else min(left, 0.01))
        return self.control in ready

    def serve(self, request: Mapping[str, Any], data: int, out: int) -> dict[str, Any]:
        """One request, start to end; the report says how the fork ended and what it used."""
        pid = self.fork(request, data, out)
        os.close(data)
        os.close(out)
        killed, status, usage = self.wait(pid, float(request["limits"]["wall_seconds"]))
        self.sweep()
        return {
            "killed": killed,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "max_rss_kib": usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss // 1024,
        }

    def sweep(self) -> None:
        """Empty the scratch folder so that no file sees what another left."""
        for entry in self.scratch.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

    def loop(self) -> None:
        """Serve until the client closes its end."""
        while True:
            try:
                request, handles = protocol.receive_line(self.control, descriptors=2)
            except protocol.Broken:
                return
            if len(handles) != 2 or request.get("call") not in self.calls:
                for handle in handles:
                    os.close(handle)
                report: dict[str, Any] = {"refused": str(request.get("call"))}
            else:
                report = self.serve(request, *handles)
            protocol.send_line(self.control, report)


def _exit_handle(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return 0


def _scratch_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="paraf-cage-"))
    if confine.may_become_nobody():
        os.chown(folder, confine.NOBODY, confine.NOBODY)
    return folder


def _probe(server: Server, limits: Limits) -> list[str]:
    """What a fork achieves here, found by trying."""
    reader, writer = os.pipe()
    data = os.open(os.devnull, os.O_RDONLY)
    server.serve({"call": "probe", "arguments": {}, "limits": limits.as_dict()}, data, writer)
    with os.fdopen(reader, "rb") as answer:
        reply = protocol.parse_reply(answer.read())
    return list(reply.header["held"]) if reply else []


def main(control: int, parent: int, modules: Sequence[str]) -> None:
    """Leave the network, load the parsers, say hello, serve."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a way out that still empties the scratch folder
    confine.die_with(parent, signal.SIGTERM)
    network = [confine.NO_NETWORK_NAMESPACE] if confine.leave_network() else []
    from workers.adapters.cage import calls

    scratch = _scratch_folder()
    try:
        with socket.socket(fileno=control) as conversation:
            rules = landlock.ruleset(confine.readable_paths(), str(scratch))
            seccomp.prepare(may_write=rules is not None)
            server = Server(conversation, calls.load(modules), scratch, rules)
            gc.collect()
            gc.freeze()  # forks then share these pages: collection does not write to them
            server.promised = _probe(server, Limits())
            protocol.send_line(conversation, {"guarantees": [*network, *server.promised]})
            server.loop()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
