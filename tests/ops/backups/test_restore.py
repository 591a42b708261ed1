"""Restored with real servers: whole, checked, stopped, and no number that was printed is given again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from models.db import Database
from models.rules.errors import DamagedObject, InvalidInput, PermanentFailure, TemporaryFailure
from models.services.issuance import resume_issuance, state
from ops.backups import manifest
from ops.backups.restoring import STOPPED, Restored, Wanted, put_secrets, restore
from ops.embedded import Servers, start_servers
from ops.embedded_postgres import cluster_folder, plain
from ops.home import Home
from tests.factories import Office
from tests.ops.backups.conftest import House

pytestmark = pytest.mark.xdist_group("backups")
Houses = Callable[[], House]


def lose_cluster(house: House) -> None:
    """The disk with the database and its log is gone; the vault and the checkpoints lay on another."""
    shutil.rmtree(cluster_folder(Home(house.home)))


def restored(house: House, **wanted: object) -> Restored:
    asked = replace(Wanted(manifest.latest(house.backups)), **wanted)  # type: ignore[arg-type]
    return restore(house.settings, house.clock, asked)


@contextmanager
def opened(house: House) -> Iterator[Servers]:
    with start_servers(house.home, durable=False) as servers:
        yield servers


def column(servers: Servers, sql: str) -> list[object]:
    with psycopg.connect(plain(servers.database_url_owner)) as connection:
        return [row[0] for row in connection.execute(sql.encode())]


def numbers(servers: Servers) -> list[object]:
    return column(servers, "SELECT seq FROM register_entry ORDER BY seq")


def test_without_the_log_numbers_given_later_are_void_and_never_given_again(house: Houses) -> None:
    mine = house()
    lose_cluster(mine)
    result = restored(mine)
    assert result.violations == []
    assert result.lost == ("SIKRO 2026 no. 4", "SIKRO 2026 no. 5")
    with opened(mine) as servers:
        assert numbers(servers) == [1, 2, 3]
        db = Database(servers.database_url_app)
        with db.transaction() as session:
            found = state(session, mine.clock.now())
        db.dispose()
        assert (found.stopped, found.reason) == (True, STOPPED)
        _go_on(mine, servers)
        assert numbers(servers) == [1, 2, 3, 6]
        assert column(servers, "SELECT seq FROM lost_number ORDER BY seq") == [4, 5]


def _go_on(mine: House, servers: Servers) -> None:
    """The letter that waited for its number at the backup gets one."""
    db = Database(servers.database_url_app)
    office = Office(db, clock=mine.clock)
    (case_id,) = column(servers, "SELECT id FROM application WHERE stage = 'numbering'")
    assert isinstance(case_id, UUID)
    assert not office.perform(office.ticket(case_id)), "nothing is issued before a person has looked"
    assert resume_issuance(db, mine.clock) == 1
    assert office.perform(office.ticket(case_id))
    db.dispose()


def test_with_the_log_nothing_is_lost(house: Houses) -> None:
    mine = house()
    result = restored(mine, replace=True, check="full")
    assert (result.violations, result.lost) == ([], ())
    with opened(mine) as servers:
        assert numbers(servers) == [1, 2, 3, 4, 5]
        assert column(servers, "SELECT count(*) FROM application") == [6]
    assert list(cluster_folder(Home(mine.home)).glob("data.before.*")), "what was there is put aside, not thrown away"


def test_to_a_moment(house: Houses) -> None:
    mine = house()
    result = restored(mine, replace=True, until=mine.between)
    assert (result.violations, result.lost) == ([], ("SIKRO 2026 no. 5",))
    with opened(mine) as servers:
        assert numbers(servers) == [1, 2, 3, 4]


def test_only_licences_in_the_vault_tell_when_the_checkpoints_are_gone_too(house: Houses) -> None:
    mine = house()
    lose_cluster(mine)
    shutil.rmtree(mine.home / "checkpoints")
    result = restored(mine)
    # Number 5 was not on paper yet: no file bears it.
    assert result.lost == ("SIKRO 2026 no. 4",)
    assert result.violations == []


def test_only_paper_tells_when_the_whole_machine_is_gone(house: Houses) -> None:
    mine = house()
    shutil.rmtree(mine.home)
    assert put_secrets(mine.settings, manifest.latest(mine.backups))
    result = restored(mine, last=("SIKRO 2026=5",))
    assert result.lost == ("SIKRO 2026 no. 4", "SIKRO 2026 no. 5")
    assert result.violations == []
    assert result.objects == mine.taken.manifest.objects


def test_everybody_is_signed_out_and_all_work_is_sent_again(house: Houses) -> None:
    mine = house()
    lose_cluster(mine)
    restored(mine)
    with opened(mine) as servers:
        assert column(servers, "SELECT count(*) FROM login_session WHERE revoked_at IS NULL") == [0]
        assert column(servers, "SELECT count(*) FROM outbox WHERE done_at IS NULL AND sent_at IS NOT NULL") == [0]
        assert column(servers, "SELECT count(*) FROM pile WHERE secret IS NOT NULL") == [0]
        assert column(servers, "SELECT kind FROM event ORDER BY id DESC LIMIT 2") == [
            "issuance_stopped",
            "backup_restored",
        ]


def test_files_that_were_damaged_or_lost_come_back(house: Houses) -> None:
    mine = house()
    lose_cluster(mine)
    names = (manifest.latest(mine.backups) / "objects.txt").read_text().split()
    first, second = (mine.home / "vault" / name[:2] / name for name in names[:2])
    whole = first.read_bytes()
    first.write_bytes(whole[:-1] + b"?")
    second.unlink()
    assert restored(mine).violations == []
    assert first.read_bytes() == whole
    assert second.exists()


def test_a_database_that_is_there_is_never_overwritten(house: Houses) -> None:
    mine = house()
    with pytest.raises(PermanentFailure, match="--replace"):
        restored(mine)
    with opened(mine) as servers:
        assert numbers(servers) == [1, 2, 3, 4, 5]


def test_a_damaged_backup_is_refused_before_anything_is_touched(house: Houses) -> None:
    mine = house()
    part = manifest.latest(mine.backups) / "database" / "base.tar.gz"
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedObject, match=r"base\.tar\.gz"):
        restored(mine, replace=True)
    with opened(mine) as servers:
        assert numbers(servers) == [1, 2, 3, 4, 5]


def test_a_moment_before_the_backup_can_not_be_reached(house: Houses) -> None:
    mine = house()
    with pytest.raises(InvalidInput, match="earlier one"):
        restored(mine, replace=True, until=mine.between - timedelta(days=1))


def test_the_command_restores_and_leaves_issuance_to_a_person(house: Houses) -> None:
    mine = house()
    lose_cluster(mine)
    done = subprocess.run(
        [sys.executable, "-m", "ops.cli", "restore", str(mine.backups), "--last", "SIKRO 2026=6", "--json"],
        env={**os.environ, "PARAF_HOME": str(mine.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert (done.returncode, said["violations"]) == (0, [])
    assert said["lost"] == [f"SIKRO 2026 no. {seq}" for seq in (4, 5, 6)]
    with opened(mine) as servers:
        assert column(servers, "SELECT count(*) FROM issuance_stop WHERE resumed_at IS NULL") == [1]


def test_an_office_that_is_open_is_left_alone(house: Houses) -> None:
    mine = house()
    with opened(mine), pytest.raises(TemporaryFailure, match="is open"):
        restored(mine, replace=True)
