"""What the office is made of: every package pinned, hashed and listed; nothing comes from anywhere else."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from models.rules.errors import DefinitionError
from ops.office import ROOT
from ops.sbom import LOCK, bill, main, packages

LOCKED = list(packages(LOCK.read_text()))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_is_pinned_with_hashes() -> None:
    assert len(LOCKED) > 60
    assert not [one.name for one in LOCKED if not one.hashes]
    assert not [one.name for one in LOCKED if not re.fullmatch(r"[0-9A-Za-z.+!-]+", one.version)]


def test_what_the_project_asks_for_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {canonical(re.split(r"[\[<>=!~ ;]", line)[0]) for line in project["dependencies"]}
    assert asked <= {canonical(one.name) for one in LOCKED}


def test_the_bill_lists_each_package_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(LOCK)
    said = json.loads(capsys.readouterr().out)
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    refs = [component["bom-ref"] for component in said["components"]]
    assert len(set(refs)) == len(refs) == len(LOCKED)
    assert said["dependencies"][0]["dependsOn"] == refs
    assert all(component["hashes"] for component in said["components"])
    assert sum("licenses" in component for component in said["components"]) > len(refs) / 2


def test_the_same_lock_gives_the_same_bill() -> None:
    assert bill(LOCKED) == bill(list(packages(LOCK.read_text())))


@pytest.mark.parametrize("line", ["paraf @ git+https://example.org/x", "-e .", "requests>=2", "--index-url https://x"])
def test_what_pins_nothing_is_refused(line: str) -> None:
    with pytest.raises(DefinitionError):
        list(packages(f"{LOCK.read_text()}\n{line}\n"))


def test_the_image_installs_by_hash() -> None:
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text() + (ROOT / "ops" / "venv.sh").read_text()


def test_the_rules_of_bandit_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert {rule for rule in lint["ignore"] if rule.startswith("S")} == {"S101"}
