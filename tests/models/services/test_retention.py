"""How long data lives: what goes, what stays, what is written of it, and that no run undoes another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlmodel import SQLModel, col, func, select

from models.ports import Stored
from models.rules.errors import TemporaryFailure
from models.rules.office import Retention
from models.services.draft import Upload, attach
from models.services.page_images import SMALL
from models.services.retention import RetentionReport, carry_out
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.desks import PageImage
from models.tables.keeping import GoneObject
from models.tables.letters import Dossier, Licence, RegisterEntry
from models.tables.people import LoginAttempt, LoginSession
from models.tables.work import MailMessage, ReceiptFile
from ops.embedded_postgres import plain
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.factories import Office

LIVES = Retention()


def run(office: Office) -> RetentionReport:
    """A run's report, without the notes on messages, which the cases of these tests leave behind too."""
    return replace(carry_out(office.db, office.clock, office.vault, LIVES), messages=0)


def documents(office: Office, case_id: UUID) -> list[Document]:
    with office.db.transaction() as session:
        return list(session.exec(select(Document).where(Document.application_id == case_id).order_by(col(Document.id))))


def count(office: Office, table: type[SQLModel], case_id: UUID) -> int:
    column: Any = getattr(table, "application_id")  # noqa: B009 - the tables have no common base with this column
    with office.db.transaction() as session:
        return session.exec(select(func.count()).select_from(table).where(column == case_id)).one()


def deeds(office: Office, case_id: UUID) -> list[dict[str, Any]]:
    with office.db.transaction() as session:
        rows = session.exec(
            select(Event.detail)
            .where(Event.application_id == case_id, Event.kind == "retention")
            .order_by(col(Event.id))
        )
        return [dict(row or {}) for row in rows]


def stored(office: Office, data: bytes) -> Stored:
    return office.vault.put(data)


