"""Input that nobody sends by mistake: each gets a refusal, none a broken answer."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from api.login_delay import count_attempt, of_sign_in
from api.refusals import TooManyAttempts
from api.scanning import OneThreadScanner
from models.ports import Inspection
from ops.samples.people import applicant, holder_data
from tests.api.counter import PDF, Counter, act, put_file, refusal
from tests.cases import a_draft, an_application, letter_of
from tests.factories import passphrase_of

NUL, LONE = "a\x00b", "\\ud800"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/session", '{"username": "a\\u0000b", "password": "x"}'),
        ("POST", "/v1/session", '{"username": "\\ud800", "password": "x"}'),
        ("POST", "/v1/session", '{"username": "x", "password": "\\ud800"}'),
        ("POST", "/v1/session", '{"\\ud800": 1}'),
        ("POST", "/v1/session", '{"a/b~c": 1}'),
        ("POST", "/v1/applications", '{"licence_code": "\\u0000"}'),
        ("POST", "/v1/applications", "[" * 100_000),
        ("POST", "/v1/applications", '{"channel": NaN}'),
        ("POST", "/v1/applications", '{"channel": ' + "9" * 5000 + "}"),
        ("POST", "/v1/piles", '{"kind": "paraf", "letters": [{"version": 1e999}], "passphrase": "x"}'),
    ],
)
def test_odd_json_is_refused(shared: Counter, method: str, path: str, body: str) -> None:
    answer = shared.sign_in("muda").request(method, path, content=body.encode(), headers=JSON)
    assert answer.status_code in (400, 401, 404, 422), answer.text
    refusal(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/licences/%00",
        "/v1/licences/" + "x" * 300,
        "/v1/applications?registration_number=%00",
        "/v1/applications?limit=99999999999999999999",
        "/v1/applications/%00",
        "/v1/applications/%F0%28",
        "/v1/register?year=2026&cursor=WyJcdTAwMDAiLDFd",
        "/v1/register?cursor=WyJhIiw5OTk5OTk5OTk5OTk5OTk5OV0",
        "/v1/piles/1",
        "/v1/documents/..%2F..%2Fetc%2Fpasswd/original",
        "/static/..%2F..%2Fmain.py",
        "/static/%00",
        "/problems/%00",
    ],
)
def test_odd_addresses_are_refused(shared: Counter, path: str) -> None:
    answer = shared.sign_in("loket").get(path)
    assert answer.status_code in (400, 404, 422), answer.text
    refusal(answer)


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/v1/applications", "OPTIONS", "GET, POST"),
        ("/v1/applications/search", "GET", "POST"),
        ("/v1/session", "GET", "DELETE, POST"),
        ("/v1/batches/0198c0de-0000-7000-8000-000000000001", "PATCH", "DELETE, GET"),
        ("/livez", "POST", "GET"),
    ],
)
def test_allow_names_every_method_of_the_address(shared: Counter, path: str, method: str, allow: str) -> None:
    answer = shared.sign_in("loket").request(method, path)
    assert refusal(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize(
    "change",
    [
        {"birth_date": 0},
        {"birth_date": "946684800"},
        {"birth_date": "19900131"},
        {"birth_date": "0001-01-01"},
        {"birth_date": "1899-12-31"},
        {"birth_date": "2200-01-01"},
        {"birth_date": "1990-02-30"},
        {"birth_date": "1990-01-31T00:00:00"},
        {"str_valid_until": 1e300},
        {"str_valid_until": "١٩٩٠-٠١-٣١"},
        {"nik": "١٤٧١٠١٠١٠١٩٠٠٠٠١"},
        {"nik": "1471010101900001\n"},
        {"place_order": "1"},
        {"place_order": True},
        {"place_order": 10**30},
        {"represented": 0},
        {"represented": "ya"},
        {"name": ["a"]},
    ],
    ids=str,
)
def test_what_only_resembles_a_value_is_refused(shared: Counter, change: dict[str, Any]) -> None:
    client = shared.sign_in("pemohon")
    data: dict[str, Any] = dict(holder_data(applicant(3, on=shared.office.today)))
    opened = client.post("/v1/applications", json={}).json()["id"]
    answer = client.put(f"/v1/applications/{opened}/holder", json=data | change)
    if change == {"nik": "1471010101900001\n"}:
        assert answer.json()["holder"]["nik"] == "************0001", "blanks around a value are cut off"
        return
    assert refusal(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(change))}"


@pytest.mark.parametrize("day", ["0", "946684800", "0001-01-01", "99999-01-01", "2026-13-01", "kemarin"])
def test_a_day_in_an_address_is_a_day(shared: Counter, day: str) -> None:
    answer = shared.client().get("/v1/licences/SIKRO/requirements", params={"on": day})
    assert refusal(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["parameter"] == "on"


ODD = ["\xb2", "\xff\xfe", "-1", "9" * 5000, '"', "; ;", "a" * 7000, "Bearer", "Bearer \xff", "*", "\t", "0x10"]
HEADERS = (
    *("Authorization", "Cookie", "Paraf-Link", "If-Match", "Idempotency-Key", "Content-Length", "Content-Type"),
    *("Accept", "Host", "Origin", "Range", "traceparent", "Content-Digest", "Signature", "Signature-Input"),
)


@pytest.mark.parametrize("name", HEADERS)
def test_odd_headers_break_nothing(shared: Counter, name: str) -> None:
    client = shared.sign_in("loket")
    for value in ODD:
        odd: Any = {name: value.encode("latin-1")}
        for path in ("/v1/applications", "/v1/batches?licence=SIKRO"):
            answer = client.post(path, content=b"{}", headers=odd)
            assert answer.status_code < 500, (path, value)
            if answer.status_code >= 400:
                refusal(answer)


def test_values_that_can_not_be_stored_are_refused(shared: Counter) -> None:
    case_id = a_draft(shared.office)
    client = shared.sign_in("pemohon")
    data: dict[str, Any] = dict(holder_data(applicant(3, on=shared.office.today)))
    answer = client.put(f"/v1/applications/{case_id}/holder", json=data | {"name": NUL})
    assert refusal(answer) == (422, "invalid-input")
    assert refusal(put_file(client, case_id, "ijazah", fields={"number": NUL})) == (422, "invalid-input")
    named = put_file(client, case_id, "ijazah", name="a\x00b\r\nX: y.pdf")
    assert named.status_code in (200, 400)


def test_markup_stays_text(shared: Counter) -> None:
    case_id = a_draft(shared.office)
    client = shared.sign_in("pemohon")
    name = '<script>alert("x")</script>.pdf'
    document = put_file(client, case_id, "ijazah", PDF, name).json()["document"]
    assert document["name"] == "script>.pdf"
    served = client.get(f"/v1/documents/{document['id']}/original")
    assert "<" not in served.headers["Content-Disposition"]


def at_once(count: int, work: Any) -> list[Any]:
    """What `count` threads answer that begin together."""
    gate, found = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        found.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_ten_clicks_at_once_are_one_paraf(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf")
    letter, muda = letter_of(shared.office, case_id), shared.sign_in("muda")
    body = {"blanko_sha256": letter.blanko_sha256, "passphrase": passphrase_of("muda")}
    answers = at_once(10, lambda: act(muda, case_id, "paraf", body, letter.version).status_code)
    assert sorted(answers) == [202, *[409] * 9]
    shared.office.work()
    assert shared.office.case(case_id).paraf_next == 2


def test_ten_submissions_at_once_take_one_number(shared: Counter) -> None:
    client = shared.sign_in("pemohon")
    case_id = a_draft(shared.office)
    assert put_file(client, case_id, "ktp").status_code == 200
    answers = at_once(10, lambda: act(client, case_id, "submission", version=1))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 9]


def test_guesses_at_once_are_all_counted(shared: Counter) -> None:
    attempt = of_sign_in("somebody", "192.0.2.7")

    def guess() -> bool:
        try:
            count_attempt(shared.app.state.office, attempt)
        except TooManyAttempts:
            return False
        return True

    assert sum(at_once(12, guess)) == 5


class ThreadNoting:
    """Notes which thread calls it."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.closed = 0

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        self.threads.add(threading.get_ident())
        return Inspection("accept", name, len(data), ())

    def why_locked(self, file: BinaryIO) -> str:
        self.threads.add(threading.get_ident())
        return file.read().decode()

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1


def test_the_cage_is_always_asked_from_one_thread() -> None:
    noting = ThreadNoting()
    scanner = OneThreadScanner(noting)
    pages = at_once(5, lambda: scanner.inspect(b"abc", "a.pdf", "document").pages)
    assert scanner.why_locked(BytesIO(b"why")) == "why"
    scanner.close()
    assert (pages, noting.closed) == ([3] * 5, 1)
    assert len(noting.threads) == 1
    assert threading.get_ident() not in noting.threads
