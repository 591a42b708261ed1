"""Taking backups: what is in one, what is copied once, what goes, and dumps of servers that are not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from models.db import Database
from models.rules.errors import DamagedObject, InvalidInput, NotFound, PermanentFailure, TemporaryFailure
from ops import backup, restore
from ops.backups import database, fence, manifest, objects
from ops.backups.restoring import Wanted
from ops.backups.restoring import restore as restore_office
from ops.backups.taking import prune, prune_wal, take
from ops.embedded import Servers
from ops.embedded_postgres import Place, find_place, plain, wal_folder
from ops.home import Home
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.conftest import TestServers
from tests.factories import Office
from tests.ops.audit.conftest import seal_all
from tests.ops.backups.conftest import House, book_of, furnish
from workers.adapters.vault import FolderVault
from workers.settings import Settings

pytestmark = pytest.mark.xdist_group("backups")


def test_the_manifest_says_what_a_backup_holds(lived: House) -> None:
    made = manifest.read(lived.taken.folder)
    assert made == lived.taken.manifest
    assert (made.kind, made.numbers, made.damaged) == ("physical", {"SIKRO 2026": 3}, [])
    assert made.seal >= 1
    assert {"database/base.tar.gz", "database/pg_wal.tar.gz", "objects.txt", "checkpoints.jsonl"} <= set(made.parts)
    assert "trust/audit.pem" in made.parts
    assert made.objects == len(set(objects.names_below(lived.backups / "objects")))
    assert manifest.latest(lived.backups) == lived.taken.folder


def test_keys_lie_only_where_they_were_asked_for(lived: House) -> None:
    secret = lived.taken.folder / "secrets" / "signing" / "audit.pem"
    assert secret.read_bytes() == (lived.home / "secrets" / "signing" / "audit.pem").read_bytes()
    assert lived.taken.folder.stat().st_mode & 0o077 == 0


def test_the_log_is_archived(lived: House) -> None:
    pieces = sorted(wal_folder(find_place(Home(lived.home))).glob("*.gz"))
    assert pieces, "closing the office finishes a piece"
    assert all(path.read_bytes()[:2] == b"\x1f\x8b" for path in pieces)


def test_old_pieces_of_the_log_go_after_two_weeks(tmp_path: Path, lived: House) -> None:
    place = Place(tmp_path, tmp_path, find_place(Home(lived.home)).user)
    old, new = (wal_folder(place) / name for name in ("1.gz", "2.gz"))
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    assert prune_wal(place, None, lived.between) == 1
    assert [path.name for path in wal_folder(place).iterdir()] == ["2.gz"]


def test_objects_that_no_backup_names_go_with_the_last_one_that_did(tmp_path: Path) -> None:
    store = FolderVault(tmp_path / "objects")
    kept, gone = store.put(b"kept").sha256, store.put(b"gone").sha256
    for name, held in (
        ("20260301T000000Z", (kept, gone)),
        ("20260302T000000Z", (kept,)),
        ("20260303T000000Z", (kept,)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / objects.LIST).write_text("".join(f"{one}\n" for one in held))
        (folder / manifest.NAME).write_text("{}")
    prune(tmp_path, 3)
    assert store.has(gone)
    prune(tmp_path, 2)
    assert (store.has(kept), store.has(gone)) == (True, False)
    assert not (tmp_path / "20260301T000000Z").exists()


def test_a_broken_backup_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        manifest.latest(tmp_path)
    (tmp_path / ".20260302T000000Z").mkdir()
    with pytest.raises(NotFound):
        manifest.latest(tmp_path)
    for text in ("{}", "not json", '{"format": 2, "parts": {}}'):
        (tmp_path / manifest.NAME).write_text(text)
        with pytest.raises(DamagedObject):
            manifest.read(tmp_path)


@pytest.mark.parametrize("words", ["SIKRO 2026", "SIKRO=5", "2026=5", "SIKRO 2026=x", "SIKRO 26=5"])
def test_numbers_from_paper_are_read_with_care(words: str) -> None:
    with pytest.raises(InvalidInput):
        fence.from_words([words])


def test_the_highest_number_counts() -> None:
    said = fence.from_words(["SIKRO 2026=5", "SIKRO/2026 = 7", "SIP 2025=2"])
    lines = b'{"numbers": {"SIKRO 2026": 6, "SIP 2026": 1}}\nbroken\n{"numbers": 4}\n'
    assert fence.merged(said, fence.from_checkpoints(lines)) == {
        ("SIKRO", 2026): 7,
        ("SIP", 2025): 2,
        ("SIP", 2026): 1,
    }


@pytest.mark.parametrize("words", ["kemarin", "2026-03-02", "2026-03-02T09:30:00"])
def test_a_moment_needs_its_zone(words: str) -> None:
    with pytest.raises(InvalidInput):
        restore.moment(words)


@pytest.fixture
def elsewhere(servers: TestServers, fresh_database: Urls, tmp_path: Path) -> Iterator[tuple[Office, Servers, Settings]]:
    """An office on a server that is not its own."""
    named = Servers(fresh_database.owner_url, fresh_database.app_url, servers.broker_url)
    home = tmp_path / "var"
    home.mkdir()
    office = furnish(home, named)
    an_application(office, "closed")
    seal_all(office.db, office.clock, book_of(home))
    yield office, named, _settings(home, fresh_database, servers)
    office.db.dispose()


def _settings(home: Path, urls: Urls, servers: TestServers) -> Settings:
    return Settings(
        home=home,
        database_url=urls.app_url,
        migration_database_url=urls.owner_url,
        broker_url=servers.broker_url,
    )


def test_a_server_that_is_not_ours_is_dumped_and_loaded(
    elsewhere: tuple[Office, Servers, Settings], servers: TestServers, worker_number: int, tmp_path: Path
) -> None:
    office, named, settings = elsewhere
    taken = take(settings, named, office.clock, tmp_path / "backups")
    assert taken.manifest.kind == "logical"
    an_application(office, "ready")
    seal_all(office.db, office.clock, book_of(settings.home))
    name = f"loaded_{worker_number}"
    empty = servers.database(name, "template0")
    try:
        result = restore_office(_settings(settings.home, empty, servers), office.clock, Wanted(taken.folder))
        assert result.violations == []
        assert result.lost == ("SIKRO 2026 no. 2",)
        _acts_are_sealed_on(empty, office, settings.home)
        with pytest.raises(PermanentFailure, match="not empty"):
            restore_office(_settings(settings.home, empty, servers), office.clock, Wanted(taken.folder))
    finally:
        servers.drop(name)


def _acts_are_sealed_on(urls: Urls, office: Office, home: Path) -> None:
    """New transactions count on from the dump's: their events are sealed, not taken for inserted ones."""
    db = Database(urls.app_url)
    loaded = Office(db, clock=office.clock, people=office.people)
    an_application(loaded, "verifying")
    seal_all(db, office.clock, book_of(home))
    db.dispose()
    with psycopg.connect(plain(urls.owner_url)) as connection:
        ordered = connection.execute("SELECT array_agg(id ORDER BY tx, id) = array_agg(id ORDER BY id) FROM event")
        assert ordered.fetchone() == (True,)


