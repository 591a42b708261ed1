"""Short looks at database, vault and broker; each has its own thread and none is waited for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from urllib.parse import parse_qs, urlsplit

import redis
import structlog
from sqlalchemy import text

from api.shapes import Ready
from api.wiring import ApiOffice

SECONDS = 2.0
KEPT_SECONDS = 1.0
PROBE = b"paraf: a probe of the vault's writing\n"
log = structlog.get_logger()
Look = Callable[[], object]


class Readiness:
    """Looks at most once a second, however often it is asked."""

    def __init__(self, looks: dict[str, Look], optional: frozenset[str] = frozenset({"broker"})) -> None:
        self._looks, self._optional = looks, optional
        self._threads = {name: ThreadPoolExecutor(1, thread_name_prefix=f"look-{name}") for name in looks}
        self._pending: dict[str, Future[object]] = {}
        self._guard = threading.Lock()
        self._kept: tuple[float, Ready] | None = None

    def look(self) -> Ready:
        """What answers now: `away` when something needed does not, `degraded` when only the broker does not."""
        with self._guard:
            if self._kept is None or time.monotonic() - self._kept[0] > KEPT_SECONDS:
                self._kept = (time.monotonic(), self._look())
            return self._kept[1]

    def _look(self) -> Ready:
        for name, look in self._looks.items():
            if name not in self._pending:
                self._pending[name] = self._threads[name].submit(look)
        until = time.monotonic() + SECONDS
        checks = {name: self._answer(name, until) for name in self._looks}
        bad = {name for name, found in checks.items() if found != "ok"}
        status = "ok" if not bad else "degraded" if bad <= self._optional else "away"
        return Ready.model_validate({"status": status, "checks": checks})

    def _answer(self, name: str, until: float) -> str:
        try:
            self._pending[name].result(timeout=max(0.0, until - time.monotonic()))
        except TookTooLong:
            return "too slow"  # its thread is still at it: the next look waits for the same answer
        except Exception as error:
            log.warning("not_ready", part=name, error=type(error).__name__)
            found = "away"
        else:
            found = "ok"
        del self._pending[name]
        return found


def readiness_of(office: ApiOffice) -> Readiness:
    """The looks of a real office; no broker is looked at when none is set."""
    looks: dict[str, Look] = {"database": lambda: _ask(office), "vault": lambda: _write(office)}
    broker = office.settings.broker_url
    if broker is not None:
        client = broker_client(broker.get_secret_value())
        looks["broker"] = client.ping
    return Readiness(looks)


def _ask(office: ApiOffice) -> None:
    with office.db.transaction() as session:
        session.execute(text("SELECT 1"))


def _write(office: ApiOffice) -> None:
    office.vault.get(office.vault.put(PROBE).sha256)


def broker_client(url: str) -> redis.Redis:
    """A client for a Celery broker URL; a unix socket is written `redis+socket:///path?virtual_host=0`."""
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        database = int(parse_qs(parts.query).get("virtual_host", ["0"])[0])
        return redis.Redis(unix_socket_path=parts.path, db=database, socket_timeout=1, socket_connect_timeout=1)
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
