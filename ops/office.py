"""A whole office on this machine: servers, tables, people, and every process that production runs."""

from __future__ import annotations

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from models import migrate
from models.queues import Queue
from ops.bootstrap import OfficeSecrets, make_secrets
from ops.children import free_port
from ops.embedded import Servers, start_servers
from ops.home import Home
from ops.processes import Program, Supervisor
from workers.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
API_SECONDS = 60.0
# Warm first (the task in hand is finished), then soft (messages go back to the queue), then dead.
WORKER_STEPS = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 15.0), (signal.SIGKILL, 5.0))
# Celery's own variables would override our settings; without bytecode each process compiles all modules at its start.
NOT_HANDED_ON = ("CELERY_", "PYTHONDONTWRITEBYTECODE")
SHARED = {Queue.MAIL: (Queue.BATCH,), Queue.ARCHIVE: (Queue.WEBHOOKS,)}
"""On one machine these queues share a worker: each process costs memory, and these have little to do or can wait."""
CELERY = (sys.executable, "-m", "workers.start")


def quietly(_: str) -> None:
    """Tell nobody."""


class LocalOffice:
    """`with LocalOffice(home) as office:` opens the office and closes it. Open it in a thread that outlives it.

    Ports that are taken are replaced by free ones: ask `base_url` and `flower_url`.
    """

    def __init__(
        self,
        home: Path,
        port: int = 8000,
        *,
        flower_port: int = 5555,
        flower: bool = True,
        extra_env: Mapping[str, str] | None = None,
        prepare: Callable[[LocalOffice], None] | None = None,
        hands: Mapping[Queue, int] | None = None,
        tell: Callable[[str], None] = quietly,
    ) -> None:
        """`prepare` runs once the tables stand and before any process starts; by default it seeds the office's people
        and definitions. `hands`: how many children a queue's worker has; one where nothing is said, for each costs
        memory. `tell` gets progress lines."""
        self.home = Home(home.absolute())
        self.port, self.flower_port = free_port(port), free_port(flower_port)
        self._flower, self._extra, self._prepare, self._tell = flower, dict(extra_env or {}), prepare, tell
        self._hands = dict(hands or {})
        self._open = ExitStack()
        self.servers: Servers
        self.secrets: OfficeSecrets
        self.supervisor: Supervisor

    @property
    def base_url(self) -> str:
        """Where the counter answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def flower_url(self) -> str:
        """Where the operators look."""
        return f"http://127.0.0.1:{self.flower_port}"

    @property
    def settings(self) -> Settings:
        """The settings that the office's processes run with, the signing worker's keys apart."""
        return Settings.model_validate(_fields(self.environment()))

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self) -> None:
        self.home.make()
        self._tell("starting PostgreSQL and the broker")
        self.servers = self._open.enter_context(start_servers(self.home.root, Settings(home=self.home.root)))
        self.secrets = make_secrets(self.home)
        self._tell("bringing the tables up to date")
        migrate.upgrade(self.servers.database_url_owner)
        self._tell("loading definitions and people")
        (self._prepare or _seed)(self)
        self._tell("starting api, relay, beat, workers and flower")
        self.supervisor = Supervisor(self.home.logs, ROOT, self._tell)
        self._open.callback(self.supervisor.stop)
        self.supervisor.start(self.programs())
        self.supervisor.require(self.ready, "api", API_SECONDS)

    def ready(self) -> bool:
        """Whether the counter answers and reaches its servers."""
        return answers(f"{self.base_url}/readyz")

    def environment(self) -> dict[str, str]:
        """Variables of every process. No private key among them."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)},
            "PYTHONUNBUFFERED": "1",
            # Many small processes: the C library's pools per thread would cost more than they give.
            "MALLOC_ARENA_MAX": "2",
            # Fixed, so that glibc gives a freed page image or PDF back instead of learning to keep it.
            "MALLOC_TRIM_THRESHOLD_": "131072",
            "MALLOC_MMAP_THRESHOLD_": "131072",
            f"{PREFIX}HOME": str(self.home.root),
            f"{PREFIX}DATABASE_URL": self.servers.database_url_app,
            f"{PREFIX}BROKER_URL": self.servers.broker_url,
            f"{PREFIX}PUBLIC_URL": os.environ.get(f"{PREFIX}PUBLIC_URL", self.base_url),
            f"{PREFIX}SESSION_SECRET_FILE": str(self.secrets.session_secret),
            f"{PREFIX}SEALING_KEY_FILE": str(self.secrets.sealing_key),
            f"{PREFIX}NIK_KEY_FILE": str(self.secrets.nik_key),
            **self._extra,
        }

    def programs(self) -> list[Program]:
        """Every process of the office, as it is started."""
        shared = self.environment()
        front = [
            Program("api", self._api_command(), shared),
            Program("relay", (sys.executable, "-m", "workers.relay"), shared),
            Program("beat", beat_command(self.home.run / "beat-schedule"), shared),
        ]
        return [*front, *([self._flower_program(shared)] if self._flower else []), *self._workers(shared)]

    def _api_command(self) -> tuple[str, ...]:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--timeout-graceful-shutdown", "5")
        return (sys.executable, "-m", "uvicorn", "api.main:create_app", "--factory", "--no-server-header", *where)

    def _flower_program(self, shared: Mapping[str, str]) -> Program:
        command = (sys.executable, "-m", "ops.cli", "flower", f"--port={self.flower_port}")
        login = {f"{PREFIX}FLOWER_BASIC_AUTH_FILE": str(self.secrets.flower_basic_auth)}
        return Program("flower", command, {**shared, **login})

    def _workers(self, shared: Mapping[str, str]) -> list[Program]:
        keys = {
            f"{PREFIX}UNSEALING_KEY_FILE": str(self.secrets.unsealing_key),
            f"{PREFIX}OFFICE_KEYS_DIR": str(self.secrets.office_keys),
        }
        return [
            Program(
                queue.value,
                worker_command(queue, self._hands.get(queue, 1), *SHARED.get(queue, ())),
                {**shared, **(keys if queue is Queue.SIGNING else {})},
                1,
                WORKER_STEPS,
            )
            for queue in Queue
            if queue not in sum(SHARED.values(), ())
        ]


def _seed(office: LocalOffice) -> None:
    from ops.seed import seed_local_office  # loads the adapters, which a caller with its own `prepare` may not need

    seed_local_office(office)


def worker_command(queue: Queue, concurrency: int = 1, *more: Queue) -> tuple[str, ...]:
    """The worker of one queue, and of `more` beside it. Gossip and mingle are chatter that nothing here needs."""
    quiet = ("--without-gossip", "--without-mingle")
    size = ("--pool", "prefork", "--concurrency", str(concurrency))
    queues = ",".join(one.value for one in (queue, *more))
    return (*CELERY, "worker", "-Q", queues, "-n", f"{queue.value}@%h", *size, *quiet, "--loglevel", "INFO")


def beat_command(schedule: Path) -> tuple[str, ...]:
    """The clock that sends periodic jobs; its file only remembers when it last did."""
    return (*CELERY, "beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "INFO")


def answers(url: str) -> bool:
    """True when `url` gives 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _fields(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings by field name, from variables that hold a value or name the file that holds it."""
    found = {}
    for name in Settings.model_fields:
        variable = f"{PREFIX}{name.upper()}"
        if variable in environment:
            found[name] = environment[variable]
        elif f"{variable}_FILE" in environment:
            found[name] = Path(environment[f"{variable}_FILE"]).read_text(encoding="utf-8").strip()
    return found
