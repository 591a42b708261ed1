"""The vault's objects, copied by their names. An object never changes, so what is there already is not copied again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from models.ports import Vault
from models.rules.errors import DamagedObject, NotFound
from workers.adapters.vault import FolderVault, open_vault
from workers.settings import Settings

FOLDER = "objects"
LIST = "objects.txt"


@dataclass(slots=True)
class Copied:
    """What went from one store to another; `damaged` are names whose bytes are others, `gone` what was let go."""

    names: list[str] = field(default_factory=list)
    new: int = 0
    size: int = 0
    damaged: list[str] = field(default_factory=list)
    gone: int = 0


def stored(settings: Settings) -> Iterator[str]:
    """Names of all objects in the office's vault."""
    location = settings.vault_location
    if location.startswith("file://"):
        yield from names_below(Path(unquote(urlsplit(location).path)))
        return
    import obstore

    from workers.adapters.bucket import open_bucket

    for page in obstore.list(open_bucket(settings)):
        yield from (name for item in page if len(name := item["path"].rpartition("/")[2]) == 64)


def names_below(root: Path) -> Iterator[str]:
    """Names of all objects in a folder."""
    for folder in sorted(root.glob("??")):
        with os.scandir(folder) as entries:
            yield from sorted(entry.name for entry in entries if len(entry.name) == 64)


def copy_out(settings: Settings, target: Path) -> Copied:
    """Copy what `target` has not yet. Called after the database was copied: whatever that one names is there."""
    source, copied = open_vault(settings), Copied()
    store = FolderVault(target / FOLDER)
    for name in stored(settings):
        if store.has(name):
            copied.names.append(name)
        else:
            _copy(source, store, name, copied)
    return copied


def copy_back(folder: Path, names: Iterable[str], vault: Vault) -> Copied:
    """Put the named objects of a backup into the vault where they are missing or damaged."""
    source, copied = FolderVault(folder / FOLDER), Copied()
    for name in names:
        if vault.has(name) and _whole(vault, name):
            copied.names.append(name)
        else:
            _copy(source, vault, name, copied)
    return copied


def _copy(source: Vault, target: Vault, name: str, copied: Copied) -> None:
    try:
        data = source.get(name)
    except NotFound:
        copied.gone += 1
        return
    except DamagedObject:
        copied.damaged.append(name)
        return
    target.delete(name)
    copied.size += target.put(data).size
    copied.new += 1
    copied.names.append(name)


def _whole(vault: Vault, name: str) -> bool:
    digest = hashlib.sha256()
    for chunk in vault.stream(name):
        digest.update(chunk)
    return digest.hexdigest() == name
