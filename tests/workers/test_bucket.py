"""The vault in an S3 bucket, against an S3 server that runs here."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from obstore import delete, get, put
from obstore.store import ObjectStore
from pydantic import SecretStr

from models.rules.errors import DamagedObject, InvalidInput, NotFound, TemporaryFailure
from workers.adapters.bucket import SPOOL, BucketVault, open_bucket
from workers.adapters.vault import name_of, open_vault
from workers.settings import Settings

DATA = b"%PDF-1.7 " + bytes(range(256)) * 1024
NAME = hashlib.sha256(DATA).hexdigest()


def settings_for(port: int) -> Settings:
    return Settings(
        vault_url="s3://berkas/kantor",
        vault_endpoint=f"http://127.0.0.1:{port}",
        vault_region="us-east-1",
        vault_access_key_id=SecretStr("testing"),
        vault_secret_access_key=SecretStr("testing"),
    )


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = int(server.get_host_and_port()[1])
    _make_bucket(port)
    yield settings_for(port)
    server.stop()


def _make_bucket(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"PUT /berkas HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        answer = line.makefile("rb").read()
    assert re.match(rb"HTTP/1\.1 200", answer), answer[:200]


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    return open_bucket(settings)


@pytest.fixture
def vault(settings: Settings) -> Iterator[BucketVault]:
    opened = open_vault(settings)
    assert isinstance(opened, BucketVault)
    yield opened
    opened.delete(NAME)


def test_what_is_put_is_had_back_by_its_hash(vault: BucketVault) -> None:
    stored = vault.put(DATA)
    assert (stored.sha256, stored.size) == (NAME, len(DATA))
    assert vault.get(NAME) == DATA
    assert b"".join(vault.stream(NAME)) == DATA
    assert vault.has(NAME)


def test_it_lies_under_the_prefix_in_a_folder_of_its_first_digits(vault: BucketVault, store: ObjectStore) -> None:
    vault.put(DATA)
    assert bytes(get(store, name_of(NAME)).bytes()) == DATA


def test_a_large_object_passes_through_a_file(vault: BucketVault) -> None:
    large = bytes(1024) * (SPOOL // 1024 + 100)
    chunks = (large[start : start + 65536] for start in range(0, len(large), 65536))
    stored = vault.put_stream(chunks, 2 * len(large))
    assert stored.sha256 == hashlib.sha256(large).hexdigest()
    assert vault.get(stored.sha256) == large
    vault.delete(stored.sha256)


def test_the_same_bytes_twice_are_one_object(vault: BucketVault) -> None:
    assert vault.put(DATA) == vault.put(DATA)
    vault.delete(NAME)
    assert not vault.has(NAME)


def test_what_is_not_there_is_said_so(vault: BucketVault) -> None:
    with pytest.raises(NotFound):
        vault.get(NAME)
    with pytest.raises(NotFound):
        list(vault.stream(NAME))
    assert not vault.has(NAME)
    vault.delete(NAME)


def test_a_stream_over_its_limit_stores_nothing(vault: BucketVault) -> None:
    with pytest.raises(InvalidInput, match="larger than 1 KiB"):
        vault.put_stream([DATA], 1024)
    assert not vault.has(NAME)


def test_bytes_that_were_changed_behind_its_back_are_found(vault: BucketVault, store: ObjectStore) -> None:
    vault.put(DATA)
    delete(store, name_of(NAME))
    put(store, name_of(NAME), b"something else")
    with pytest.raises(DamagedObject, match=NAME[:12]):
        vault.get(NAME)


def test_a_server_that_is_away_is_a_temporary_failure() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    vault = open_vault(settings_for(port))
    with pytest.raises(TemporaryFailure, match="try again"):
        vault.put(DATA)
    with pytest.raises(TemporaryFailure):
        vault.get(NAME)
    with pytest.raises(TemporaryFailure):
        vault.has(NAME)
    with pytest.raises(TemporaryFailure):
        list(vault.stream(NAME))


def test_a_folder_is_no_bucket(tmp_path: Path) -> None:
    assert not isinstance(open_vault(Settings(home=tmp_path)), BucketVault)
