"""The command line: every command is listed without being loaded, errors are sentences, exit codes tell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ops.cli import written


def paraf(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "ops.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb", **environment},
    )


def test_help_lists_every_command() -> None:
    shown = paraf("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout and help_text in shown.stdout for name, (_, help_text) in written().items())


def test_help_loads_no_command() -> None:
    code = "import sys, ops.cli as c; c.build(['--help']); print(*[m for m in sys.modules if m.startswith('ops.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # To look whether a command is there loads the package that it lies in, and nothing of it.
    assert loaded.stdout.split() == ["ops.cli", "ops.faults"]


@pytest.mark.parametrize("name", written())
def test_every_command_explains_itself(name: str) -> None:
    shown = paraf(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage:" in shown.stdout


def test_a_command_that_nobody_knows_is_wrong_use() -> None:
    assert paraf("levitate").returncode == 2


def test_tables_and_migrations_agree() -> None:
    compared = paraf("migrate", "--check")
    assert compared.returncode == 0, compared.stderr
    assert "agree" in compared.stderr


def test_a_server_that_is_away_is_one_sentence() -> None:
    gone = paraf("migrate", PARAF_DATABASE_URL="postgresql://x:secret-word@127.0.0.1:1/x", PARAF_BROKER_URL="redis://x")
    assert gone.returncode == 3
    assert gone.stderr.startswith("paraf: ")
    assert "Traceback" not in gone.stderr
    assert "secret-word" not in gone.stderr
