"""The supervisor: restarts the dead, stops in order, leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.rules.errors import TemporaryFailure
from ops.children import command_line, wait_until
from ops.processes import Program, Supervisor, back_off

ENV = {"PATH": os.environ["PATH"]}


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, lines: list[str]) -> Iterator[Supervisor]:
    watch = Supervisor(tmp_path, tmp_path, lines.append)
    yield watch
    watch.stop()


def python(name: str, body: str, wave: int = 0, patience: float = 10.0) -> Program:
    steps = ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0))
    return Program(name, (sys.executable, "-u", "-c", textwrap.dedent(body)), ENV, wave, steps)


SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


def up(supervisor: Supervisor, name: str, times: int = 1) -> bool:
    return supervisor.tail(name, 100).count("up") >= times


def test_the_dead_are_started_again(supervisor: Supervisor, lines: list[str]) -> None:
    supervisor.start([python("one", SLEEPER)])
    assert wait_until(lambda: up(supervisor, "one"), 20)
    first = supervisor.pids()["one"]
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: up(supervisor, "one", 2), 20)
    assert supervisor.pids()["one"] != first
    assert lines == ["one ended (-9); it starts again in 0.0 s"]


def test_a_program_that_can_not_start_is_not_hammered(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([python("broken", "raise SystemExit('no key')")])
    assert wait_until(lambda: supervisor.tail("broken").count("no key") >= 3, 20)
    with pytest.raises(TemporaryFailure, match=r"broken was not ready within 0 s: .*no key"):
        supervisor.require(lambda: False, "broken", 0)


def test_back_off_doubles_up_to_half_a_minute() -> None:
    assert [back_off(n) for n in range(10)] == [0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_waves_are_stopped_one_after_the_other(supervisor: Supervisor, tmp_path: Path) -> None:
    goodbye = """
        import signal, sys, time
        def leave(*_):
            time.sleep(0.2)
            open("order", "a").write(sys.argv[0] and NAME)
            sys.exit()
        signal.signal(signal.SIGTERM, leave)
        print("up", flush=True)
        while True: time.sleep(0.01)
    """
    programs = [python(name, goodbye.replace("NAME", repr(name)), wave) for name, wave in (("b", 1), ("a", 0))]
    supervisor.start(programs)
    assert wait_until(lambda: up(supervisor, "a") and up(supervisor, "b"), 20)
    supervisor.stop()
    assert (tmp_path / "order").read_text() == "ab"
    assert supervisor.pids() == {}


def test_who_does_not_listen_is_killed_with_its_children(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = f"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
        print("up", flush=True)
        while True: time.sleep(1)
    """
    supervisor.start([python("deaf", deaf, patience=0.3)])
    assert wait_until(lambda: up(supervisor, "deaf"), 20)
    child = int((tmp_path / "child").read_text())
    assert command_line(child)
    supervisor.stop()
    assert wait_until(lambda: not command_line(child), 10)


def test_a_restarted_program_outlives_the_moment_it_was_restarted_in(supervisor: Supervisor) -> None:
    supervisor.start([python("one", SLEEPER)])
    assert wait_until(lambda: up(supervisor, "one"), 20)
    os.kill(supervisor.pids()["one"], signal.SIGKILL)
    assert wait_until(lambda: up(supervisor, "one", 2), 20)
    again = supervisor.pids()["one"]
    assert not wait_until(lambda: supervisor.pids().get("one") != again, 1.0)
    assert any(thread.name == "supervisor" for thread in threading.enumerate())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_nobody_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
        import os, signal, sys, time
        from pathlib import Path
        from ops.processes import Program, Supervisor
        folder = Path({str(tmp_path)!r})
        watch = Supervisor(folder, folder, print)
        watch.start([Program("one", (sys.executable, "-u", "-c", {SLEEPER!r}), {{}})])
        while "up" not in watch.tail("one"): time.sleep(0.02)
        print(watch.pids()["one"], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=60
    )
    pid = int(ended.stdout)
    assert wait_until(lambda: not command_line(pid), 10)
