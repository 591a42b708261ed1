"""House rules as programs: sizes, what `__init__` may hold, where packages come from, what no file may say."""

from __future__ import annotations

import ast
import importlib
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.office import ROOT

STOREYS = ("api", "models", "ops", "workers")
# A migration is generated once and never edited: its length is the schema's.
GENERATED = ROOT / "models" / "migrations" / "versions"
CODE = sorted(path for storey in STOREYS for path in (ROOT / storey).rglob("*.py") if path.parent != GENERATED)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Written apart, so that this file does not say them itself.
NOT_TO_BE_SAID = ("/work" + "/main", "/work" + "/shared", "pypi" + ".org", "registry.npm" + "js")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("package", [*STOREYS, "templates"])
def test_packages_come_from_this_repository(package: str) -> None:
    assert Path(str(importlib.import_module(package).__file__)).parent == ROOT / package


@pytest.mark.parametrize("path", [path for path in CODE if path.name == "__init__.py"], ids=name_of)
def test_an_init_holds_one_docstring_and_no_wiring(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    assert len(body) == 1
    assert ast.get_docstring(ast.Module(body, []))


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))


def test_functions_are_short() -> None:
    lengths = sorted(length(function) for path in CODE for function in functions(path))
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.95)] <= 40


def test_a_task_is_a_doorbell() -> None:
    tasks = [path for path in CODE if path.parent == ROOT / "workers" / "tasks"]
    long = [f"{name_of(path)}:{one.name}" for path in tasks for one in functions(path) if length(one) > 20]
    assert not long


def test_nobody_mocks() -> None:
    said = [
        name_of(path)
        for path in TESTS
        if "unittest" + ".mock" in path.read_text() or "mocker" + "." in path.read_text()
    ]
    assert not said


def test_no_file_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            data = path.read_bytes()
            assert not [word for word in NOT_TO_BE_SAID if word.encode() in data], name
