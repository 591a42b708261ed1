"""The local office as real processes: who holds which key, progress on every queue, restarts, a clean end."""

from __future__ import annotations

import base64
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.queues import Queue
from ops.bootstrap import make_secrets
from ops.children import command_line, wait_until
from ops.embedded import running_servers
from ops.health import NAMES, last_progress, rows
from ops.home import Home, passing_home
from ops.office import SHARED, LocalOffice, answers, beat_command, worker_command
from ops.processes import Program

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]


class BackRooms(LocalOffice):
    """The office behind the counter: every process but the api."""

    def programs(self) -> list[Program]:
        return [program for program in super().programs() if program.name != "api"]

    def ready(self) -> bool:
        return set(self.supervisor.pids()) == {program.name for program in self.programs()}


@pytest.fixture(scope="module")
def office() -> Iterator[BackRooms]:
    with passing_home() as home, BackRooms(home, 0, flower_port=0) as opened:
        yield opened


def environment_of(pid: int) -> dict[str, str]:
    words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


def progressed(office: BackRooms, name: str, within: float = 30.0) -> bool:
    age = last_progress(office.servers.database_url_app, rows(name))
    return age is not None and age < within


@pytest.mark.parametrize("name", NAMES)
def test_every_part_makes_progress(office: BackRooms, name: str) -> None:
    assert wait_until(lambda: progressed(office, name), 90, 0.5), office.supervisor.tail(name)


def test_one_process_for_each_part(office: BackRooms) -> None:
    assert set(office.supervisor.pids()) == {
        "relay",
        "beat",
        "flower",
        *(queue.value for queue in Queue if queue not in sum(SHARED.values(), ())),
    }


def test_only_the_signing_worker_is_handed_private_keys(office: BackRooms) -> None:
    holders = [
        name
        for name, pid in office.supervisor.pids().items()
        if {"PARAF_UNSEALING_KEY_FILE", "PARAF_OFFICE_KEYS_DIR"} & set(environment_of(pid))
    ]
    assert holders == ["signing"]


def test_nobody_is_handed_the_owners_address(office: BackRooms) -> None:
    word = (office.home.secrets / "paraf_owner_password").read_text()
    for pid in office.supervisor.pids().values():
        assert not any(word in value for value in environment_of(pid).values())


def test_no_secret_on_a_command_line(office: BackRooms) -> None:
    words = [path.read_text() for path in office.home.secrets.iterdir() if path.is_file()]
    lines = [command_line(pid) for pid in office.supervisor.pids().values()]
    assert not [line for line in lines if any(word in line for word in words)]


def test_flower_wants_a_login(office: BackRooms) -> None:
    assert wait_until(lambda: answers(f"{office.flower_url}/healthcheck"), 60, 0.2)
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(office.flower_url)
    refused.value.close()
    login = (office.home.secrets / "flower_basic_auth").read_text()
    signed_in = urllib.request.Request(office.flower_url, headers={"Authorization": f"Basic {encoded(login)}"})
    with urllib.request.urlopen(signed_in) as page:
        assert page.status == 200


def encoded(login: str) -> str:
    return base64.b64encode(login.encode()).decode()


def test_a_killed_worker_is_back_and_works(office: BackRooms) -> None:
    first = office.supervisor.pids()["mail"]
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: office.supervisor.pids().get("mail", first) != first, 30)
    assert wait_until(lambda: progressed(office, "mail", 10.0), 90, 0.5)


def test_the_settings_of_the_office_hold_no_private_key(office: BackRooms) -> None:
    settings = office.settings
    assert settings.app_database == office.servers.database_url_app
    assert settings.unsealing_key_file is None
    assert settings.office_keys_dir is None
    assert settings.session_secret


def test_it_closes_and_leaves_nobody_behind() -> None:
    with passing_home() as home:
        with BackRooms(home, 0, flower_port=0, flower=False) as opened:
            pids = list(opened.supervisor.pids().values())
            assert running_servers(home) is not None
        assert not [line for line in map(command_line, pids) if line]
        assert running_servers(home) is None


def test_an_office_that_can_not_open_leaves_nobody_behind() -> None:
    def fails(_: LocalOffice) -> None:
        raise ValueError("no people")

    with passing_home() as home:
        with pytest.raises(ValueError, match="no people"), BackRooms(home, 0, flower_port=0, prepare=fails):
            pass
        assert running_servers(home) is None


def test_secrets_are_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "var").make()
    first = make_secrets(home)
    before = {path: path.read_text() for path in home.secrets.rglob("*") if path.is_file()}
    assert make_secrets(home) == first
    assert {path: path.read_text() for path in home.secrets.rglob("*") if path.is_file()} == before
    private = [first.unsealing_key, first.session_secret, first.nik_key, first.flower_basic_auth]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_a_worker_listens_to_its_queue_alone() -> None:
    command = worker_command(Queue.MAIL, 3)
    assert command[command.index("-Q") + 1] == "mail"
    assert command[command.index("--concurrency") + 1] == "3"
    assert "beat" in beat_command(Path("schedule"))
