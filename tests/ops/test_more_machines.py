"""Two counters and two relays, as on two hosts, over one PostgreSQL, one broker and one store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis

from models.db import Database
from models.queues import Queue
from ops.bootstrap import make_secrets
from ops.children import free_port, spawn, stop, wait_until
from ops.embedded_postgres import plain
from ops.home import Home
from ops.office import ROOT, answers
from tests.batch_files import PDF, cells
from tests.conftest import Database as Urls
from tests.factories import an_office

STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Hosts:
    """Addresses of two counters, and what lies beneath both."""

    counters: tuple[str, str]
    database_url: str
    broker_url: str
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]]

    def ask(
        self, host: int, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """A request to one of the two counters."""
        request = urllib.request.Request(self.counters[host] + path, body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
            return answer.status, json.loads(content), dict(answer.headers)

    def outbox(self) -> list[tuple[str, int]]:
        with psycopg.connect(plain(self.database_url)) as connection:
            rows = connection.execute("SELECT task, sent_count FROM outbox ORDER BY id").fetchall()
        return [(str(task), int(count)) for task, count in rows]


@pytest.fixture
def hosts(tmp_path: Path, fresh_database: Urls, broker_url: str) -> Iterator[Hosts]:
    db = Database(fresh_database.app_url)
    an_office(db)
    db.dispose()
    redis.Redis.from_url(broker_url).flushdb()
    home = Home(tmp_path)
    home.make()
    secrets = make_secrets(home)
    ports = (free_port(8600), free_port(8700))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CELERY_", "PARAF_"))},
        "PARAF_HOME": str(home.root),
        "PARAF_DATABASE_URL": fresh_database.app_url,
        "PARAF_BROKER_URL": broker_url,
        "PARAF_SESSION_SECRET_FILE": str(secrets.session_secret),
        "PARAF_SEALING_KEY_FILE": str(secrets.sealing_key),
        "PARAF_NIK_KEY_FILE": str(secrets.nik_key),
    }
    commands: dict[str, tuple[str, ...]] = {
        f"relay{place}": (sys.executable, "-m", "workers.relay") for place in (1, 2)
    }
    for place, port in enumerate(ports, 1):
        where = ("--host", "127.0.0.1", "--port", str(port))
        commands[f"api{place}"] = (sys.executable, "-m", "uvicorn", "api.main:create_app", "--factory", *where)
    with ExitStack() as open_:
        running = {}
        for name, command in commands.items():
            running[name] = spawn(command, tmp_path / f"{name}.log", env=env, cwd=ROOT)
            open_.callback(stop, running[name], STEPS)
        urls = (f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")
        for url in urls:
            assert wait_until(lambda url=url: answers(f"{url}/livez"), 60.0, 0.2)  # type: ignore[misc]
        yield Hosts(urls, fresh_database.app_url, broker_url, tmp_path, running)


def test_two_counters_serve_one_application_and_two_relays_send_each_task_once(hosts: Hosts) -> None:
    key = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    wanted = json.dumps({"licence_code": "SIKRO", "application_type": "baru"}).encode()
    status, opened, _ = hosts.ask(0, "POST", "/v1/applications", wanted, **key)
    assert status == 201
    _, again, headers = hosts.ask(1, "POST", "/v1/applications", wanted, **key)
    assert again == opened, "what one counter answered, the other one knows"
    assert {name.lower(): value for name, value in headers.items()}["idempotent-replayed"] == "true"

    mine = {"Paraf-Link": opened["link"]}
    path = f"/v1/applications/{opened['id']}"
    holder = {
        name: value for name, value in cells(1).items() if name not in ("key", "surat_permohonan", "ktp", "pas_foto")
    }
    as_json = {"Content-Type": "application/json"}
    body = json.dumps({**holder, "str_valid_until": holder["str_valid_until"] or None}).encode()
    assert hosts.ask(1, "PUT", f"{path}/holder", body, **mine, **as_json)[0] == 200
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="ktp.pdf"\r\n\r\n' + PDF + b"\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert hosts.ask(0, "PUT", f"{path}/documents/ktp", form, **mine, **kind)[0] == 200
    _, seen, headers = hosts.ask(1, "GET", path, **mine)
    assert [one["requirement"] for one in seen["documents"]] == ["ktp"]
    act = {"If-Match": f'"{seen["version"]}"', "Idempotency-Key": str(uuid4()), **as_json}
    assert hosts.ask(1, "POST", f"{path}/submission", b"{}", **mine, **act)[1]["stage"] == "checking"
    assert hosts.ask(0, "GET", path, **mine)[1]["stage"] == "checking"

    assert wait_until(lambda: all(count for _, count in hosts.outbox()), 20.0, 0.2)
    assert "paraf.check_completeness" in {task for task, _ in hosts.outbox()}
    assert {count for _, count in hosts.outbox()} == {1}, "each went out once, whichever relay was first"
    assert _on_the_broker(hosts) == len(hosts.outbox())


def test_work_goes_on_when_one_relay_and_one_counter_die(hosts: Hosts) -> None:
    for name in ("relay1", "api1"):
        hosts.processes[name].kill()
        hosts.processes[name].wait()
    with psycopg.connect(plain(hosts.database_url)) as connection:
        connection.execute(
            "INSERT INTO outbox (task, queue, subject_id, generation, priority, created_at, due_at, sent_count,"
            " attempts, error, trace) VALUES ('paraf.make_receipt', 'letters', gen_random_uuid(), 1, 5, now(), now(),"
            " 0, 0, '', '')"
        )
    began = time.monotonic()
    assert wait_until(lambda: hosts.outbox() == [("paraf.make_receipt", 1)], 20.0, 0.1)
    assert time.monotonic() - began < 20
    assert answers(f"{hosts.counters[1]}/readyz")


def _on_the_broker(hosts: Hosts) -> int:
    """Messages that lie in the broker's lists, of all queues and priorities."""
    broker = redis.Redis.from_url(hosts.broker_url)
    names = [key for queue in Queue for key in broker.keys(f"{queue.value}*") if broker.type(key) == b"list"]
    return sum(int(str(broker.llen(name))) for name in names)
