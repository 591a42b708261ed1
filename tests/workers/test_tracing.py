"""One trace from a request to the task that it called for: through the outbox, the message and the worker's log."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog

from models.db import Database
from models.queues import Queue
from models.services.tracing import TRACEPARENT, follow
from ops.children import spawn, stop, wait_until
from ops.office import ROOT, WORKER_STEPS, worker_command
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, give_passwords
from tests.conftest import Database as Urls
from tests.factories import an_office
from tests.webhook_receiver import receiving

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("trace", ["", "trace", f"01-{TRACE}-b7ad6b7169203331-01", f"00-{TRACE}-b7ad-01", "x" * 999])
def test_what_is_no_trace_is_followed_nowhere(trace: str) -> None:
    follow(f"00-{TRACE}-b7ad6b7169203331-01")
    assert structlog.contextvars.get_contextvars() == {"trace_id": TRACE}
    follow(trace)
    assert (TRACEPARENT.get(), structlog.contextvars.get_contextvars()) == ("", {})


def test_a_trace_goes_from_the_request_to_the_log_of_its_task(
    fresh_database: Urls, broker_url: str, tmp_path: Path
) -> None:
    office = an_office(Database(fresh_database.app_url))
    give_passwords(office)
    counter, broker = Counter(office), redis.Redis.from_url(broker_url)
    broker.flushdb()
    system = by_key(counter, a_system(counter).key.text)
    with ExitStack() as open_:
        receiver = open_.enter_context(receiving())
        made = system.post("/v1/webhooks", json={"url": receiver.url, "types": ["licence.issued"]}).json()
        sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        answer = system.post(f"/v1/webhooks/{made['id']}/ping", headers=sent)
        assert answer.headers["traceresponse"].split("-")[1] == TRACE

        env = _environment(fresh_database, broker_url, tmp_path)
        relay = spawn((sys.executable, "-m", "workers.relay"), tmp_path / "relay.log", env=env, cwd=ROOT)
        open_.callback(stop, relay, WORKER_STEPS)
        assert wait_until(lambda: bool(_messages(broker)), 60.0, 0.1), (tmp_path / "relay.log").read_text()
        (message,) = _messages(broker)
        assert message["headers"]["traceparent"].split("-")[1] == TRACE
        assert message["headers"]["task"] == "paraf.deliver_webhook"

        worker = spawn(worker_command(Queue.WEBHOOKS), tmp_path / "worker.log", env=env, cwd=ROOT)
        open_.callback(stop, worker, WORKER_STEPS)
        assert wait_until(lambda: bool(_lines(tmp_path / "worker.log")), 60.0, 0.1), (
            tmp_path / "worker.log"
        ).read_text()
        (line,) = _lines(tmp_path / "worker.log")
        assert (line["trace_id"], line["outcome"], line["message"]) == (TRACE, "delivered", answer.json()["webhook_id"])
        assert receiver.got[0][0]["webhook-id"] == line["message"]
        # Celery's own line about the task, in the same form and under the same trace.
        assert wait_until(lambda: "succeeded in" in (tmp_path / "worker.log").read_text(), 30.0, 0.1)
        ended = [one for one in _all_lines(tmp_path / "worker.log") if "succeeded in" in one["event"]]
        assert [one["trace_id"] for one in ended if "paraf.deliver_webhook" in one["event"]] == [TRACE]
    office.db.dispose()


def _environment(urls: Urls, broker_url: str, folder: Path) -> dict[str, str]:
    (folder / "nik_key").write_bytes(b"k" * 32)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CELERY_", "PARAF_", "PYTHOND"))},
        "PARAF_HOME": str(folder),
        "PARAF_DATABASE_URL": urls.app_url,
        "PARAF_BROKER_URL": broker_url,
        "PARAF_NIK_KEY_FILE": str(folder / "nik_key"),
    }


def _messages(broker: Any) -> list[dict[str, Any]]:
    """What lies on the broker for the queue of webhooks, of all priorities."""
    names = [key for key in broker.keys("webhooks*") if broker.type(key) == b"list"]
    return [json.loads(one) for name in names for one in broker.lrange(name, 0, -1)]


def _lines(log: Path) -> list[dict[str, Any]]:
    """Lines of a worker's log about an attempt."""
    return [line for line in _all_lines(log) if line["event"] == "webhook_tried"]


def _all_lines(log: Path) -> list[dict[str, Any]]:
    """What a worker's children said: each line is a JSON object."""
    return (
        [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        if log.exists()
        else []
    )
