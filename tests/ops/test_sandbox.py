"""The sandbox of a local office: the same keys as long as they live, for nobody's real office."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from models.db import Database
from models.rules.errors import DefinitionError
from models.rules.roles import Verb, holds_scope
from models.services.api_keys import KeyRoom, holder_of_key, revoke_key, signing_secret
from models.tables.clients import ApiKey
from ops.sandbox import sandbox_of
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from workers.adapters.text_cipher import AesTextCipher

URL = "http://127.0.0.1:8000"


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


def room_of(office: Office, environment: str = "test") -> KeyRoom:
    return KeyRoom(office.db, office.clock, AesTextCipher(b"k" * 32), environment)


def live(session: Session) -> list[str]:
    return list(session.exec(select(ApiKey.id).where(ApiKey.revoked_at == None)))  # noqa: E711 - SQL


def test_its_keys_do_batches_and_stay_the_same(office: Office, tmp_path: Path) -> None:
    room, file = room_of(office), tmp_path / "sandbox.env"
    first = sandbox_of(room, file, URL)
    plain, signing = (holder_of_key(office.db, office.clock, key) for key in (first.key, first.signing_key))
    assert (plain.must_sign, signing.must_sign) == (False, True)
    assert all(holds_scope(one.actor, Verb.BATCH, "SIKRO") for one in (plain, signing))
    with office.db.transaction() as session:
        assert signing_secret(session, room.cipher, signing.key_id) == first.signing_secret
    again = sandbox_of(room, file, "http://127.0.0.1:8001")
    assert (again.key, again.signing_key) == (first.key, first.signing_key)
    assert again.url == "http://127.0.0.1:8001"


def test_a_shell_reads_it_and_no_other_user(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "sandbox.env"
    sandbox = sandbox_of(room_of(office), file, URL)
    assert file.stat().st_mode & 0o777 == 0o600
    said = subprocess.run(
        ["sh", "-c", f". {file}; echo $SANDBOX_URL $SANDBOX_KEY $SANDBOX_SIGNING_SECRET"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [URL, sandbox.key, sandbox.signing_secret]


@pytest.mark.parametrize("end", ["revoked", "expired", "lost"])
def test_keys_that_ended_are_made_anew(office: Office, tmp_path: Path, end: str) -> None:
    room, file = room_of(office), tmp_path / "sandbox.env"
    first = sandbox_of(room, file, URL)
    if end == "revoked":
        revoke_key(room, office.actor("admin"), first.key.split("_")[2])
    elif end == "expired":
        office.clock.advance(days=400)
    else:
        file.unlink()
    second = sandbox_of(room, file, URL)
    assert second.key != first.key
    assert holder_of_key(office.db, office.clock, second.key).actor.name == "Sandbox"
    with office.db.transaction() as session:
        assert len(live(session)) == (4 if end == "expired" else 2)


def test_a_real_office_has_none(office: Office, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="not for production"):
        sandbox_of(room_of(office, "live"), tmp_path / "sandbox.env", URL)
    with office.db.transaction() as session:
        assert live(session) == []
