"""Setting up on a bare machine: what the scripts install, and the sentence where they can not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.office import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
SHELL_TOOLS = ("sh", "dirname", "basename", "cat", "chmod", "printf", "touch")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is the whole PATH: a shell and little else."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in SHELL_TOOLS:
        where = shutil.which(name)
        if where:
            (tools / name).symlink_to(where)
    return tools


def tool(machine: Path, name: str, body: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{body}\n")
    (machine / name).chmod(0o755)


def run(script: Path, machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, str(script), *words], env={"PATH": str(machine)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def venv_script(tmp_path: Path) -> Path:
    (tmp_path / "ops").mkdir()
    return Path(shutil.copy(ROOT / "ops" / "venv.sh", tmp_path / "ops" / "venv.sh"))


NO_ENSUREPIP = 'case "$*" in *ensurepip*) exit 1;; *version_info*) exit 0;; esac; exit 1'
OLD = 'case "$*" in *version_info*) exit 1;; esac; exit 0'


def test_without_python_it_says_so(machine: Path, venv_script: Path) -> None:
    ended = run(venv_script, machine, "requirements.lock")
    assert ended.returncode == 1
    assert "needs Python 3.11 or newer" in ended.stderr


def test_an_old_python_is_not_taken(machine: Path, venv_script: Path) -> None:
    tool(machine, "python3", OLD)
    ended = run(venv_script, machine, "requirements.lock")
    assert ended.returncode == 1
    assert "needs Python 3.11 or newer" in ended.stderr


def test_without_ensurepip_an_ordinary_user_is_told_what_to_install(machine: Path, venv_script: Path) -> None:
    tool(machine, "python3", NO_ENSUREPIP)
    tool(machine, "id", "echo 1000")
    ended = run(venv_script, machine, "requirements.lock")
    assert ended.returncode == 1
    assert "sudo apt-get install python3-venv" in ended.stderr


def test_without_ensurepip_root_installs_it(machine: Path, venv_script: Path, tmp_path: Path) -> None:
    tool(machine, "python3", NO_ENSUREPIP)
    tool(machine, "id", "echo 0")
    tool(machine, "apt-get", f'echo "$@" >> {tmp_path}/installed')
    assert run(venv_script, machine, "requirements.lock").returncode != 0, "this python can make nothing after all"
    update, install = (tmp_path / "installed").read_text().splitlines()
    assert update.startswith("update")
    assert install.endswith("python3-venv")


def test_tools_that_are_missing_are_named(machine: Path) -> None:
    tool(machine, "qpdf", "exit 0")
    tool(machine, "id", "echo 1000")
    ended = run(ROOT / "ops" / "test-tools.sh", machine)
    assert ended.returncode == 1
    assert ended.stderr.count("poppler-utils chromium") == 2
    assert "qpdf" not in ended.stderr


def test_tools_that_are_missing_are_installed_by_root(machine: Path, tmp_path: Path) -> None:
    tool(machine, "id", "echo 0")
    tool(machine, "apt-get", f'echo "$@" >> {tmp_path}/installed')
    assert run(ROOT / "ops" / "test-tools.sh", machine).returncode == 0
    update, install = (tmp_path / "installed").read_text().splitlines()
    assert update.startswith("update"), "a bare machine knows no package before it"
    assert install.endswith("poppler-utils qpdf chromium")


def test_nothing_is_installed_when_nothing_is_missing(machine: Path) -> None:
    for name in ("pdfsig", "qpdf", "chromium"):
        tool(machine, name, "exit 0")
    assert run(ROOT / "ops" / "test-tools.sh", machine).returncode == 0


def test_every_target_that_the_readme_may_name_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert targets >= {"demo", "run", "test", "check", "letter", "bench", "lock", "venv"}


def test_the_change_check_runs_nothing_of_its_own() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]
    assert commands == ["make test", "make static"]
    assert re.search(r"^check: static test\b", MAKEFILE, re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_pinned_and_hashed_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip() and not entry.startswith("#")]
    assert len(entries) > 50
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==\S+", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_what_runs_is_what_was_tested() -> None:
    """Every entry of the lock that the demo uses stands, unchanged, in the lock that the tests use."""

    def entries(lock: str) -> set[str]:
        return {
            line.removesuffix(" \\")
            for line in (ROOT / lock).read_text().splitlines()
            if re.match(r"[A-Za-z0-9]", line)
        }

    assert entries("requirements.lock") <= entries("requirements-dev.lock")
