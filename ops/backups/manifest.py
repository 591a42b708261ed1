"""What a backup holds, and the hash of each part."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from models.rules.errors import DamagedObject, NotFound

NAME = "manifest.json"
FORMAT = 1
Kind = Literal["physical", "logical"]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the backup, beside the vault's objects."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`kind`: physical (our own server, leads to any later moment with its log) or logical (a dump).

    `earliest`: by the database's clock, the first moment that a physical one can be led to. `numbers`: last number of
    each "SERIES YEAR" when it was begun. `objects`: how many files of the vault belong to it.
    """

    begun_at: str
    made_at: str
    earliest: str
    kind: Kind
    postgres: str
    tables: str
    numbers: dict[str, int]
    seal: int
    objects: int
    object_bytes: int
    damaged: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path) -> str:
        """Write it below `folder`; returns its own SHA-256."""
        data = json.dumps(asdict(self), indent=2, sort_keys=True).encode()
        (folder / NAME).write_bytes(data)
        return hashlib.sha256(data).hexdigest()


def read(folder: Path) -> Manifest:
    """Raises NotFound, or DamagedObject for what is no manifest of ours."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        parts = {name: Part(**part) for name, part in content.pop("parts").items()}
        found = Manifest(**content, parts=parts)
    except FileNotFoundError as error:
        raise NotFound(f"{folder} holds no backup.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedObject(f"{folder / NAME} is no manifest of a backup.") from error
    if found.format != FORMAT:
        raise DamagedObject(f"{folder} is a backup of another format ({found.format}).")
    return found


def parts_below(folder: Path) -> dict[str, Part]:
    """Every file of a backup with its hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    return {str(path.relative_to(folder)): part_of(path) for path in files}


def part_of(path: Path) -> Part:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
    return Part(digest.hexdigest(), path.stat().st_size)


def refuse_damaged(folder: Path, manifest: Manifest) -> None:
    """Raises DamagedObject unless every part is what the manifest says."""
    there = parts_below(folder)
    wrong = [name for name, part in manifest.parts.items() if there.get(name) != part]
    if wrong:
        raise DamagedObject(f"The backup in {folder} is damaged: {', '.join(sorted(wrong))}. Take an earlier one.")


def latest(target: Path) -> Path:
    """The newest whole backup in a folder of backups, or the folder itself when it is one. Raises NotFound."""
    if (target / NAME).exists():
        return target
    whole = sorted(path.parent for path in target.glob(f"2*/{NAME}"))
    if not whole:
        raise NotFound(f"There is no backup in {target}.")
    return whole[-1]
