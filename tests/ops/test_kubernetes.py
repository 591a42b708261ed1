"""The Kubernetes example read against the code: one deployment a queue, known commands, known settings."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.queues import Queue
from ops.cli import COMMANDS
from ops.office import worker_command
from workers.app import HARD_LIMIT
from workers.settings import Settings

FILE = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes" / "paraf.yaml"
ALL: list[dict[str, Any]] = [one for one in yaml.safe_load_all(FILE.read_text()) if one]
DEPLOYMENTS = {one["metadata"]["name"]: one["spec"] for one in ALL if one["kind"] == "Deployment"}
PODS = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in ALL if one["kind"] in ("Deployment", "Job")}


def test_each_queue_has_a_deployment_with_the_command_of_the_office() -> None:
    workers = {name for name in DEPLOYMENTS if name.startswith("worker-")}
    assert workers == {f"worker-{queue.value}" for queue in Queue}
    for queue in Queue:
        command = PODS[f"worker-{queue.value}"]["containers"][0]["command"]
        concurrency = int(command[command.index("--concurrency") + 1])
        assert command == ["python", *worker_command(queue, concurrency)[1:]]


def test_each_queue_is_scaled_by_the_age_of_its_work() -> None:
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in ALL if one["kind"] == "ScaledObject"}
    assert set(scaled) == {f"worker-{queue.value}" for queue in Queue}
    for queue in Queue:
        (trigger,) = scaled[f"worker-{queue.value}"]["triggers"]
        assert f'paraf_queue_age_seconds{{queue="{queue.value}"}}' in trigger["metadata"]["query"]


def test_every_setting_exists() -> None:
    known = {f"PARAF_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    (config,) = [one["data"] for one in ALL if one["kind"] == "ConfigMap"]
    named = {*config, *(env["name"] for pod in PODS.values() for env in pod["containers"][0]["env"])}
    assert named <= known


@pytest.mark.parametrize("name", sorted(PODS))
def test_every_pod_runs_a_command_that_exists_with_no_more_rights_than_it_needs(name: str) -> None:
    (container,) = PODS[name]["containers"]
    python, flag, module, *words = container["command"]
    assert (python, flag) == ("python", "-m")
    assert importlib.util.find_spec(module)
    assert module != "ops.cli" or words[0] in COMMANDS
    assert PODS[name]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted <= {one["name"] for one in PODS[name]["volumes"]}


def test_a_worker_may_finish_what_it_holds_and_only_one_pod_holds_the_keys() -> None:
    workers = [name for name in DEPLOYMENTS if name.startswith("worker-")]
    assert all(PODS[name]["terminationGracePeriodSeconds"] > HARD_LIMIT for name in workers)
    keyed = [name for name in PODS if "UNSEALING" in str(PODS[name])]
    assert keyed == ["worker-signing"]
