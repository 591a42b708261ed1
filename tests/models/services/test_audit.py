"""Sealing: nothing is skipped however commits come, a lost answer writes nothing twice, a full disk stops issuance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from models.rules.errors import TemporaryFailure
from models.services import audit
from models.services.audit import CheckpointFacts, Pace, Written, keep_audit
from models.services.casework import record
from models.services.issuance import state
from models.tables.audit import AuditCheckpoint, AuditSeal
from models.tables.cases import Event
from models.tables.work import Heartbeat
from ops.checker.audit import verify
from tests.cases import an_application, drive
from tests.factories import Office
from tests.models.services.probe import only, rows
from tests.ops.audit.conftest import seal_all
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.letter.office_ca import public_pem

AT_ONCE = Pace(timedelta(0), timedelta(minutes=15))


class Book(CheckpointFile):
    """A checkpoint file whose disk can be full, or whose machine dies right after a line was written."""

    full = False
    dies = False

    def append(self, facts: CheckpointFacts) -> Written:
        if self.full:
            raise TemporaryFailure("no space left")
        written = super().append(facts)
        if self.dies:
            raise RuntimeError("the machine is gone")
        return written


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def book(tmp_path: Path, key: Ed25519PrivateKey) -> Book:
    return Book(tmp_path, key)


def note(office: Office, count: int = 1) -> None:
    with office.db.transaction() as session:
        for _ in range(count):
            record(session, "person_changed", at=office.clock.now())


def sealed_ids(office: Office) -> list[int]:
    return [id_ for seal in sorted(rows(office, AuditSeal), key=lambda seal: seal.n) for id_ in seal.ids]


def rules(office: Office, book: Book, key: Ed25519PrivateKey) -> set[str]:
    """What the independent verifier finds, dates apart: this office lives at another time than the database."""
    url = office.db.engine.url.render_as_string(hide_password=False)
    data = book.path.read_bytes() if book.path.exists() else b""
    found = {one.rule for one in verify(url, data, (public_pem(key),)).violations}
    return found - {"event_unsealed"}


def test_every_event_is_sealed_once_and_in_order(office: Office, book: Book, key: Ed25519PrivateKey) -> None:
    an_application(office, "ready")
    seal_all(office.db, office.clock, book)
    an_application(office, "verifying")
    seal_all(office.db, office.clock, book)
    ordered = sorted(rows(office, Event), key=lambda event: (event.tx, event.id))
    assert sealed_ids(office) == [event.id for event in ordered]
    assert rules(office, book, key) == set()


@pytest.fixture
def slow(office: Office) -> Iterator[psycopg.Connection]:
    """An act that has written its event and is not committed yet."""
    url = office.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(url)) as connection:
        connection.execute(
            "INSERT INTO event (at, kind, actor, stage_from, stage_to, trace) VALUES (now(), 'slow', '', '', '', '')"
        )
        yield connection


def test_an_event_that_commits_after_later_ones_is_not_skipped(
    office: Office, book: Book, slow: psycopg.Connection
) -> None:
    note(office, 3)
    for _ in range(3):
        keep_audit(office.db, office.clock, book, AT_ONCE)
    waiting = [event.id for event in rows(office, Event) if event.id not in sealed_ids(office)]
    assert len(waiting) >= 3, "what was written beside an open transaction is not final"
    slow.commit()
    seal_all(office.db, office.clock, book)
    assert only(office, Event, Event.kind == "slow").id in sealed_ids(office)
    assert sorted(sealed_ids(office)) == sorted(event.id for event in rows(office, Event))


def test_an_event_that_is_rolled_back_leaves_no_hole(
    office: Office, book: Book, key: Ed25519PrivateKey, slow: psycopg.Connection
) -> None:
    note(office)
    slow.rollback()
    seal_all(office.db, office.clock, book)
    assert rules(office, book, key) == set()


def test_a_long_backlog_goes_into_several_seals(
    office: Office, book: Book, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 5)
    note(office, 23)
    seal_all(office.db, office.clock, book)
    assert max(len(seal.ids) for seal in rows(office, AuditSeal)) == 5
    assert rules(office, book, key) == set()


def test_two_at_once_make_one_chain(office: Office, book: Book) -> None:
    with office.db.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": audit._LOCK})
        assert not keep_audit(office.db, office.clock, book, AT_ONCE).ran
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": audit._LOCK})
    assert keep_audit(office.db, office.clock, book, AT_ONCE).ran


def test_checkpoints_keep_their_pace(office: Office, book: Book) -> None:
    seal_all(office.db, office.clock, book)
    pace = Pace(timedelta(seconds=60), timedelta(minutes=15))
    written = len(rows(office, AuditCheckpoint))
    note(office)
    assert keep_audit(office.db, office.clock, book, pace).checkpoint == 0
    office.clock.advance(seconds=61)
    assert keep_audit(office.db, office.clock, book, pace).checkpoint == written + 1


def test_a_checkpoint_names_numbers_and_the_closed_day(office: Office, book: Book) -> None:
    an_application(office, "assembling")
    seal_all(office.db, office.clock, book)
    last = json.loads(book.path.read_bytes().splitlines()[-1])
    assert last["numbers"] == {"SIKRO 2026": 1}
    assert last["register"] is None


def test_a_line_written_before_a_crash_is_taken_up(office: Office, book: Book, key: Ed25519PrivateKey) -> None:
    seal_all(office.db, office.clock, book)
    book.dies = True
    with pytest.raises(RuntimeError):
        keep_audit(office.db, office.clock, book, AT_ONCE)
    book.dies = False
    lines = len(book.path.read_bytes().splitlines())
    assert keep_audit(office.db, office.clock, book, AT_ONCE).checkpoint == lines
    assert len(rows(office, AuditCheckpoint)) == lines == len(book.path.read_bytes().splitlines())
    assert rules(office, book, key) == set()


def test_half_a_line_is_cut_off_by_the_next_one(office: Office, book: Book, key: Ed25519PrivateKey) -> None:
    seal_all(office.db, office.clock, book)
    with book.path.open("ab") as handle:
        handle.write(b'{"kind":"checkp')
    keep_audit(office.db, office.clock, book, AT_ONCE)
    assert rules(office, book, key) == set()


def test_a_shortened_file_is_not_written_on(office: Office, book: Book) -> None:
    seal_all(office.db, office.clock, book)
    keep_audit(office.db, office.clock, book, AT_ONCE)
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(b"".join(lines[:-1]))
    report = keep_audit(office.db, office.clock, book, AT_ONCE)
    assert "does not end with" in report.error
    assert book.path.read_bytes() == b"".join(lines[:-1])


def test_without_a_checkpoint_in_time_nothing_is_issued_and_nothing_is_lost(office: Office, book: Book) -> None:
    case_id = an_application(office, "numbering")
    seal_all(office.db, office.clock, book)
    book.full = True
    beaten = [row.succeeded_at for row in rows(office, Heartbeat, Heartbeat.name == "audit")]
    office.clock.advance(minutes=16)
    assert keep_audit(office.db, office.clock, book, AT_ONCE).error == "no space left"
    assert [row.succeeded_at for row in rows(office, Heartbeat, Heartbeat.name == "audit")] == beaten
    assert not office.perform(office.ticket(case_id))
    assert office.case(case_id).stage == "numbering"
    with office.db.transaction() as session:
        found = state(session, office.clock.now())
    assert (found.stopped, found.cause, found.held) == (True, "audit", 1)
    book.full = False
    assert keep_audit(office.db, office.clock, book, AT_ONCE).released == 1
    assert office.work() >= 2
    assert office.case(case_id).stage == "ready"


def test_a_file_that_can_never_be_begun_stops_issuance_too(office: Office, book: Book) -> None:
    book.full = True
    keep_audit(office.db, office.clock, book, AT_ONCE)
    case_id = an_application(office, "numbering")
    office.clock.advance(minutes=16)
    assert not office.perform(office.ticket(case_id))


def test_work_beside_issuing_goes_on(office: Office, book: Book) -> None:
    book.full = True
    keep_audit(office.db, office.clock, book, AT_ONCE)
    office.clock.advance(minutes=16)
    assert drive(office, an_application(office), "awaiting_signature")


def test_the_application_can_neither_choose_a_place_nor_change_a_seal(office: Office, book: Book) -> None:
    seal_all(office.db, office.clock, book)
    url = office.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    refused = (
        "INSERT INTO event (at, kind, actor, stage_from, stage_to, trace, tx) VALUES (now(), 'x', '', '', '', '', 1)",
        "UPDATE audit_seal SET hash = 'x'",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET seal = 1",
        "DELETE FROM audit_watch",
        "INSERT INTO lost_number VALUES ('SIKRO', 2026, 9, 'hilang', now())",
        "DELETE FROM register_day",
        "UPDATE issuance_stop SET reason = 'lain'",
        "DELETE FROM issuance_stop",
        "CREATE OR REPLACE FUNCTION audit_base() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    )
    for statement in refused:
        with closing(psycopg.connect(url)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_seal_follows_the_one_before_it(office: Office, book: Book) -> None:
    seal_all(office.db, office.clock, book)
    url = office.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    forged = """INSERT INTO audit_seal (n, previous, last_tx, ids, leaves, hash, sealed_at)
        SELECT max(n) + 1, 'another', 1, '{1}', decode(repeat('00', 32), 'hex'), 'x', now() FROM audit_seal"""
    with closing(psycopg.connect(url)) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(forged)
