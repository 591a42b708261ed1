"""The figures for Prometheus: of real work in a real database, and served on a port of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from models.db import Database
from models.queues import Queue
from models.services.heartbeat import beat
from models.services.machine import set_aside
from models.webhook_ports import WebhookAnswer
from ops.metrics import OUTCOMES, as_text
from ops.queue import hold
from tests.batch_files import a_batch, cells
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from tests.models.services.batches import Batches
from tests.models.services.post_office import PostOffice
from workers.adapters.clock import SystemClock

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks.md"


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


def figures(url: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by metric and label values, as Prometheus' own parser reads them."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(as_text(url))
    }


def test_queues_stages_and_heartbeats_are_told(office: Office, fresh_database: Urls) -> None:
    an_application(office, "checking")
    an_application(office, "verifying")
    beat(office.db, office.clock, "relay")
    hold(fresh_database.app_url, [Queue.MAIL])
    found = figures(fresh_database.app_url)
    assert found["paraf_up"] == {(): 1.0}
    assert set(found["paraf_queue_waiting"]) == {(queue.value,) for queue in Queue}
    assert found["paraf_queue_waiting"][("intake",)] >= 1
    assert found["paraf_queue_age_seconds"][("intake",)] > 0
    assert found["paraf_queue_paused"][("mail",)] == 1
    assert found["paraf_queue_paused"][("intake",)] == 0
    assert found["paraf_stage_cases"][("yes", "checking")] == 1
    assert found["paraf_stage_cases"][("no", "verifying")] == 1
    assert found["paraf_stage_oldest_seconds"][("no", "awaiting_paraf")] == 0
    assert ("relay",) in found["paraf_heartbeat_age_seconds"]
    assert found["paraf_outbox_lag_seconds"][()] > 0
    assert set(found["paraf_outcomes_day"]) == {(kind,) for kind in OUTCOMES}


def test_quarantine_and_batches_are_told_and_no_person_is(office: Office, fresh_database: Urls) -> None:
    an_application(office, "checking")
    set_aside(office.db, office.clock, office.due()[0], "a bug")
    Batches(office).send(a_batch(1, 2))
    found = figures(fresh_database.app_url)
    assert found["paraf_quarantined"] == {(): 1.0}
    assert found["paraf_batch_rows_waiting"] == {("running",): 2.0}
    assert cells(1)["nik"] not in as_text(fresh_database.app_url)


def test_webhooks_that_wait_fail_or_are_off_are_told(office: Office, fresh_database: Urls) -> None:
    office.clock.set(SystemClock().now() - timedelta(minutes=5))
    post = PostOffice(office.db, office.clock)
    endpoint = post.endpoint()
    post.ping(endpoint)
    found = figures(fresh_database.app_url)
    assert found["paraf_webhooks_waiting"] == {(): 1.0}
    assert 290 < found["paraf_webhook_overdue_seconds"][()] < 400
    post.sender.answers.append(WebhookAnswer(410))
    post.work()
    found = figures(fresh_database.app_url)
    assert found["paraf_webhook_attempts"] == {("refused",): 1.0}
    assert found["paraf_webhook_endpoints_off"] == {("gone",): 1.0}
    assert (found["paraf_webhooks_waiting"], found["paraf_webhook_overdue_seconds"]) == ({(): 0.0}, {(): 0.0})


def test_a_database_that_is_away_is_told() -> None:
    assert figures("postgresql://paraf@127.0.0.1:1/paraf") == {"paraf_up": {(): 0.0}}


def test_every_alert_asks_for_a_figure_that_exists_and_has_a_runbook(fresh_database: Urls) -> None:
    known = {line.split()[2] for line in as_text(fresh_database.app_url).splitlines() if line.startswith("# TYPE")}
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    headings = {
        line.removeprefix("## ").strip() for line in RUNBOOKS.read_text().splitlines() if line.startswith("## ")
    }
    assert {alert["alert"] for alert in alerts} <= headings
    for alert in alerts:
        named = {word for word in _words(alert["expr"]) if word.startswith("paraf_")}
        assert named
        assert named <= known, alert["alert"]
        assert alert["annotations"]["runbook"].endswith("#" + alert["alert"].lower())


def test_the_dashboard_shows_figures_that_exist(fresh_database: Urls) -> None:
    known = {line.split()[2] for line in as_text(fresh_database.app_url).splitlines() if line.startswith("# TYPE")}
    text = (DEPLOY / "grafana" / "paraf.json").read_text()
    named = {word for word in _words(text) if word.startswith("paraf_")}
    assert len(named) > 8
    assert named <= known


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() or sign == "_" else " " for sign in text).split()
