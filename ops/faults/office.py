"""The local office as the nemesis needs it: servers behind proxies, points armed to fail, a clock that can be moved."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from models.crash_points import VARIABLE
from ops.children import wait_until
from ops.embedded_postgres import cluster_folder, start_postgres
from ops.embedded_valkey import start_valkey
from ops.faults.proxy import Proxy
from ops.memory import family
from ops.office import LocalOffice, quietly
from workers.adapters.clock import OFFSET_VARIABLE
from workers.settings import PREFIX

VAULT_SIZE = "2g"
GONE_SECONDS = 20.0


class FaultyOffice(LocalOffice):
    """A whole office without Flower. Open and break it in one thread: servers are tied to the one that starts them."""

    def __init__(self, home: Path, tell: Callable[[str], None] = quietly) -> None:
        super().__init__(home, 0, flower_port=0, flower=False, tell=tell)
        self.armed, self.offset = self.home.root / "armed", self.home.root / "clock-offset"
        self.proxies: dict[str, Proxy] = {}
        self.own_disk = False

    def _start(self) -> None:
        self.home.make()
        self.armed.mkdir(exist_ok=True)
        self.own_disk = self._mount_vault()
        super()._start()

    def environment(self) -> dict[str, str]:
        """As in any local office, but for the way to the servers, the armed points and the clock."""
        shared = super().environment()
        through = {"postgres": f"{PREFIX}DATABASE_URL", "broker": f"{PREFIX}BROKER_URL"}
        for name, variable in through.items():
            shared[variable] = self._through(name, shared[variable])
        return {**shared, VARIABLE: str(self.armed), OFFSET_VARIABLE: str(self.offset)}

    def _through(self, name: str, url: str) -> str:
        parts = make_url(url)
        if name not in self.proxies:
            self.proxies[name] = Proxy(int(parts.port or 0))
            self._open.callback(self.proxies[name].close)
        return parts.set(port=self.proxies[name].port).render_as_string(hide_password=False)

    # ------------------------------------------------------------ processes
    def kill(self, name: str) -> None:
        """kill -9 of a program and everything below it."""
        for pid in reversed(family(self.supervisor.pids()[name])):
            _kill(pid, signal.SIGKILL)

    def kill_child(self, name: str) -> None:
        """kill -9 of what a worker's parent started; the parent goes on."""
        for pid in family(self.supervisor.pids()[name])[1:]:
            _kill(pid, signal.SIGKILL)

    # ------------------------------------------------------------ servers
    def broker_pid(self) -> int:
        return int((self.home.servers / "valkey" / "valkey.pid").read_text())

    def kill_broker(self) -> None:
        _end(self.broker_pid(), signal.SIGKILL)

    def start_broker(self) -> None:
        self._open.callback(start_valkey(self.home).stop)

    def stop_postgres(self) -> None:
        """At once: clients are cut, nothing is flushed, the next start recovers from the log."""
        pid_file = cluster_folder(self.home) / "data" / "postmaster.pid"
        _end(int(pid_file.read_text().split()[0]), signal.SIGQUIT)

    def start_postgres(self) -> None:
        self._open.callback(start_postgres(self.home).stop)

    # ------------------------------------------------------------ disk and clock
    @property
    def vault_folder(self) -> Path:
        return self.home.root / "vault"

    def _mount_vault(self) -> bool:
        """A disk of its own for the vault, where we may mount one; it takes memory only for what lies in it."""
        self.vault_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _mount("-t", "tmpfs", "-o", f"size={VAULT_SIZE},mode=0700", "tmpfs", str(self.vault_folder)):
            return False
        self._open.callback(subprocess.run, ["umount", "-l", str(self.vault_folder)], check=False)
        return True

    def fill_disk(self) -> None:
        """The vault's disk is as large as what lies on it, and no larger."""
        disk = os.statvfs(self.vault_folder)
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
        _mount("-o", f"remount,size={max(used, disk.f_frsize)}", str(self.vault_folder))

    def free_disk(self) -> None:
        _mount("-o", f"remount,size={VAULT_SIZE}", str(self.vault_folder))

    def arm(self, point: str, word: str) -> None:
        """The next who comes by `point` meets what `word` says."""
        draft = self.armed / f".{point}"
        draft.write_text(word, encoding="ascii")
        draft.replace(self.armed / point)

    def move_clock(self, seconds: float) -> None:
        """All processes of the office see a clock that is so much ahead (or behind)."""
        draft = self.offset.with_suffix(".new")
        draft.write_text(f"{seconds}", encoding="ascii")
        draft.replace(self.offset)


def _mount(*words: str) -> bool:
    if os.geteuid() != 0:
        return False
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0  # noqa: S603, S607


def _kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _end(pid: int, number: signal.Signals) -> None:
    """Send the signal and wait until the process is gone (or a zombie, as one that nobody waited for)."""
    _kill(pid, number)
    wait_until(lambda: not _lives(pid), GONE_SECONDS)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
