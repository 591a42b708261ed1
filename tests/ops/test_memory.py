"""Memory of a family of processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.children import spawn, stop, wait_until
from ops.embedded_valkey import STOP_STEPS
from ops.memory import family, memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CHILD = (
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE).wait())"
)


def test_a_family_has_children_and_their_children(tmp_path: Path) -> None:
    child = spawn([sys.executable, "-c", CHILD], tmp_path / "log")
    try:
        assert wait_until(lambda: len(family(child.pid)) == 2, 20)
        assert set(family(child.pid)) < set(family(os.getpid()))
    finally:
        stop(child, STOP_STEPS)
    assert family(child.pid) == [child.pid], "nobody is below a process that has ended"


def test_memory_is_of_all_of_them() -> None:
    alone = memory([os.getpid()])
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        together = memory()
        child.kill()
    assert alone.processes == 1
    assert together.processes >= 2
    assert together.resident > alone.resident
    assert 0 < alone.proportional <= alone.resident


def test_a_process_that_has_ended_counts_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        pass
    assert memory([child.pid]).processes == 0
