"""Crash points: every name is placed, every place is named, and one that is armed strikes once."""

from __future__ import annotations

import ast
import errno
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.crash_points import POINTS, VARIABLE, crash_point, strike
from models.rules.errors import PermanentFailure, TemporaryFailure
from ops.office import ROOT

CODE = [path for storey in ("api", "models", "workers", "ops") for path in sorted((ROOT / storey).rglob("*.py"))]


def placed() -> Iterator[str]:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_point":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}: the name of a point is written out"
                yield str(name.value)


def test_each_point_is_placed_once_and_each_place_is_named() -> None:
    assert Counter(placed()) == dict.fromkeys(POINTS, 1)


def test_each_commit_has_a_point_on_both_sides() -> None:
    before = {name.removesuffix("before_commit") for name in POINTS if name.endswith("before_commit")}
    after = {name.removesuffix("after_commit") for name in POINTS if name.endswith("after_commit")}
    assert before == after


def test_nothing_happens_where_nothing_is_armed(tmp_path: Path) -> None:
    (tmp_path / "seal.after").touch()
    strike(tmp_path, "seal.before")
    assert (tmp_path / "seal.after").exists()


def test_no_folder_is_looked_at_when_the_variable_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seal.before").write_text("EIO")
    monkeypatch.setenv(VARIABLE, str(tmp_path))  # read when the process began, and then it was not there
    crash_point("seal.before")
    assert (tmp_path / "seal.before").exists()


@pytest.mark.parametrize(
    ("word", "expected"),
    [("EIO", OSError), ("ENOSPC", OSError), ("temporary", TemporaryFailure), ("permanent", PermanentFailure)],
)
def test_an_armed_point_fails_once(tmp_path: Path, word: str, expected: type[Exception]) -> None:
    (tmp_path / "vault.fsync.before").write_text(word)
    with pytest.raises(expected) as failed:
        strike(tmp_path, "vault.fsync.before")
    if isinstance(failed.value, OSError):
        assert failed.value.errno == getattr(errno, word)
    strike(tmp_path, "vault.fsync.before")


def test_a_scope_aims_at_one_kind_of_work(tmp_path: Path) -> None:
    (tmp_path / "signature.before@signature").write_text("temporary")
    strike(tmp_path, "signature.before", "paraf")
    with pytest.raises(TemporaryFailure):
        strike(tmp_path, "signature.before", "signature")


@pytest.mark.parametrize("word", ["", "kill", "group"])
def test_a_process_dies_without_a_word(tmp_path: Path, word: str) -> None:
    (tmp_path / "commit.before").write_text(word)
    program = "from models.crash_points import crash_point; crash_point('commit.before'); print('lived')"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={VARIABLE: str(tmp_path)},
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (-9, b"")
    assert not (tmp_path / "commit.before").exists()
