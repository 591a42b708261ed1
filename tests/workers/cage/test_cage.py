"""A fork can do nothing but read its file, compute and answer; and whatever it does, the parent gets an answer."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.rules.errors import PermanentFailure
from workers.adapters.cage import confine
from workers.adapters.cage.client import Cage, Stopped
from workers.adapters.cage.limits import Limits
from workers.adapters.cage.protocol import Reply

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the fences are Linux's")
REPO = Path(__file__).parents[3]


def answer(outcome: Reply | Stopped) -> Reply:
    assert isinstance(outcome, Reply), outcome
    return outcome


def ask(cage: Cage, call: str, data: bytes = b"", **arguments: object) -> Reply:
    return answer(cage.run(call, data, arguments))


def stopped(cage: Cage, call: str, data: bytes = b"", **arguments: object) -> str:
    outcome = cage.run(call, data, arguments)
    assert isinstance(outcome, Stopped), outcome
    return outcome.reason


def works(cage: Cage) -> bool:
    return ask(cage, "echo", b"still here").body == b"still here"


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in {"Z", "X"}


def test_gives_back_what_the_call_says(hostile_cage: Cage) -> None:
    data = bytes(range(256)) * 5000
    reply = ask(hostile_cage, "echo", data, name="surat.pdf")
    assert reply.body == data
    assert reply.header["arguments"] == {"name": "surat.pdf"}
    assert reply.header["size"] == len(data)


def test_serves_one_after_the_other_from_one_server(hostile_cage: Cage) -> None:
    assert works(hostile_cage)
    first = hostile_cage.server_pid
    assert works(hostile_cage)
    assert hostile_cage.server_pid == first


@LINUX
def test_says_which_guarantees_hold(hostile_cage: Cage) -> None:
    held = set(hostile_cage.guarantees())
    assert {confine.LIMITS, confine.NO_PRIVILEGES, confine.DIES_WITH_PARENT, confine.SYSTEM_CALLS} <= held
    assert set(ask(hostile_cage, "echo").header["held"]) <= held


@LINUX
def test_no_connection_even_to_this_machine(hostile_cage: Cage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reply = ask(hostile_cage, "connect", port=listener.getsockname()[1])
    assert "done" not in reply.header
    assert reply.header["failed"] in {"PermissionError", "OSError"}


@LINUX
def test_the_server_has_an_empty_network(hostile_cage: Cage) -> None:
    if confine.NO_NETWORK_NAMESPACE not in hostile_cage.guarantees():
        pytest.skip("network namespaces are not permitted here")
    theirs = Path(f"/proc/{hostile_cage.server_pid}/ns/net").readlink()
    assert theirs != Path("/proc/self/ns/net").readlink()


@LINUX
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_no_socket_of_any_family(hostile_cage: Cage, family: str) -> None:
    assert ask(hostile_cage, "any_socket", family=family).header["failed"] == "PermissionError"


@LINUX
def test_no_writing_outside_its_folder(hostile_cage: Cage, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    target = tmp_path / "planted"
    reply = ask(hostile_cage, "write", path=str(target))
    assert reply.header["failed"] == "PermissionError"
    assert not target.exists()


@LINUX
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", str(REPO / "pyproject.toml")])
def test_no_reading_of_what_parsing_does_not_need(hostile_cage: Cage, path: str) -> None:
    if confine.FOLDERS not in hostile_cage.guarantees():
        pytest.skip("this kernel has no Landlock")
    assert ask(hostile_cage, "read", path=path).header["failed"] == "PermissionError"


def test_its_folder_is_empty_for_each_file(hostile_cage: Cage) -> None:
    first = ask(hostile_cage, "write_here", size=10).header
    second = ask(hostile_cage, "write_here", size=10).header
    assert first == second
    if "done" in first:
        assert first["done"] == "[]"


def test_no_file_beyond_the_limit(hostile_cage: Cage) -> None:
    assert "failed" in ask(hostile_cage, "write_here", size=80 << 20).header
    assert works(hostile_cage)


@LINUX
@pytest.mark.parametrize("call", ["fork", "execute", "kill_server"])
def test_no_process_but_itself(hostile_cage: Cage, call: str) -> None:
    before = hostile_cage.server_pid
    assert ask(hostile_cage, call).header["failed"] in {"PermissionError", "BlockingIOError"}
    assert works(hostile_cage)
    assert hostile_cage.server_pid == before or before is None


@LINUX
def test_threads_are_allowed_because_decoders_use_them(hostile_cage: Cage) -> None:
    assert ask(hostile_cage, "thread").header["done"] == "[1]"


@LINUX
def test_no_namespace_of_its_own(hostile_cage: Cage) -> None:
    assert ask(hostile_cage, "unshare").header["result"] == -1


def test_limits_stay(hostile_cage: Cage) -> None:
    assert "failed" in ask(hostile_cage, "raise_limit").header


def test_few_open_files(hostile_cage: Cage) -> None:
    assert "failed" in ask(hostile_cage, "many_files").header


def test_no_secret_and_no_foreign_descriptor_is_inherited(hostile_cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAF_DATABASE_URL", "postgresql://rahasia")
    hostile_cage.close()
    header = ask(hostile_cage, "surroundings").header
    assert "rahasia" not in str(header["environment"])
    assert len(header["descriptors"]) <= 6
    assert header["user"] != 0


def test_memory_ends_with_an_answer(hostile_cage: Cage) -> None:
    assert stopped(hostile_cage, "exhaust") == "memory"
    assert hostile_cage.last_usage.max_rss_kib <= 512 * 1024
    assert works(hostile_cage)


def test_a_loop_ends_with_an_answer(hostile_cage: Cage) -> None:
    assert stopped(hostile_cage, "spin") == "time"
    assert hostile_cage.last_usage.cpu_seconds <= 4
    assert works(hostile_cage)


def test_waiting_ends_with_an_answer(hostile_cage: Cage) -> None:
    assert stopped(hostile_cage, "sleep") == "time"
    assert works(hostile_cage)


@pytest.mark.parametrize("call", ["crash", "leave"])
def test_a_dead_fork_is_an_answer(hostile_cage: Cage, call: str) -> None:
    assert stopped(hostile_cage, call) == "crash"
    assert works(hostile_cage)


@pytest.mark.parametrize(
    "said",
    [b"", b"\x00", b"\x00\x00\x00\x05nope!", struct.pack("!I", 1 << 31), b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x09{"],
)
def test_nonsense_is_not_believed(hostile_cage: Cage, said: bytes) -> None:
    assert stopped(hostile_cage, "lie", said) == "crash"


def test_a_flood_of_output_is_not_kept() -> None:
    cage = Cage(Limits(output_bytes=1 << 20), extra_calls=("tests.workers.cage.hostile",))
    assert stopped(cage, "flood", size=5 << 20) == "crash"
    assert len(ask(cage, "flood", size=1000).body) == 1000
    cage.close()


def test_an_unknown_call_is_our_own_fault(hostile_cage: Cage) -> None:
    with pytest.raises(PermanentFailure, match="no call 'format_disk'"):
        hostile_cage.run("format_disk", b"", {})
    assert works(hostile_cage)


def test_a_dead_server_is_replaced(hostile_cage: Cage) -> None:
    assert works(hostile_cage)
    first = hostile_cage.server_pid
    assert first is not None
    os.kill(first, 9)
    assert works(hostile_cage)
    assert hostile_cage.server_pid != first


def test_hostile_calls_exist_in_tests_only(cage: Cage) -> None:
    with pytest.raises(PermanentFailure):
        cage.run("spin", b"", {})


def run_script(lines: str) -> subprocess.Popen[str]:
    prologue = (
        "import os, signal, sys\nfrom workers.adapters.cage.client import Cage\ncage = Cage()\ncage.guarantees()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prologue + lines], cwd=REPO, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )


@LINUX
def test_the_server_dies_with_its_worker_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with run_script("print(cage.server_pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)") as process:
        output, _ = process.communicate()
    assert eventually(lambda: is_gone(int(output)))
    assert list(tmp_path.iterdir()) == []


def test_a_forked_worker_gets_a_server_of_its_own() -> None:
    lines = (
        "mine = cage.server_pid\n"
        "pid = os.fork()\n"
        "cage.run('probe', b'', {})\n"
        "print(mine, cage.server_pid, flush=True)\n"
        "cage.close()\n"
        "if pid: os.waitpid(pid, 0)\n"
    )
    with run_script(lines) as process:
        output, _ = process.communicate()
    pairs = [tuple(line.split()) for line in output.splitlines()]
    assert process.returncode == 0
    assert len(pairs) == 2
    assert len({mine for mine, _ in pairs}) == 1
    assert sorted(used == mine for mine, used in pairs) == [False, True]
