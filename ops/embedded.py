"""PostgreSQL and the broker of an office: the embedded ones, or the ones that the settings name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from models.rules.errors import TemporaryFailure
from ops.embedded_postgres import APP, OWNER, START_SECONDS, SUPERUSER, cluster_folder, start_postgres
from ops.embedded_valkey import start_valkey
from ops.home import Home, write_private
from workers.settings import Settings

ADDRESSES = "addresses.json"


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the two servers: SQLAlchemy URLs for the owner and the restricted role, a Redis URL."""

    database_url_owner: str = field(repr=False)
    database_url_app: str = field(repr=False)
    broker_url: str = field(repr=False)
    database_url_superuser: str = field(default="", repr=False)
    stop: Callable[[], None] = field(default=lambda: None, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_servers(
    home: Path, settings: Settings | None = None, *, durable: bool = True, patience: float = START_SECONDS
) -> Servers:
    """Start what `settings` does not name elsewhere; everything is kept below `home`.

    `patience`: seconds until PostgreSQL must answer.
    `durable=False` trades safety against a power cut for speed (tests). The thread that calls this must live
    as long as the servers: they end with it. Raises TemporaryFailure when an office is already open in `home`.
    """
    house, given = Home(home.absolute()).make(), settings or Settings(home=home)
    with ExitStack() as opened:
        opened.enter_context(house.lock())
        databases = _databases(house, given, durable, patience, opened)
        broker = given.broker if given.broker_url else _embedded_broker(house, durable, opened)
        addresses = (*databases[:2], broker, databases[2])
        _publish(house, addresses, opened)
        return Servers(*addresses, stop=opened.pop_all().close)


@contextmanager
def office_servers(settings: Settings) -> Iterator[Servers]:
    """The servers that `settings` names, else those of the office that is open in `settings.home`, else own ones."""
    with _named(settings) or running_servers(settings.home) or start_servers(settings.home, settings) as servers:
        yield servers


def _named(settings: Settings) -> Servers | None:
    if settings.database_url is None or settings.broker_url is None:
        return None
    return Servers(settings.owner_database, settings.app_database, settings.broker)


def running_servers(home: Path) -> Servers | None:
    """Addresses of the office that is open in `home`; None when none is. Stopping them is left to who opened them."""
    house, record = Home(home.absolute()), Home(home.absolute()).run / ADDRESSES
    if not record.exists() or not house.is_locked():
        return None
    return Servers(*json.loads(record.read_text(encoding="ascii")))


def forget(home: Path) -> None:
    """Remove an office with everything in it, also a cluster that had to live outside of `home`.

    Raises TemporaryFailure when it is open.
    """
    if Home(home.absolute()).is_locked():
        raise TemporaryFailure(f"an office is open in {home}: close it first")
    shutil.rmtree(cluster_folder(Home(home.absolute())), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _databases(house: Home, given: Settings, durable: bool, patience: float, opened: ExitStack) -> tuple[str, str, str]:
    """URLs of the owner, the restricted role and the superuser (empty when the server is not ours)."""
    if given.database_url:
        return given.owner_database, given.app_database, ""
    server = start_postgres(house, durable=durable, wal=given.wal_dir, patience=patience)
    opened.callback(server.stop)
    return server.url(OWNER), server.url(APP), server.url(SUPERUSER)


def _embedded_broker(house: Home, durable: bool, opened: ExitStack) -> str:
    server = start_valkey(house, durable=durable)
    opened.callback(server.stop)
    return server.url()


def _publish(house: Home, addresses: tuple[str, ...], opened: ExitStack) -> None:
    record = house.run / ADDRESSES
    write_private(record, json.dumps(addresses))
    opened.callback(record.unlink, missing_ok=True)
