"""The parts of a fault run: a schedule that repeats, a judge that finds what is planted, a proxy that cuts."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from models.db import Database
from ops.embedded_postgres import plain
from ops.faults.eyes import Eyes
from ops.faults.history import Ack, History
from ops.faults.judge import judge
from ops.faults.proxy import Proxy
from ops.faults.run import _figures, holds
from ops.faults.schedule import KINDS, plan
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from tests.models.services.probe import events
from workers.adapters.clock import SystemClock, _offset


def test_the_same_seed_gives_the_same_faults() -> None:
    assert plan(40, 7) == plan(40, 7)
    assert plan(40, 7) != plan(40, 8)


def test_each_kind_comes_as_often_as_any_other() -> None:
    counted = Counter(fault.kind for fault in plan(3 * len(KINDS), 3))
    assert counted == dict.fromkeys(KINDS, 3)
    assert all(fault.target in KINDS[fault.kind] for fault in plan(200, 1))


def test_what_was_acknowledged_can_be_read_again(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    acks = [Ack("a", "submit", 2, "REG/1"), Ack("a", "attach", 0, "ab" * 32)]
    for ack in acks:
        history.note(ack)
    assert list(history.acks()) == acks
    history.close()


# ---------------------------------------------------------------- the judge
@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


def acks_of(office: Office, case: UUID) -> list[Ack]:
    """What the counter would have told along a case's straight road."""
    registration = office.case(case).registration_number or ""
    return [
        Ack(str(case), event.kind, event.version or 0, registration if event.kind == "submit" else "")
        for event in events(office, case)
        if event.kind in ("submit", "verify", "initial", "sign", "hand_over")
    ]


def figures(urls: Urls, acks: list[Ack]) -> tuple[int, int, int, int]:
    found = judge(plain(urls.owner_url), acks)
    return found.lost, found.doubled, found.out_of_order, found.gaps


def planted(urls: Urls, sql: str) -> None:
    """As the tables' owner with triggers and keys asleep: what a bug behind the wall would leave."""
    with psycopg.connect(plain(urls.owner_url), autocommit=True) as connection:
        connection.execute("ALTER TABLE event DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE application DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE number_series DISABLE TRIGGER USER")
        connection.execute(sql.encode())


def test_a_sound_case_is_sound(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "closed")
    acks = acks_of(office, case)
    assert len(acks) == 7
    assert figures(fresh_database, acks) == (0, 0, 0, 0)
    office.db.dispose()


def test_an_acknowledged_act_without_its_event_is_lost(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "closed")
    acks = [*acks_of(office, case), Ack(str(case), "amend", 9)]
    assert figures(fresh_database, acks)[0] == 1


def test_a_file_a_number_and_an_end_that_are_not_there_are_lost(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "ready")
    acks = [*acks_of(office, case), Ack(str(case), "attach", 0, "ab" * 32), Ack(str(case), "submit", 2, "REG/9")]
    assert figures(fresh_database, acks)[0] == 3


def test_an_event_that_came_twice_is_doubled_and_out_of_order(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "closed")
    planted(
        fresh_database,
        f"""INSERT INTO event (at, kind, application_id, actor, stage_from, stage_to, revision, version, trace)
        SELECT at, kind, application_id, actor, stage_from, stage_to, revision, version, trace FROM event
         WHERE kind = 'assign_number' AND application_id = '{case}'""",
    )
    lost, doubled, out_of_order, gaps = figures(fresh_database, acks_of(office, case))
    assert (lost, gaps) == (0, 0)
    assert doubled == 1
    assert out_of_order >= 1


def test_a_number_that_nobody_bears_is_a_gap(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "closed")
    planted(fresh_database, "UPDATE number_series SET last_seq = last_seq + 2")
    assert figures(fresh_database, acks_of(office, case))[3] == 2


def test_the_eyes_see_what_waits(office: Office, fresh_database: Urls) -> None:
    case = an_application(office, "awaiting_paraf", paraf_next=2)
    an_application(office, "closed")
    eyes = Eyes(fresh_database.owner_url)
    (seen,) = eyes.waiting()
    assert (seen.id, seen.stage, seen.paraf_next, seen.set_aside) == (str(case), "awaiting_paraf", 2, False)
    assert len(seen.blanko_sha256) == 64
    assert (eyes.standing().closed, eyes.standing().running) == (1, 1)
    before = eyes.progress()
    an_application(office, "verifying")
    assert eyes.progress() != before
    eyes.close()


def test_one_wrong_figure_is_enough() -> None:
    sound = dict.fromkeys(("lost", "doubled", "out_of_order", "gaps", "orphans", "mismatches"), 0)
    assert holds(sound)
    assert not any(holds({**sound, name: 1}) for name in sound)


def test_no_fault_no_recovery() -> None:
    from ops.checker.report import CheckReport
    from ops.faults.judge import Verdict

    empty = _figures(Verdict(0, 0, 0, 0, 0, ()), CheckReport((), {}), [])
    assert (empty["recovery_p50_s"], empty["recovery_max_s"]) == (0.0, 0.0)


# ---------------------------------------------------------------- the proxy and the clock
@pytest.fixture
def echo() -> Iterator[int]:
    """A server that answers what it hears, to one after the other."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                while data := connection.recv(1000):
                    connection.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_a_proxy_carries_delays_and_cuts(echo: int) -> None:
    proxy = Proxy(echo)
    with closing(socket.create_connection(("127.0.0.1", proxy.port), timeout=5)) as line:
        line.sendall(b"hello")
        assert line.recv(100) == b"hello"
        proxy.delay(0.05)
        began = time.monotonic()
        line.sendall(b"again")
        assert line.recv(100) == b"again"
        assert time.monotonic() - began >= 0.1  # there and back
        proxy.cut()
        with pytest.raises(ConnectionError):
            assert line.recv(100) or broken()
    proxy.close()


def broken() -> bool:
    raise ConnectionResetError


def test_a_proxy_without_a_server_hangs_up() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        port = unused.getsockname()[1]
    proxy = Proxy(port)
    with (
        closing(socket.create_connection(("127.0.0.1", proxy.port), timeout=5)) as line,
        pytest.raises(ConnectionError),
    ):
        assert line.recv(100) or broken()
    proxy.close()


def test_a_proxy_that_is_closed_in_the_middle_leaves_no_socket_open() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(15):
            proxy = Proxy(silent.getsockname()[1])
            lines = [socket.create_connection(("127.0.0.1", proxy.port), timeout=5) for _ in range(4)]
            proxy.close()  # some are still on their way to the server
            for line in lines:
                line.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_clock_reads_its_offset_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    assert _offset(file) == 0.0
    file.write_text("-61.5")
    assert _offset(file) == -61.5
    file.write_text("half writ")
    assert _offset(file) == 0.0
    assert abs(SystemClock().now().timestamp() - time.time()) < 5