@pytest.mark.parametrize("stage", ["rejected", "withdrawn", "lapsed"])
def test_a_berkas_that_led_to_nothing_is_forgotten_when_its_time_is_over(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    names = {row.sha256 for row in documents(office, case_id)} | {
        row.clean_sha256 for row in documents(office, case_id)
    }
    assert names - {""}
    office.clock.advance(days=LIVES.ended - 1)
    assert run(office) == RetentionReport()
    assert all(office.vault.has(name) for name in names - {""})
    office.clock.advance(days=2)
    report = run(office)
    assert (report.ended, report.objects) == (1, len(names - {""}))
    assert not any(office.vault.has(name) for name in names - {""})
    assert [count(office, table, case_id) for table in (Document, HolderData, ReceiptFile)] == [0, 0, 0]
    [deed] = deeds(office, case_id)
    assert deed["class"] == "ended"
    assert deed["documents"] > 0
    assert run(office) == RetentionReport()


def test_what_is_written_of_it_holds_no_personal_value(office: Office) -> None:
    case_id = an_application(office, "withdrawn")
    with office.db.transaction() as session:
        holder = session.get_one(HolderData, case_id)
        values = [holder.name, holder.address, holder.phone, holder.email, holder.nik_tail, holder.str_number]
    office.clock.advance(days=LIVES.ended + 1)
    run(office)
    written = str(deeds(office, case_id))
    assert not [value for value in values if value and value in written]


def test_a_draft_lives_from_its_last_touch(office: Office) -> None:
    case_id = an_application(office, "draft")
    office.clock.advance(days=LIVES.drafts - 1)
    upload = Upload("npwp", "npwp.pdf", "application/pdf", stored(office, b"%PDF-1.7 touched"), {})
    attach(office.db, office.clock, office.actor("pemohon"), case_id, upload)
    office.clock.advance(days=2)
    assert run(office).drafts == 0
    office.clock.advance(days=LIVES.drafts)
    assert run(office).drafts == 1
    with office.db.transaction() as session:
        assert session.get_one(Application, case_id).link_sha256 is None
    assert count(office, Document, case_id) == 0


@pytest.mark.parametrize("stage", ["returned", "verifying", "awaiting_paraf", "awaiting_signature", "ready"])
def test_a_running_case_loses_nothing_however_old_it_is(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before = dict(office.vault.objects)
    office.clock.advance(days=20 * 365)
    report = run(office)
    assert (report.drafts, report.ended, report.originals, report.scans, report.objects) == (0, 0, 0, 0, 0)
    assert office.vault.objects == before
    assert count(office, HolderData, case_id) == 1


def test_of_a_closed_case_originals_go_first_then_scans_and_the_licence_never(office: Office) -> None:
    case_id = an_application(office, "closed")
    rows = documents(office, case_id)
    cleaned = [row for row in rows if row.clean_sha256 not in ("", row.sha256)]
    with office.db.transaction() as session:
        licence = session.exec(select(Licence.sha256).where(Licence.application_id == case_id)).one()
        dossier = session.exec(select(Dossier.sha256).where(Dossier.application_id == case_id)).one()
        picture = office.vault.put(b"RIFF....WEBP picture of a page").sha256
        shown = rows[0].clean_sha256
        session.add(PageImage(object_sha256=shown, page=1, width=SMALL, sha256=picture, made_at=office.clock.now()))
    office.clock.advance(days=LIVES.originals + 1)
    run(office)
    assert not any(office.vault.has(row.sha256) for row in cleaned)
    assert all(office.vault.has(row.clean_sha256) for row in rows)
    assert office.vault.has(picture)
    office.clock.advance(days=LIVES.scans)
    run(office)
    assert not any(office.vault.has(name) for row in rows for name in (row.sha256, row.clean_sha256))
    assert not office.vault.has(picture)
    assert office.vault.has(licence)
    assert office.vault.has(dossier)
    office.clock.advance(days=LIVES.dossiers - LIVES.scans)
    assert (run(office).dossiers, run(office).dossiers) == (1, 0)
    assert office.vault.has(licence)
    assert not office.vault.has(dossier)
    assert count(office, Dossier, case_id) == 1
    assert deeds(office, case_id)[-1] == {"class": "dossiers", "objects": 1}
    with office.db.transaction() as session:
        assert session.exec(select(RegisterEntry).where(RegisterEntry.application_id == case_id)).one()
    assert count(office, HolderData, case_id) == 1
    assert run(office) == RetentionReport()


def test_a_file_that_a_running_case_shares_stays(office: Office) -> None:
    ended = an_application(office, "withdrawn")
    shared = documents(office, ended)[0]
    other = an_application(office, "draft")
    stored_again = Stored(shared.sha256, shared.size)
    upload = Upload("npwp", "npwp.pdf", shared.media_type, stored_again, {})
    office.clock.advance(days=LIVES.ended - 10)
    attach(office.db, office.clock, office.actor("pemohon"), other, upload)
    office.clock.advance(days=20)
    assert run(office).ended == 1
    assert office.vault.has(shared.sha256)


def test_a_crash_between_the_rows_and_the_bytes_is_made_good_by_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = an_application(office, "withdrawn")
    names = {row.sha256 for row in documents(office, case_id)}
    office.clock.advance(days=LIVES.ended + 1)

    def away(sha256: str) -> None:
        raise TemporaryFailure(f"the store is away with {sha256}")

    monkeypatch.setattr(office.vault, "delete", away)
    assert run(office).objects == 0
    assert count(office, Document, case_id) == 0
    assert all(office.vault.has(name) for name in names)
    monkeypatch.undo()
    assert run(office).objects > 0
    assert not any(office.vault.has(name) for name in names)


def test_bytes_that_come_again_are_kept_again(office: Office) -> None:
    ended = an_application(office, "withdrawn")
    name = documents(office, ended)[0].sha256
    data = office.vault.objects[name]
    office.clock.advance(days=LIVES.ended + 1)
    run(office)
    other = an_application(office, "draft")
    attach(
        office.db, office.clock, office.actor("pemohon"), other,
        Upload("npwp", "npwp.pdf", "application/pdf", stored(office, data), {}),
    )  # fmt: skip
    with office.db.transaction() as session:
        assert session.get(GoneObject, name) is None
    run(office)
    assert office.vault.has(name)


def test_old_sign_ins_and_messages_go_and_young_ones_stay(office: Office) -> None:
    case_id, now = an_application(office, "draft"), office.clock.now()
    person = next(iter(office.people.values()))
    with office.db.transaction() as session:
        for age, token in ((LIVES.sessions + 1, b"old"), (1, b"young")):
            ended = now - timedelta(days=age)
            session.add(
                LoginSession(token_sha256=token, person_id=person, created_at=ended, seen_at=ended, expires_at=ended)
            )
            session.add(LoginAttempt(subject=f"name:{token.decode()}", failures=1, last_at=ended))
        for age, key in ((LIVES.messages + 1, "old"), (1, "young")):
            created = now - timedelta(days=age)
            session.add(MailMessage(key=key, kind="received", application_id=case_id, created_at=created))
    report = carry_out(office.db, office.clock, office.vault, LIVES)
    assert (report.sessions, report.messages) == (2, 1)
    with office.db.transaction() as session:
        assert session.exec(select(LoginSession.token_sha256)).all() == [b"young"]
        assert session.exec(select(MailMessage.key).where(MailMessage.application_id == case_id)).all() == ["young"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM document WHERE application_id = %(case)s", "case_stage"),
        ("DELETE FROM holder_data WHERE application_id = %(case)s", "case_stage"),
        (
            "INSERT INTO gone_object (sha256, data_class, decided_at)"
            " SELECT sha256, 'scans', now() FROM document WHERE application_id = %(case)s LIMIT 1",
            "gone_object_running",
        ),
        (
            "INSERT INTO gone_object (sha256, data_class, decided_at)"
            " SELECT sha256, 'scans', now() FROM blanko WHERE application_id = %(case)s LIMIT 1",
            "gone_object_letter",
        ),
    ],
)
def test_the_wall_refuses_what_the_job_would_never_ask(
    office: Office, fresh_database: Urls, statement: str, code: str
) -> None:
    case_id = an_application(office, "ready")
    with psycopg.connect(plain(fresh_database.app_url)) as connection, pytest.raises(psycopg.Error, match=code):
        connection.execute(statement.encode(), {"case": case_id})


def test_a_dossier_goes_as_nothing_but_a_dossier(office: Office, fresh_database: Urls) -> None:
    case_id = an_application(office, "closed")
    statement = (
        b"INSERT INTO gone_object (sha256, data_class, decided_at)"
        b" SELECT sha256, %(class)s, now() FROM dossier WHERE application_id = %(case)s"
    )
    with psycopg.connect(plain(fresh_database.app_url)) as connection:
        with pytest.raises(psycopg.Error, match="gone_object_letter"), connection.transaction():
            connection.execute(statement, {"case": case_id, "class": "scans"})
        assert connection.execute(statement, {"case": case_id, "class": "dossiers"}).rowcount == 1
