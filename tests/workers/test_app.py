"""The Celery app: the settings that keep work from being lost or done side by side, and the routing of every task."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from celery.app.defaults import SETTING_KEYS

from models.queues import CANARY, SCHEDULE, TASK_QUEUES, Queue, queue_of
from models.rules.errors import DefinitionError
from models.rules.stages import TASKS
from workers import app as celery_app
from workers.app import HARD_LIMIT, SOFT_LIMIT, VISIBILITY_TIMEOUT, celery_settings, refuse_old_kombu, task
from workers.settings import Settings


@pytest.fixture
def conf() -> dict[str, Any]:
    return celery_settings(Settings(broker_url="redis://:pw@127.0.0.1:1/0"))


def test_celery_knows_every_setting(conf: dict[str, Any]) -> None:
    assert set(conf) <= SETTING_KEYS, "an unknown name would be ignored in silence"


def test_a_killed_worker_loses_nothing(conf: dict[str, Any]) -> None:
    assert conf["task_acks_late"]
    assert conf["task_reject_on_worker_lost"]
    assert conf["worker_prefetch_multiplier"] == 1
    assert conf["worker_cancel_long_running_tasks_on_connection_loss"]


def test_a_task_ends_before_it_is_given_out_again(conf: dict[str, Any]) -> None:
    assert SOFT_LIMIT < HARD_LIMIT < VISIBILITY_TIMEOUT
    assert conf["task_soft_time_limit"] == SOFT_LIMIT
    assert conf["task_time_limit"] == HARD_LIMIT
    assert conf["broker_transport_options"]["visibility_timeout"] == VISIBILITY_TIMEOUT


def test_no_results_and_json_only(conf: dict[str, Any]) -> None:
    assert conf["result_backend"] is None
    assert conf["task_ignore_result"]
    assert conf["accept_content"] == ["json"]
    assert conf["task_serializer"] == "json"


def test_the_broker_may_be_away_for_as_long_as_it_likes(conf: dict[str, Any]) -> None:
    assert conf["broker_connection_max_retries"] is None
    assert conf["broker_connection_retry_on_startup"]
    options = conf["broker_transport_options"]
    assert all(options[name] > 0 for name in ("socket_timeout", "socket_connect_timeout", "health_check_interval"))


def test_every_task_has_a_queue_and_every_queue_a_declaration(conf: dict[str, Any]) -> None:
    assert {queue.name for queue in conf["task_queues"]} == {queue.value for queue in Queue}
    assert set(conf["task_routes"]) == set(TASK_QUEUES)
    assert not conf["task_create_missing_queues"]


def test_every_machine_stage_has_its_task_on_a_queue() -> None:
    assert set(TASKS.values()) <= set(TASK_QUEUES)


def test_whatever_opens_secrets_or_seals_runs_on_the_signing_queue() -> None:
    signing = {name for name, queue in TASK_QUEUES.items() if queue is Queue.SIGNING}
    seals = {"paraf.apply_paraf", "paraf.apply_signature", "paraf.assemble_licence"}
    assert signing == {*seals, "paraf.keep_audit"}


def test_every_queue_has_a_canary() -> None:
    canaries = {job.queue for job in SCHEDULE.values() if job.task == CANARY}
    assert canaries == set(Queue)


def test_a_periodic_job_expires_before_the_next_one(conf: dict[str, Any]) -> None:
    for entry in conf["beat_schedule"].values():
        assert entry["options"]["expires"] <= entry["schedule"]
        assert entry["options"]["expires"] < VISIBILITY_TIMEOUT
        assert entry["task"] == CANARY or queue_of(entry["task"]).value == entry["options"]["queue"]


def test_a_task_without_a_queue_is_refused() -> None:
    with pytest.raises(KeyError):
        task("paraf.nobody_knows")


def test_a_registered_task_can_still_be_called() -> None:
    seen: list[str] = []

    @task(CANARY)
    def canary(word: str) -> None:
        seen.append(word)

    try:
        canary("here")
        assert seen == ["here"]
    finally:
        celery_app.app.tasks.unregister(CANARY)


@pytest.mark.parametrize("installed", ["5.6.2", "5.0", "4.9.9"])
def test_an_old_kombu_is_refused(installed: str) -> None:
    with pytest.raises(DefinitionError, match="too old"):
        refuse_old_kombu(installed)


@pytest.mark.parametrize("installed", ["5.7.0", "5.10.1", "6.0.0rc1"])
def test_a_new_kombu_is_taken(installed: str) -> None:
    refuse_old_kombu(installed)


def test_a_worker_without_a_broker_says_what_to_set() -> None:
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", "intake", "--pool", "solo"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={"PATH": "/usr/bin:/bin"}
    )
    assert ended.returncode != 0
    assert "PARAF_BROKER_URL is not set" in ended.stderr


def loaded_after(code: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


def test_a_worker_carries_no_flower_and_beat_no_tasks() -> None:
    loaded = loaded_after("import workers.start")
    assert not loaded & {"flower", "prompt_toolkit", "workers.tasks.machine", "sqlalchemy"}


def test_every_task_with_a_queue_is_written() -> None:
    listing = (
        "import importlib, workers.app as a; [importlib.import_module(m) for m in a.TASK_MODULES]; a.app.finalize()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", f"{listing}; print(*a.app.tasks)"], capture_output=True, text=True, check=True
    )
    written = {name for name in ended.stdout.split() if name.startswith("paraf.")}
    assert written == {*TASK_QUEUES, CANARY}
