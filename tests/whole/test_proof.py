"""A real office from counter to hand-over: the stop switch, the chain over its events, no NIK where none belongs."""

from __future__ import annotations

import json
import threading
import time
import tomllib
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pikepdf
import psycopg
import pytest
import redis
from psycopg import sql

from models.db import Database
from models.rules.numbering import jakarta_date
from models.services.alarms import standing
from models.services.issuance import resume_issuance, state, stop_issuance
from ops.audit import verify_office
from ops.children import wait_until
from ops.demonstration import scenario
from ops.demonstration.opening import sign_in
from ops.demonstration.scenario import Case
from ops.embedded_postgres import plain
from ops.home import passing_home
from ops.office import LocalOffice
from ops.seed import demo_passphrase, demo_password
from tests.api.test_access import TABLE
from workers.adapters.clock import SystemClock

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]

STAFF = ("loket", "blanko", "muda", "kepala", "admin", "operator")
OWN = {"/ajukan/data-diri", "/ajukan/periksa"}
"""Where an applicant sees the number that he typed."""


class Ear:
    """Hears every command that the broker is given: what passes it is seen even if it is gone a moment later."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._url, self._last_word = url, f"enough-{uuid4().hex}"
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._listens.wait(30), "the broker lets nobody listen"

    def _listen(self) -> None:
        # No time-out: after one the library opens its connection anew, and the new one monitors nothing.
        with redis.Redis.from_url(self._url, socket_timeout=None) as broker, broker.monitor() as monitor:
            self._listens.set()
            while self._last_word not in (command := str(monitor.next_command()["command"])):
                self.heard.append(command)

    def close(self) -> str:
        if self._thread.is_alive():
            with redis.Redis.from_url(self._url) as broker:
                broker.echo(self._last_word)
            self._thread.join()
        return "\n".join(self.heard)


@dataclass
class Day:
    """What happened, kept for the tests: two cases, and what was seen of the stop."""

    office: LocalOffice
    cases: list[Case]
    db: Database
    token: str = ""
    held: int = 0
    numbered_while_stopped: int = -1
    seconds_to_ready: float = 0.0
    broker: str = ""
    flower: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def niks(self) -> list[str]:
        return [case.person.nik for case in self.cases]


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """Two applications go through the nine steps; issuance is stopped between signature and number."""
    with passing_home() as home, ExitStack() as open_:
        office = open_.enter_context(LocalOffice(home, 0, flower_port=0))
        ear = Ear(office.servers.broker_url)
        open_.callback(ear.close)
        people = sign_in(office.base_url, open_)
        db = Database(office.servers.database_url_app)
        open_.callback(db.dispose)
        today = jakarta_date(SystemClock().now())
        lived = Day(office, scenario.day(today, 2), db)
        _walk(people, lived, today)
        lived.pages = _seen(lived)
        lived.flower = _flower(office)
        lived.broker = ear.close()
        yield lived


def _walk(people: scenario.Office, lived: Day, today: date) -> None:
    cases = lived.cases
    for case in cases:
        scenario.hand_in(people, case, today)
    for case in cases:
        assert scenario.decide(people, case, lambda _: None)
    for ordinal, desk in enumerate(people.officials, start=1):
        scenario.endorse(desk, "paraf", scenario.waiting_for(desk, cases, ordinal))
    for case in cases:
        people.head.wait_for(case.id, {"awaiting_signature"})
    _stopped(people, lived)
    for case in cases:
        scenario.hand_over(people, case)
    for case in cases:
        people.front.wait_for(case.id, {"closed"})
    with psycopg.connect(plain(lived.office.servers.database_url_app)) as connection:
        row = connection.execute("SELECT token FROM licence LIMIT 1").fetchone()
    lived.token = row[0] if row else ""


def _stopped(people: scenario.Office, lived: Day) -> None:
    """The head signs while issuance is stopped; his pile waits and goes on by itself when it is resumed."""
    stop_issuance(lived.db, SystemClock(), "Cap kantor sedang diganti.")
    letters = [scenario._looked_at(people.head, case) for case in lived.cases]
    body = {"kind": "signature", "letters": letters, "passphrase": demo_passphrase("kepala")}
    people.head.post("/piles", body)
    assert wait_until(lambda: _state(lived).held == 2, 20)
    time.sleep(3)
    lived.held = _state(lived).held
    lived.numbered_while_stopped = _count(lived, "register_entry")
    began = time.monotonic()
    resume_issuance(lived.db, SystemClock())
    for case in lived.cases:
        people.front.wait_for(case.id, {"ready"})
    lived.seconds_to_ready = time.monotonic() - began


def _state(lived: Day) -> Any:
    with lived.db.transaction() as session:
        return state(session, SystemClock().now())


def _count(lived: Day, table: str) -> int:
    with psycopg.connect(plain(lived.office.servers.database_url_app)) as connection:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _seen(lived: Day) -> dict[str, str]:
    """Every page and answer about a case, for each of the staff and for nobody."""
    addresses = [row.removeprefix("GET ") for row in tomllib.loads(TABLE.read_text()) if row.startswith("GET ")]
    seen: dict[str, str] = {}
    for who in ("", *STAFF):
        with httpx.Client(base_url=lived.office.base_url, follow_redirects=True, timeout=30) as browser:
            if who:
                login = {"username": who, "password": demo_password(who)}
                assert browser.post("/v1/session", json=login).is_success
            for address in addresses:
                seen.update(_answers(browser, who, address, lived))
    return seen


def _answers(browser: httpx.Client, who: str, address: str, lived: Day) -> Iterator[tuple[str, str]]:
    if address in ("/keluar", "/masuk/sso"):
        return
    filled = address.replace("{token}", lived.token).replace("{licence}", "SIKRO").replace("{code}", "SIKRO")
    for case in lived.cases:
        url = filled.replace("{application_id}", case.id)
        if "{" not in url:
            yield f"{who} {url}", browser.get(url).text


def _flower(office: LocalOffice) -> str:
    login = b64encode((office.home.secrets / "flower_basic_auth").read_bytes()).decode()
    said = []
    for path in ("/api/tasks", "/api/workers", "/tasks", "/metrics"):
        request = urllib.request.Request(f"{office.flower_url}{path}", headers={"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request) as page:
            said.append(page.read().decode())
    return "\n".join(said)


def holding(niks: list[str], texts: dict[str, str]) -> list[str]:
    """Names of the texts in which one of the numbers stands."""
    return [name for name, text in texts.items() if any(nik in text for nik in niks)]


def test_while_it_was_stopped_nothing_was_signed_or_numbered_and_all_went_on(day: Day) -> None:
    assert (day.held, day.numbered_while_stopped) == (2, 0)
    assert _count(day, "register_entry") == _count(day, "hand_over") == 2
    assert day.seconds_to_ready < 60
    with psycopg.connect(plain(day.office.servers.database_url_app)) as connection:
        rows = connection.execute(
            "SELECT max(attempts) FROM outbox WHERE task IN ('paraf.apply_signature', 'paraf.assign_number')"
        ).fetchone()
    assert rows == (1,)


def test_every_event_of_the_day_is_sealed_and_vouched_for(day: Day) -> None:
    def whole() -> bool:
        checked = verify_office(day.office.settings, day.office.servers.database_url_app).checked
        return checked["events"] > 40 and checked["unsealed"] == 0 and checked["checkpoints"] > 0

    assert wait_until(whole, 90, 1.0)
    assert verify_office(day.office.settings, day.office.servers.database_url_app).violations == ()


def test_no_alarm_stands_at_the_end_of_the_day(day: Day) -> None:
    with day.db.transaction() as session:
        assert standing(session, SystemClock().now()) == {}


def test_no_nik_in_logs(day: Day) -> None:
    logs = {path.name: path.read_text(errors="replace") for path in day.office.home.logs.glob("*.log")}
    assert {"api.log", "intake.log", "signing.log", "mail.log", "postgres.log"} <= set(logs)
    assert holding(day.niks, logs) == []


def test_no_nik_passed_the_broker_or_shows_in_flower(day: Day) -> None:
    assert "paraf.apply_signature" in day.broker, "the ear heard nothing"
    assert "paraf.apply_signature" in day.flower, "flower saw nothing"
    assert holding(day.niks, {"broker": day.broker, "flower": day.flower}) == []


def test_no_nik_on_any_page_or_answer(day: Day) -> None:
    assert len(day.pages) > 300
    assert any(day.cases[0].person.name in text for text in day.pages.values())
    assert holding(day.niks, {name: text for name, text in day.pages.items() if name.split()[-1] not in OWN}) == []


def test_no_nik_in_mails(day: Day) -> None:
    mails = {path.name: path.read_text() for path in (day.office.home.root / "mail").rglob("*") if path.is_file()}
    assert mails
    assert holding(day.niks, mails) == []


def test_no_nik_readable_in_the_database(day: Day) -> None:
    with psycopg.connect(plain(day.office.servers.database_url_app)) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            )
        ]
        texts = {name: _content(connection, name) for name in tables}
    assert {"event", "outbox", "holder_data", "mail_message", "document"} <= set(texts)
    assert holding(day.niks, texts) == []


def _content(connection: psycopg.Connection[Any], table: str) -> str:
    query = sql.SQL("SELECT coalesce(string_agg(t::text, chr(10)), '') FROM {} t").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""


def test_no_nik_in_the_metadata_of_a_pdf_that_the_office_made(day: Day) -> None:
    uploads = {file.data for case in day.cases for file in case.files.values()}
    made: dict[str, str] = {}
    for path in (day.office.home.root / "vault").glob("??/*"):
        data = path.read_bytes()
        if data.startswith(b"%PDF") and data not in uploads:
            made[path.name] = _metadata(data)
    assert len(made) >= 8
    assert holding(day.niks, made) == []


def _metadata(data: bytes) -> str:
    with pikepdf.open(BytesIO(data)) as pdf, pdf.open_metadata(set_pikepdf_as_editor=False) as meta:
        info = {str(name): str(value) for name, value in pdf.docinfo.items()}
        attached = [str(name) for name in pdf.attachments]
        return json.dumps([info, {str(name): str(value) for name, value in meta.items()}, attached])


def test_no_nik_in_the_names_of_files(day: Day) -> None:
    names = "\n".join(str(path) for path in Path(day.office.home.root).rglob("*"))
    assert holding(day.niks, {"names": names}) == []
