"""Where files are kept: objects named by the SHA-256 of their bytes, in a folder or in an S3-compatible bucket."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from models.crash_points import crash_point
from models.ports import Stored, Vault
from models.rules.errors import DamagedObject, InvalidInput, NotFound, PermanentFailure, TemporaryFailure
from workers.settings import Settings

CHUNK = 256 * 1024
FULL = "The file store can not be written; nothing was kept, try again shortly."
AWAY = "The file store can not be reached; nothing was lost, try again shortly."


def open_vault(settings: Settings) -> Vault:
    """The vault that the settings name: `file://` is a folder, anything else an object store's URL."""
    location = settings.vault_location
    if location.startswith("file://"):
        return FolderVault(Path(unquote(urlsplit(location).path)))
    from workers.adapters.bucket import BucketVault, open_bucket  # the client costs memory that a folder never needs

    return BucketVault(open_bucket(settings))


class FolderVault:
    """`models.ports.Vault` in a local folder.

    Bytes are durable before a name points to them: written beside their place, fsynced, renamed, folder fsynced.
    (The object-store client's own local store leaves the fsync out.)
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> Stored:
        return self.put_stream([data], len(data))

    def put_stream(self, chunks: Iterable[bytes], limit: int) -> Stored:
        """Raises InvalidInput once `limit` bytes are passed, TemporaryFailure when the disk refuses."""
        try:
            return self._put(chunks, limit)
        except OSError as error:
            raise TemporaryFailure(FULL) from error

    def _put(self, chunks: Iterable[bytes], limit: int) -> Stored:
        incoming = self._folder("incoming")
        descriptor, draft = tempfile.mkstemp(dir=incoming)
        try:
            with os.fdopen(descriptor, "wb") as handle:
                stored = _copied(chunks, limit, handle.write)
                place = self._path(stored.sha256)
                if place.exists():
                    return stored
                handle.flush()
                crash_point("vault.fsync.before")
                os.fsync(handle.fileno())
                crash_point("vault.fsync.after")
            self._folder(place.parent.name)
            crash_point("vault.rename.before")
            Path(draft).replace(place)
            crash_point("vault.rename.after")
            _sync_folder(place.parent)
            crash_point("vault.folder_fsync.after")
            return stored
        finally:
            Path(draft).unlink(missing_ok=True)

    def _folder(self, name: str) -> Path:
        folder = self._root / name
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._root)
        return folder

    def get(self, sha256: str) -> bytes:
        """Raises NotFound, or DamagedObject when the bytes are not what their name says."""
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"There is no stored file {sha256[:12]}.") from error
        except OSError as error:
            raise TemporaryFailure(AWAY) from error
        return verified(data, sha256)

    def stream(self, sha256: str) -> Iterator[bytes]:
        """Chunks of 256 KiB; raises NotFound."""
        try:
            with self._path(sha256).open("rb") as handle:
                while chunk := handle.read(CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise NotFound(f"There is no stored file {sha256[:12]}.") from error

    def part(self, sha256: str, start: int, size: int) -> bytes:
        """Raises NotFound, or TemporaryFailure when the disk does not answer."""
        try:
            with self._path(sha256).open("rb") as handle:
                handle.seek(start)
                return handle.read(size)
        except FileNotFoundError as error:
            raise NotFound(f"There is no stored file {sha256[:12]}.") from error
        except OSError as error:
            raise TemporaryFailure(AWAY) from error

    def has(self, sha256: str) -> bool:
        return self._path(sha256).exists()

    def delete(self, sha256: str) -> None:
        place = self._path(sha256)
        place.unlink(missing_ok=True)
        if place.parent.is_dir():
            _sync_folder(place.parent)

    def _path(self, sha256: str) -> Path:
        return self._root / name_of(sha256)


def name_of(sha256: str) -> str:
    """Where an object lies in any store: two digits make the folder. Raises PermanentFailure for no hash."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise PermanentFailure(f"{sha256[:80]!r} is no SHA-256.")
    return f"{sha256[:2]}/{sha256}"


def verified(data: bytes, sha256: str) -> bytes:
    """`data` when it has the hash it is named by; raises DamagedObject."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedObject(f"The stored file {sha256[:12]} is damaged: restore it from the backup.")
    return data


def _copied(chunks: Iterable[bytes], limit: int, write: Callable[[bytes], object]) -> Stored:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise InvalidInput(f"The file is larger than {limit // 1024} KiB; make it smaller and send it again.")
        digest.update(chunk)
        write(chunk)
    return Stored(digest.hexdigest(), size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
