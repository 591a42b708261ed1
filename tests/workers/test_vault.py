"""The vault in a folder: what lies under a name is whole, whatever happens while it is written."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.rules.errors import DamagedObject, InvalidInput, NotFound, PermanentFailure, TemporaryFailure
from workers.adapters.vault import CHUNK, FolderVault, open_vault
from workers.settings import Settings

DATA = b"%PDF-1.7 " + bytes(range(256)) * 4096
NAME = hashlib.sha256(DATA).hexdigest()
REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def vault(tmp_path: Path) -> FolderVault:
    return FolderVault(tmp_path / "vault")


def objects(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def place(tmp_path: Path) -> Path:
    return tmp_path / "vault" / NAME[:2] / NAME


def test_what_is_put_is_had_back_by_its_hash(vault: FolderVault, tmp_path: Path) -> None:
    stored = vault.put(DATA)
    assert (stored.sha256, stored.size) == (NAME, len(DATA))
    assert vault.get(NAME) == DATA
    assert b"".join(vault.stream(NAME)) == DATA
    assert max(map(len, vault.stream(NAME))) <= CHUNK
    assert vault.has(NAME)
    assert objects(tmp_path) == [NAME]


def test_a_reopened_vault_finds_it(vault: FolderVault, tmp_path: Path) -> None:
    vault.put(DATA)
    settings = Settings(home=tmp_path, vault_url=(tmp_path / "vault").as_uri())
    assert open_vault(settings).get(NAME) == DATA


def test_others_can_not_look_into_it(vault: FolderVault, tmp_path: Path) -> None:
    vault.put(DATA)
    assert place(tmp_path).parent.stat().st_mode & 0o077 == 0
    assert place(tmp_path).stat().st_mode & 0o077 == 0


def test_bytes_are_durable_before_a_name_points_to_them(
    vault: FolderVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.put(b"so that its folders are there")
    (tmp_path / "vault" / NAME[:2]).mkdir(exist_ok=True)
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(descriptor: int) -> None:
        order.append("folder" if Path(f"/proc/self/fd/{descriptor}").readlink().is_dir() else "file")
        fsync(descriptor)

    def seen_replace(self: Path, target: Path) -> Path:
        order.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", seen_replace)
    vault.put(DATA)
    assert order == ["file", "rename", "folder"]


def test_a_full_disk_is_a_temporary_failure_and_leaves_nothing(
    vault: FolderVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TemporaryFailure, match="try again"):
        vault.put(DATA)
    assert not vault.has(NAME)
    assert objects(tmp_path) == []
    monkeypatch.undo()
    assert vault.put(DATA).sha256 == NAME


def test_a_stream_that_breaks_off_leaves_nothing(vault: FolderVault, tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError("the line is cut")

    with pytest.raises((ConnectionError, TemporaryFailure)):
        vault.put_stream(breaking(), 2 * len(DATA))
    assert objects(tmp_path) == []


def test_a_stream_over_its_limit_is_refused_before_it_is_all_read(vault: FolderVault, tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1024)

    with pytest.raises(InvalidInput, match="larger than 10 KiB"):
        vault.put_stream(endless(), 10 * 1024)
    assert taken == 11
    assert objects(tmp_path) == []


def test_a_flipped_bit_is_found_when_it_is_read(vault: FolderVault, tmp_path: Path) -> None:
    vault.put(DATA)
    damaged = bytearray(DATA)
    damaged[1000] ^= 1
    place(tmp_path).chmod(0o600)
    place(tmp_path).write_bytes(damaged)
    with pytest.raises(DamagedObject, match=NAME[:12]):
        vault.get(NAME)


def test_what_is_not_there_is_said_so(vault: FolderVault) -> None:
    with pytest.raises(NotFound):
        vault.get(NAME)
    with pytest.raises(NotFound):
        list(vault.stream(NAME))
    assert not vault.has(NAME)
    vault.delete(NAME)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ABC", NAME.upper(), f"{NAME}0", "/etc/passwd"])
def test_a_name_that_is_no_hash_never_becomes_a_path(vault: FolderVault, name: str) -> None:
    for call in (vault.get, vault.has, vault.delete):
        with pytest.raises(PermanentFailure, match="no SHA-256"):
            call(name)


def test_many_who_store_the_same_bytes_at_once_get_one_object(vault: FolderVault, tmp_path: Path) -> None:
    gate, names = threading.Barrier(8), list[str]()

    def store() -> None:
        gate.wait()
        names.append(vault.put(DATA).sha256)

    threads = [threading.Thread(target=store) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == [NAME] * 8
    assert objects(tmp_path) == [NAME]
    assert vault.get(NAME) == DATA


def test_deleting_takes_it_away_once(vault: FolderVault, tmp_path: Path) -> None:
    vault.put(DATA)
    vault.delete(NAME)
    vault.delete(NAME)
    assert objects(tmp_path) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from workers.adapters.vault import FolderVault
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
{where} = die
FolderVault(Path(sys.argv[1])).put(sys.stdin.buffer.read())
"""


@pytest.mark.parametrize("where", ["os.fsync", "Path.replace"])
def test_a_process_killed_before_the_rename_leaves_no_half_object_under_a_name(tmp_path: Path, where: str) -> None:
    root = tmp_path / "vault"
    first = FolderVault(root)
    first.put(b"the folders are there")
    place(tmp_path).parent.mkdir(exist_ok=True)
    code = _KILLED.format(where=where)
    command: list[Any] = [sys.executable, "-c", code, root]
    ended = subprocess.run(command, input=DATA, cwd=REPO, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not place(tmp_path).exists()
    assert not first.has(NAME)
    again = first.put(DATA)
    assert first.get(again.sha256) == DATA
