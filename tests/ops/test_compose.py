"""docker-compose.yml read against the code: every queue has a listener, every setting exists, nothing runs as root.

No Docker engine is needed; the broker's configuration and the database's first-start script are really run.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import yaml

from models.queues import Queue
from ops import secrets as compose_secrets
from ops.children import free_port, spawn, stop, wait_until
from ops.cli import COMMANDS
from ops.embedded_postgres import APP, DATABASE, OWNER, SUPERUSER, installed, plain, start_postgres
from ops.embedded_valkey import STOP_STEPS, find_program
from ops.health import NAMES
from ops.home import Home, passing_home
from ops.office import ROOT, worker_command
from workers.app import HARD_LIMIT
from workers.settings import Settings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("paraf:")}
WORKERS = {name: service for name, service in OURS.items() if name.startswith("worker-")}


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_every_queue_has_one_listener_with_the_command_of_the_local_office() -> None:
    assert set(WORKERS) == {f"worker-{queue.value}" for queue in Queue}
    for queue in Queue:
        command = WORKERS[f"worker-{queue.value}"]["command"]
        concurrency = int(command[command.index("--concurrency") + 1])
        assert command == ["python", *worker_command(queue, concurrency)[1:]]


def test_the_whole_office_is_there() -> None:
    assert set(SERVICES) - set(WORKERS) == {
        *("postgres", "redis", "migrate", "seed", "api", "relay", "beat", "flower", "metrics", "mailpit", "s3")
    }
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["dev"]} == {"mailpit", "s3"}


def test_every_setting_exists() -> None:
    known = {f"PARAF_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    named = {name for service in OURS.values() for name in service["environment"]}
    named |= set(re.findall(r"PARAF_\w+(?==)", (ROOT / "Dockerfile").read_text()))
    assert named <= known, named - known
    assert {"PARAF_DATABASE_URL_FILE", "PARAF_BROKER_URL_FILE", "PARAF_HOME"} <= named


@pytest.mark.parametrize("name", OURS)
def test_every_command_can_be_run(name: str) -> None:
    python, flag, module, *words = OURS[name]["command"]
    assert (python, flag) == ("python", "-m")
    assert importlib.util.find_spec(module), module
    assert module != "ops.cli" or words[0] in COMMANDS


@pytest.mark.parametrize("name", OURS)
def test_nothing_of_ours_has_more_rights_than_it_needs(name: str) -> None:
    service = OURS[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_worker_may_finish_what_it_holds() -> None:
    assert all(seconds(service["stop_grace_period"]) > HARD_LIMIT for service in WORKERS.values())


def test_every_service_is_watched_by_its_progress() -> None:
    unwatched = {name for name, service in SERVICES.items() if "healthcheck" not in service}
    assert unwatched == {"migrate", "seed"}, "these end by themselves"
    asked = [service["healthcheck"]["test"] for service in OURS.values() if "healthcheck" in service]
    progress = {test[-1] for test in asked if "health" in test}
    assert progress == set(NAMES)


def test_secrets_are_files_that_paraf_makes(tmp_path: Path) -> None:
    declared = {name: Path(secret["file"]) for name, secret in COMPOSE["secrets"].items()}
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(declared)
    assert all(path == Path("secrets") / name for name, path in declared.items())
    assert compose_secrets.make(tmp_path) == 0
    assert set(declared) <= {path.name for path in tmp_path.iterdir()}
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    (tmp_path / "broker_url").unlink()
    assert compose_secrets.make(tmp_path) == len(before) - 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before, "what is remade fits what was kept"


def test_every_secret_file_variable_names_a_secret_that_the_service_has() -> None:
    for name, service in OURS.items():
        files = [Path(value) for key, value in service["environment"].items() if key.endswith("_FILE")]
        wanted = {path.name for path in files if path.parent == Path("/run/secrets")}
        assert wanted <= set(service["secrets"]), name


def test_only_the_signing_worker_holds_the_unsealing_key() -> None:
    assert [name for name, service in SERVICES.items() if "unsealing_key" in service.get("secrets", [])] == [
        "worker-signing"
    ]
    keyed = [name for name, service in OURS.items() if "PARAF_UNSEALING_KEY_FILE" in service["environment"]]
    assert keyed == ["worker-signing"]


def test_the_offices_own_keys_are_mounted_where_they_are_made_and_used() -> None:
    mounted = {name for name, service in OURS.items() if "keys:/keys" in service["volumes"]}
    assert mounted == {"seed", "worker-signing"}


def test_only_the_owner_migrates() -> None:
    owners = [name for name, service in SERVICES.items() if "migration_database_url" in service.get("secrets", [])]
    assert owners == ["migrate"]


def test_nothing_is_published_beyond_this_host() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_is_written_into_the_files() -> None:
    for name in ("docker-compose.yml", "Dockerfile", "deploy/redis.conf", "deploy/postgres/10-roles.sh"):
        assert not re.search(
            r"(?i)(password|secret|auth)\w*\s*[:=]\s*['\"]?[A-Za-z0-9+_-]{20,}", (ROOT / name).read_text()
        )


def test_production_starts_with_the_secrets_that_paraf_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compose_secrets.make(tmp_path)
    for name, value in OURS["worker-signing"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*)\}", r"\1", value).replace("/run/secrets", str(tmp_path)))
    monkeypatch.setenv("PARAF_PUBLIC_URL", "https://izin.example.go.id")
    settings = Settings()
    assert settings.environment == "production"
    assert settings.app_database.startswith("postgresql+psycopg://paraf_app:")
    assert settings.unsealing_key_file == tmp_path / "unsealing_key"


def test_the_broker_takes_its_configuration(tmp_path: Path) -> None:
    compose_secrets.make(tmp_path)
    text = (ROOT / "deploy" / "redis.conf").read_text()
    port = free_port()
    text = text.replace("/run/secrets", str(tmp_path)).replace("dir /data", f"dir {tmp_path}") + f"port {port}\n"
    (tmp_path / "redis.conf").write_text(text)
    server = spawn([str(find_program()), str(tmp_path / "redis.conf")], tmp_path / "log")
    try:
        word = (tmp_path / "redis_password").read_text()
        assert wait_until(lambda: listening(port, word), 10), (tmp_path / "log").read_text()
        with redis.Redis(port=port, password=word) as broker:
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert broker.config_get("appendonly") == {"appendonly": "yes"}
    finally:
        stop(server, STOP_STEPS)


def listening(port: int, password: str) -> bool:
    try:
        with redis.Redis(port=port, password=password) as broker:
            return bool(broker.ping())
    except redis.ConnectionError:
        return False


def test_the_database_is_made_by_its_first_start_script(tmp_path: Path) -> None:
    compose_secrets.make(tmp_path)
    with passing_home() as folder:
        server = start_postgres(Home(folder).make(), durable=False)
        try:
            with psycopg.connect(plain(server.url(SUPERUSER, "postgres")), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {DATABASE}".encode())
                connection.execute(f"DROP ROLE {OWNER}, {APP}".encode())
            run_first_start(server.port, server.passwords[SUPERUSER], tmp_path)
            word = (tmp_path / "app_password").read_text()
            with psycopg.connect(f"postgresql://{APP}:{word}@127.0.0.1:{server.port}/{DATABASE}") as connection:
                owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
                assert connection.execute(owner).fetchone() == (OWNER,)
        finally:
            server.stop()


def run_first_start(port: int, password: str, secrets_folder: Path) -> None:
    environment = {
        "PATH": f"{installed() / 'bin'}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGPASSWORD": password,
        "SECRETS": str(secrets_folder),
    }
    script = ROOT / "deploy" / "postgres" / "10-roles.sh"
    ended = subprocess.run([script], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
