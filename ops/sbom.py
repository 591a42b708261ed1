"""`paraf sbom`: every package that runs in the office, with its hashes, as CycloneDX 1.6."""

from __future__ import annotations

import importlib.metadata
import json as jsonlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from models.rules.errors import DefinitionError
from ops.office import ROOT

LOCK = ROOT / "requirements.lock"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")  # fmt: skip  # noqa: E501
_HASH = re.compile(r"^\s+--hash=sha256:(?P<digest>[0-9a-f]{64})\s*\\?$")


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package; `marker` says where it is installed, `hashes` are those of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def main(
    lock: Annotated[Path, typer.Option(help="The lock file to read.")] = LOCK,
) -> None:
    """Print the bill of materials to stdout."""
    print(jsonlib.dumps(bill(list(packages(lock.read_text(encoding="utf-8")))), indent=2))


def packages(lock: str) -> Iterator[Package]:
    """What a lock file pins. Raises DefinitionError for a line that is no pin with hashes."""
    name, version, marker = "", "", ""
    hashes: list[str] = []
    for line in lock.splitlines():
        pin, digest = _PIN.match(line), _HASH.match(line)
        if pin:
            if name:
                yield Package(name, version, marker, tuple(hashes))
            name, version, marker, hashes = pin["name"], pin["version"], pin["marker"] or "", []
        elif digest:
            hashes.append(digest["digest"])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise DefinitionError(f"The lock has a line that pins nothing: {line.strip()[:80]}")
    if name:
        yield Package(name, version, marker, tuple(hashes))


def bill(found: list[Package]) -> dict[str, Any]:
    """The document; the same lock gives the same document."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "paraf", "bom-ref": "paraf"}},
        "components": [_component(package) for package in found],
        "dependencies": [{"ref": "paraf", "dependsOn": [_purl(package) for package in found]}],
    }


def _component(package: Package) -> dict[str, Any]:
    licence = _licence(package.name)
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes],
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        **({"properties": [{"name": "paraf:marker", "value": package.marker}]} if package.marker else {}),
    }


def _purl(package: Package) -> str:
    return f"pkg:pypi/{package.name.lower()}@{package.version}"


def _licence(name: str) -> str:
    """As the installed package says it; nothing for one that is not installed here."""
    try:
        data = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    said = [data[field] for field in ("License-Expression", "License") if field in data]
    return next((words.splitlines()[0][:120] for words in said if words), "")
