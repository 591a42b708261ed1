"""`paraf issuance` and `paraf audit` from the command line, and what operators are told meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.db import Database
from models.services.issuance import state
from ops import audit, doctor, issuance
from ops.case import why
from ops.embedded import Servers
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.conftest import TestServers
from tests.factories import Office, an_office
from tests.ops.audit.conftest import seal_all
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.office_keys import load_audit_key, make_audit_key
from workers.settings import Settings

RUN = CliRunner()


@pytest.fixture
def office(
    fresh_database: Urls, servers: TestServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    monkeypatch.setenv("PARAF_HOME", str(tmp_path))
    monkeypatch.setenv("PARAF_DATABASE_URL", fresh_database.app_url)
    monkeypatch.setenv("PARAF_MIGRATION_DATABASE_URL", fresh_database.owner_url)
    monkeypatch.setenv("PARAF_BROKER_URL", servers.broker_url)
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


def test_stop_status_resume(office: Office) -> None:
    case_id = an_application(office, "numbering")
    assert RUN.invoke(issuance.app, ["status"]).exit_code == 0
    assert RUN.invoke(issuance.app, ["stop", "--reason", "Cap kantor sedang diganti."]).exit_code == 0
    assert not office.perform(office.ticket(case_id))
    said = RUN.invoke(issuance.app, ["status", "--json"])
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert (found["stopped"], found["cause"], found["held"]) == (True, "person", 1)
    assert "issuance is stopped" in why(office.db, str(case_id), office.clock.now())
    assert RUN.invoke(issuance.app, ["resume"]).exit_code == 0
    assert RUN.invoke(issuance.app, ["status"]).exit_code == 0


def test_the_command_by_itself_loads_all_that_it_needs(office: Office) -> None:
    command = [sys.executable, "-m", "ops.cli", "issuance"]
    stopped = subprocess.run([*command, "stop", "--reason", "Cap kantor sedang diganti."], check=False)
    assert stopped.returncode == 0
    with office.db.transaction() as session:
        assert state(session, office.clock.now()).cause == "person"
    assert subprocess.run([*command, "resume"], check=False).returncode == 0


def test_a_fence_is_put_up_from_paper(office: Office) -> None:
    an_application(office, "assembling")
    for _ in range(2):
        assert RUN.invoke(issuance.app, ["fence", "SIKRO 2026=3"]).exit_code == 0
    case_id = an_application(office, "numbering")
    office.perform(office.ticket(case_id))
    with office.db.transaction() as session:
        taken = session.connection().exec_driver_sql("SELECT array_agg(seq ORDER BY seq) FROM register_entry")
        assert taken.scalar_one() == [1, 4]
        lost = session.connection().exec_driver_sql("SELECT array_agg(seq ORDER BY seq) FROM lost_number")
        assert lost.scalar_one() == [2, 3]


def test_verify_and_status_of_the_chain(office: Office, tmp_path: Path) -> None:
    make_audit_key(tmp_path / "secrets" / "signing", tmp_path / "trust")
    book = CheckpointFile(tmp_path / "checkpoints", load_audit_key(tmp_path / "secrets" / "signing"))
    office.clock.set(office.clock.now())
    seal_all(office.db, office.clock, book)
    found = json.loads(RUN.invoke(audit.app, ["status", "--json"]).stdout)
    assert found["seal"] >= 1
    assert found["unsealed"] == 0
    whole = RUN.invoke(audit.app, ["verify", "--json", "--printed", f"{found['seal']}:{found['hash'][:8]}"])
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["checked"]["checkpoints"] >= 1
    wrong = RUN.invoke(audit.app, ["verify", "--printed", f"{found['seal']}:ffffffff"])
    assert wrong.exit_code == 1
    assert "printed_differs" in wrong.output
    book.path.write_bytes(b"")
    assert "checkpoint_missing" in RUN.invoke(audit.app, ["verify"]).output


def test_the_doctor_sees_stops_and_terms(office: Office, fresh_database: Urls, servers: TestServers) -> None:
    named = Servers(fresh_database.owner_url, fresh_database.app_url, servers.broker_url)
    RUN.invoke(issuance.app, ["stop", "--reason", "Cap kantor sedang diganti."])
    found = {one.name: one for one in doctor.examine(Settings(), named)}
    assert (found["issuance"].grade, found["audit"].grade, found["alarms"].grade) == ("warning", "warning", "ok")
    with office.db.transaction() as session:
        session.connection().exec_driver_sql("INSERT INTO audit_watch VALUES (1, now() - interval '1 minute')")
    assert {one.name: one.grade for one in doctor.examine(Settings(), named)}["audit"] == "fault"
