"""The vault in an S3-compatible bucket, through the obstore client."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from models.ports import Stored
from models.rules.errors import InvalidInput, NotFound, TemporaryFailure
from workers.adapters.vault import AWAY, CHUNK, name_of, verified
from workers.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

SPOOL = 4 * 1024 * 1024


def open_bucket(settings: Settings) -> ObjectStore:
    """The bucket at `vault_url` (s3://name/prefix). Few retries, since the sweeper has more."""
    config: S3Config = {"region": settings.vault_region}
    if settings.vault_endpoint:
        config["endpoint"] = settings.vault_endpoint
    if settings.vault_access_key_id and settings.vault_secret_access_key:
        config["access_key_id"] = settings.vault_access_key_id.get_secret_value()
        config["secret_access_key"] = settings.vault_secret_access_key.get_secret_value()
    client: ClientConfig = {
        "allow_http": (settings.vault_endpoint or "").startswith("http://"),
        "timeout": timedelta(seconds=20),
        "connect_timeout": timedelta(seconds=5),
    }
    retry: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
    return S3Store.from_url(settings.vault_location, config=config, client_options=client, retry_config=retry)


class BucketVault:
    """`models.ports.Vault` in a bucket: an object store makes a put durable or fails it as a whole."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, data: bytes) -> Stored:
        return self.put_stream([data], len(data))

    def put_stream(self, chunks: Iterable[bytes], limit: int) -> Stored:
        """The name is known only at the end, so the bytes pass through a file that leaves memory beyond 4 MiB."""
        digest, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise InvalidInput(f"The file is larger than {limit // 1024} KiB; make it smaller, send it again.")
                digest.update(chunk)
                spool.write(chunk)
            spool.seek(0)
            stored = Stored(digest.hexdigest(), size)
            if not self.has(stored.sha256):
                self._do(lambda: obstore.put(self._store, name_of(stored.sha256), spool))
        return stored

    def get(self, sha256: str) -> bytes:
        """Raises NotFound, DamagedObject, TemporaryFailure."""
        return verified(bytes(self._do(lambda: obstore.get(self._store, name_of(sha256)).bytes())), sha256)

    def stream(self, sha256: str) -> Iterator[bytes]:
        """Chunks of at least 256 KiB; raises NotFound."""
        found = self._do(lambda: obstore.get(self._store, name_of(sha256)))
        for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    def part(self, sha256: str, start: int, size: int) -> bytes:
        """Raises NotFound, TemporaryFailure."""
        if size <= 0:
            return b""
        return bytes(self._do(lambda: obstore.get_range(self._store, name_of(sha256), start=start, length=size)))

    def has(self, sha256: str) -> bool:
        try:
            self._do(lambda: obstore.head(self._store, name_of(sha256)))
        except NotFound:
            return False
        return True

    def delete(self, sha256: str) -> None:
        try:
            self._do(lambda: obstore.delete(self._store, name_of(sha256)))
        except NotFound:
            return

    def _do(self, call: Any) -> Any:
        try:
            return call()
        except FileNotFoundError as error:
            raise NotFound("There is no such stored file.") from error
        except (BaseError, OSError) as error:
            raise TemporaryFailure(AWAY) from error