def test_a_damaged_file_is_named_and_not_copied(elsewhere: tuple[Office, Servers, Settings], tmp_path: Path) -> None:
    office, named, settings = elsewhere
    victim = next((settings.home / "vault").glob("??/*"))
    victim.write_bytes(b"another")
    taken = take(settings, named, office.clock, tmp_path / "backups")
    assert taken.manifest.damaged == [victim.name]
    assert victim.name in backup.in_words(taken)
    assert not (tmp_path / "backups" / "objects" / victim.name[:2] / victim.name).exists()


def test_no_password_is_on_the_command_line_and_failures_say_none(tmp_path: Path) -> None:
    with pytest.raises(TemporaryFailure) as caught:
        database.dump("postgresql+psycopg://nobody:rahasia-sekali@127.0.0.1:9/nothing", tmp_path / "dump")
    assert "rahasia-sekali" not in str(caught.value)


def test_the_command_takes_a_backup_and_beats(
    elsewhere: tuple[Office, Servers, Settings], fresh_database: Urls, servers: TestServers, tmp_path: Path
) -> None:
    _, named, settings = elsewhere
    env = {
        **os.environ,
        "PARAF_HOME": str(settings.home),
        "PARAF_DATABASE_URL": named.database_url_app,
        "PARAF_MIGRATION_DATABASE_URL": named.database_url_owner,
        "PARAF_BROKER_URL": named.broker_url,
    }
    done = subprocess.run(
        [sys.executable, "-m", "ops.cli", "backup", str(tmp_path / "copies"), "--json"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    assert manifest.read(Path(said["folder"])).numbers == said["numbers"] == {"SIKRO 2026": 1}
    with psycopg.connect(plain(fresh_database.owner_url)) as connection:
        row = connection.execute("SELECT detail FROM heartbeat WHERE name = 'backup'").fetchone()
    assert row == (Path(said["folder"]).name,)
