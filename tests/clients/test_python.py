"""The Python client against the real counter: signed batches, dry runs, pages, problems, repetitions."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from paraf_client.client import Client
from paraf_client.problems import NotAllowed, Problem, SameFile
from paraf_client.signing import Key

from models.db import Database
from tests.api.clients import a_system
from tests.api.counter import Counter, give_passwords
from tests.batch_files import a_batch, as_csv, cells
from tests.chromium import serving
from tests.conftest import Database as Urls
from tests.factories import an_office
from workers.adapters.clock import SystemClock


class Clumsy(httpx.HTTPTransport):
    """Lets the counter answer, after `refusals` answers of its own and one lost connection."""

    def __init__(self, refusals: list[int]) -> None:
        super().__init__()
        self.refusals, self.keys = refusals, list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        match self.refusals:
            case [0, *rest]:
                self.refusals = rest
                super().handle_request(request).read()
                raise httpx.ReadError("lost after it was done")
            case [status, *rest]:
                self.refusals = rest
                return httpx.Response(status, headers={"Retry-After": "7"})
        return super().handle_request(request)


@pytest.fixture(scope="module")
def counter(new_database: Callable[[], Urls]) -> Iterator[tuple[Counter, str]]:
    db = Database(new_database().app_url)
    office = an_office(db)
    give_passwords(office)
    made = Counter(office)
    with serving(lambda _: made.app) as address:
        yield made, address
    db.dispose()


def a_client(counter: tuple[Counter, str], name: str, **options: Any) -> Client:
    made, address = counter
    key = a_system(made, name=name).key
    return Client(address, Key(key.text), **options)


def test_a_dry_run_is_committed_and_followed(counter: tuple[Counter, str], tmp_path: Path) -> None:
    file = tmp_path / "rs.zip"
    file.write_bytes(a_batch(1, 2, 3))
    with a_client(counter, "RS Satu") as office:
        judged = office.send_batch(file, "SIKRO", dry_run=True)
        assert [one["state"] for one in judged["verdicts"]] == ["waiting"] * 3
        running = office.commit_batch(judged["batch"]["id"], judged["token"])
        assert running["state"] == "running"
        assert [one["key"] for one in office.batch_items(running["id"], limit="1")] == ["RS-1", "RS-2", "RS-3"]
        assert office.pause_batch(running["id"])["state"] == "paused"
        assert office.resume_batch(running["id"])["state"] == "running"
        with pytest.raises(SameFile) as refused:
            office.send_batch(file, "SIKRO")
        assert refused.value.original == f"/v1/batches/{running['id']}"
        assert office.wait_for_batch(running["id"], until="running")["id"] == running["id"]


def test_errors_come_as_a_file_and_problems_as_exceptions(counter: tuple[Counter, str], tmp_path: Path) -> None:
    file, errors = tmp_path / "rs.csv", tmp_path / "errors.csv"
    file.write_bytes(as_csv([cells(11, nik="123")]))
    with a_client(counter, "RS Dua") as office:
        sent = office.send_batch(file, "SIKRO")
        office.download_errors(sent["id"], errors)
        (row,) = csv.DictReader(errors.read_text(encoding="utf-8-sig").splitlines())
        assert row["key"] == "RS-11"
        with pytest.raises(Problem) as refused:
            office.download_licences(sent["id"], tmp_path / "izin.zip")
        assert (refused.value.status, refused.value.code) == (404, "not-found")
        assert len(refused.value.trace_id) == 32
        assert list(office.applications()) == []
    with Client(counter[1], Key("paraf_test_000000000000_" + "0" * 48)) as stranger, pytest.raises(NotAllowed):
        stranger.batch(sent["id"])


def test_what_is_repeated_is_done_once(counter: tuple[Counter, str], tmp_path: Path) -> None:
    file = tmp_path / "rs.zip"
    file.write_bytes(a_batch(21))
    clumsy, slept = Clumsy([503, 429, 0]), list[float]()
    http = httpx.Client(base_url=counter[1], transport=clumsy)
    with a_client(counter, "RS Tiga", http=http, sleep=slept.append) as office:
        sent = office.send_batch(file, "SIKRO")
        assert sent["rows"] == 1
    assert len(clumsy.keys) == 4
    assert len(set(clumsy.keys)) == 1
    assert slept[:2] == [7.0, 7.0]
    assert 0.5 <= slept[2] <= 8.0


def test_a_key_that_must_sign_signs(counter: tuple[Counter, str], tmp_path: Path) -> None:
    made, address = counter
    file = tmp_path / "rs ganda & lain.zip"
    file.write_bytes(a_batch(31))
    key = a_system(made, name="RS Empat", must_sign=True).key
    # The client signs by the real clock.
    made.office.clock.set(SystemClock().now())
    with Client(address, Key(key.text, "0" * 64)) as wrong, pytest.raises(NotAllowed, match="signature"):
        wrong.send_batch(file, "SIKRO", dry_run=True)
    with Client(address, Key(key.text, key.signing_secret)) as office:
        assert office.send_batch(file, "SIKRO", dry_run=True)["token"]
