"""Closed days: each number's end on its day, chained, printed once, and what the day says can be worked out anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import psycopg
import pytest
from pypdf import PdfReader

from models.rules.errors import TemporaryFailure
from models.services.inputs import Amendment
from models.services.register_close import ClosingDesk, RegisterDayFacts, close_register, days
from models.services.send_back import amend
from models.services.void import end_licence, void_number
from models.tables.audit import RegisterDay
from models.tables.letters import Licence
from ops.checker.register_days import misclosed
from tests.cases import an_application, drive
from tests.factories import TEMPLATES, Office
from tests.models.services.probe import only, rows
from workers.adapters.register_press import TypstRegisterPress

EVENING = datetime(2026, 3, 2, 17, 11, tzinfo=UTC)
"""Eleven minutes after midnight of 2 March in Pekanbaru."""


class PlainPress:
    """Keeps what it was asked to set."""

    def __init__(self) -> None:
        self.pages: list[RegisterDayFacts] = []
        self.broken = False

    def day(self, facts: RegisterDayFacts) -> bytes:
        if self.broken:
            raise TemporaryFailure("no paper")
        self.pages.append(facts)
        return repr(facts).encode()


@pytest.fixture
def press() -> PlainPress:
    return PlainPress()


@pytest.fixture
def close(office: Office, press: PlainPress) -> Callable[[], int]:
    return lambda: close_register(office.db, office.clock, ClosingDesk(office.vault, press, office.calendar))


def closed(office: Office) -> list[RegisterDay]:
    return sorted(rows(office, RegisterDay), key=lambda row: row.n)


def wrong(office: Office) -> set[str]:
    url = office.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as snapshot:
        return {violation.rule for violation in misclosed(snapshot)}


def test_a_day_says_what_happened_to_each_number(office: Office, press: PlainPress, close: Callable[[], int]) -> None:
    done = an_application(office, "closed")
    spoilt = an_application(office, "ready")
    void_number(office.db, office.clock, office.actor("blanko"), spoilt, "Nomor salah cetak.")
    an_application(office, "assembling")
    office.clock.set(EVENING)
    assert close() == 1
    (day,) = closed(office)
    counted = (day.given, day.issued, day.void, day.handed_over, day.unfinished)
    assert (day.day, day.n, counted) == (date(2026, 3, 2), 1, (3, 2, 1, 1, 1))
    (page,) = press.pages
    number = only(office, Licence, Licence.application_id == done).seq
    told = [line[1:3] for line in page.lines if f"/{number:04}/" in line[1]]
    assert [what for _, what in told] == ["diberikan", "terbit", "diserahkan"]
    assert [line[3] for line in page.lines if line[2] == "batal"] == ["Nomor salah cetak."]
    assert office.vault.get(day.sha256) == repr(page).encode()
    assert wrong(office) == set()


def test_a_day_is_closed_once_and_only_when_it_is_over(office: Office, close: Callable[[], int]) -> None:
    an_application(office, "ready")
    assert close() == 0
    office.clock.set(EVENING - timedelta(minutes=5))
    assert close() == 0
    office.clock.set(EVENING)
    assert [close(), close(), close()] == [1, 0, 0]


def test_days_without_numbers_are_closed_too_and_free_days_left_out(office: Office, close: Callable[[], int]) -> None:
    an_application(office, "ready")
    office.clock.set(EVENING + timedelta(days=7))
    assert close() == 6
    found = closed(office)
    assert [row.day.isoweekday() for row in found] == [1, 2, 3, 4, 5, 1]
    assert [(row.previous, row.n) for row in found[1:]] == [(row.hash, row.n + 1) for row in found[:-1]]
    assert len({row.hash for row in found}) == 6
    assert wrong(office) == set()


def test_what_happens_later_stands_on_its_own_day(office: Office, press: PlainPress, close: Callable[[], int]) -> None:
    case_id = an_application(office, "assembling")
    office.clock.set(EVENING)
    close()
    office.clock.set(datetime(2026, 3, 3, 3, 0, tzinfo=UTC))
    drive(office, case_id, "closed")
    end_licence(
        office.db, office.clock, office.actor("kepala"), only(office, Licence).id, "Pemegang izin berhenti bekerja."
    )
    office.clock.set(EVENING + timedelta(days=1))
    close()
    first, second = closed(office)
    assert (first.given, first.issued, first.unfinished) == (1, 0, 1)
    assert (second.given, second.issued, second.handed_over, second.unfinished) == (0, 1, 1, 0)
    assert [line[2] for line in press.pages[1].lines] == ["terbit", "diserahkan", "dicabut"]
    assert wrong(office) == set()


def test_a_number_given_again_after_a_void_has_its_own_line(office: Office, close: Callable[[], int]) -> None:
    case_id = an_application(office, "ready")
    void_number(office.db, office.clock, office.actor("blanko"), case_id, "Nomor salah cetak.")
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment())
    drive(office, case_id, "ready")
    office.clock.set(EVENING)
    close()
    (day,) = closed(office)
    assert (day.given, day.issued, day.void) == (2, 2, 1)


def test_nothing_is_closed_before_the_first_number(office: Office, close: Callable[[], int]) -> None:
    an_application(office, "awaiting_signature")
    office.clock.advance(days=3)
    assert close() == 0


def test_a_page_that_could_not_be_set_is_set_later(office: Office, press: PlainPress, close: Callable[[], int]) -> None:
    an_application(office, "ready")
    office.clock.set(EVENING)
    press.broken = True
    with pytest.raises(TemporaryFailure):
        close()
    assert [row.sha256 for row in closed(office)] == [""]
    press.broken = False
    assert close() == 0
    assert closed(office)[0].sha256 in office.vault.objects


def test_the_latest_day_is_listed_first(office: Office, close: Callable[[], int]) -> None:
    an_application(office, "ready")
    office.clock.set(EVENING + timedelta(days=2))
    close()
    with office.db.transaction() as session:
        assert [row.day.day for row in days(session)] == [4, 3, 2]


CHANGES = (
    ("register_day_hash", "UPDATE register_entry SET number = '503/0009/DPMPTSP/SIKRO/2026' WHERE seq = 1"),
    ("register_day_hash", "DELETE FROM hand_over"),
    ("register_day_hash", "UPDATE licence SET issued_at = issued_at + interval '1 s' WHERE seq = 1"),
    ("register_day_hash", "UPDATE register_day SET unfinished = 7 WHERE n = 1"),
    ("register_day_chain", "DELETE FROM register_day WHERE n = 2"),
    ("register_day_left_out", "UPDATE licence SET issued_at = issued_at + interval '5 d' WHERE seq = 1"),
)


@pytest.mark.parametrize(("rule", "sql"), CHANGES)
def test_a_changed_day_is_found(
    office: Office, close: Callable[[], int], superuser: Callable[[str], None], rule: str, sql: str
) -> None:
    an_application(office, "closed")
    office.clock.set(EVENING + timedelta(days=7))
    close()
    superuser(sql)
    assert rule in wrong(office)


def test_the_wall_keeps_closed_days(office: Office, close: Callable[[], int]) -> None:
    an_application(office, "ready")
    office.clock.set(EVENING + timedelta(days=1))
    close()
    url = office.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    columns = (
        "n, previous, hash, given, issued, void, handed_over, unfinished, seal, seal_hash, closed_at, sha256, size"
    )
    forged = f"INSERT INTO register_day (day, {columns}) SELECT '%s', n + 1, hash, 'x', 0, 0, 0, 0, 0, 0, '', %s, '', 0"
    last = " FROM register_day ORDER BY n DESC LIMIT 1"
    for day, at, name in (("2026-03-04", "now() - interval '900 d'", "register_day_over"), ("2026-02-27", "now()", "")):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.RestrictViolation) as caught:
            connection.execute(forged % (day, at) + last)
        assert caught.value.diag.constraint_name == (name or "register_day_order")
    with psycopg.connect(url) as connection:
        assert connection.execute("UPDATE register_day SET sha256 = 'another'").rowcount == 0


def test_the_real_page_shows_numbers_and_hashes(office: Office) -> None:
    an_application(office, "closed")
    office.clock.set(EVENING)
    desk = ClosingDesk(office.vault, TypstRegisterPress(TEMPLATES), office.calendar)
    close_register(office.db, office.clock, desk)
    (day,) = closed(office)
    reader = PdfReader(BytesIO(office.vault.get(day.sha256)))
    said = "".join(page.extract_text() for page in reader.pages)
    bare = said.replace(" ", "").replace("\n", "")
    assert "503/0001/DPMPTSP/SIKRO/2026" in bare
    assert day.hash in bare
    assert "PENUTUPAN REGISTER SENIN, 2 MARET 2026" in " ".join(said.split())
