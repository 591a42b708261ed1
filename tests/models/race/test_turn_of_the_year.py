"""The signature's moment in Asia/Jakarta decides date, year and series, however late the number comes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from models.services.inputs import Amendment
from models.services.send_back import amend
from models.services.void import void_number
from models.tables.letters import NumberSeries, RegisterEntry
from tests.cases import an_application, drive, endorse
from tests.factories import HEAD, Office

LAST_SECOND = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC)


def signed_at(office: Office, moment: datetime) -> RegisterEntry:
    """A letter signed at that moment and numbered three days into the new year."""
    office.clock.set(datetime(2026, 12, 30, 2, 0, tzinfo=UTC))
    case_id = an_application(office, "awaiting_signature")
    office.clock.set(moment)
    endorse(office, HEAD, "signature", case_id)
    office.perform(office.ticket(case_id))
    office.clock.set(datetime(2027, 1, 3, 17, 0, tzinfo=UTC))
    office.perform(office.ticket(case_id))
    with office.db.transaction() as session:
        return session.exec(select(RegisterEntry).where(RegisterEntry.application_id == case_id)).one()


@pytest.mark.parametrize(
    ("moment", "day", "number"),
    [
        (LAST_SECOND, date(2026, 12, 31), "503/0001/DPMPTSP/SIKRO/2026"),
        (MIDNIGHT, date(2027, 1, 1), "503/0001/DPMPTSP/SIKRO/2027"),
    ],
    ids=["last second of the year", "midnight"],
)
def test_the_signature_decides_date_and_series(office: Office, moment: datetime, day: date, number: str) -> None:
    entry = signed_at(office, moment)
    assert (entry.signed_on, entry.year, entry.seq, entry.number) == (day, day.year, 1, number)


def test_old_and_new_year_count_side_by_side(office: Office) -> None:
    entries = [signed_at(office, moment) for moment in (MIDNIGHT, LAST_SECOND, LAST_SECOND, MIDNIGHT)]
    assert [(entry.year, entry.seq) for entry in entries] == [(2027, 1), (2026, 1), (2026, 2), (2027, 2)]
    with office.db.transaction() as session:
        counters = session.exec(select(NumberSeries).order_by(col(NumberSeries.year))).all()
        assert [(one.series, one.year, one.last_seq) for one in counters] == [("SIKRO", 2026, 2), ("SIKRO", 2027, 2)]


def test_a_voided_number_stays_and_the_new_letter_gets_the_next(office: Office) -> None:
    case_id = an_application(office, "ready")
    void_number(office.db, office.clock, office.actor("blanko"), case_id, "Nomor salah cetak")
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment())
    drive(office, case_id, "closed")
    with office.db.transaction() as session:
        first, second = session.exec(select(RegisterEntry).order_by(col(RegisterEntry.seq))).all()
    assert (first.seq, first.state, first.void_reason, first.revision) == (1, "void", "Nomor salah cetak", 1)
    assert (second.seq, second.state, second.void_reason, second.revision) == (2, "active", "", 2)
    assert first.application_id == second.application_id == case_id


def test_a_letter_signed_anew_after_the_turn_belongs_to_the_new_year(office: Office) -> None:
    old = signed_at(office, LAST_SECOND)
    void_number(office.db, office.clock, office.actor("blanko"), old.application_id, "Alamat salah")
    amend(office.db, office.clock, office.actor("blanko"), old.application_id, Amendment())
    drive(office, old.application_id, "ready")
    with office.db.transaction() as session:
        entries = session.exec(select(RegisterEntry).order_by(col(RegisterEntry.year))).all()
    assert [(entry.year, entry.seq, entry.state) for entry in entries] == [(2026, 1, "void"), (2027, 1, "active")]
