"""What holds for every answer: headers, traces, no acting across sites, health, documentation."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import structlog
from inline_snapshot import snapshot
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from api import openapi
from api.main import bare_app
from api.problem_table import KINDS, kind_of
from api.routes.docs import STATIC
from api.tracing import child_of
from models.db import Database
from models.rules import errors
from models.tables.cases import Event
from tests.api.counter import Counter, act, password_of, refusal
from tests.api.test_access import table
from tests.cases import an_application
from workers.logs import mask_numbers
from workers.settings import Settings

STRICT = ("script-src 'self'", "style-src 'self'", "default-src 'none'", "frame-ancestors 'none'")


@pytest.mark.parametrize("path", ["/livez", "/v1/licences", "/v1/me", "/nothing", "/docs", "/static/docs.css"])
def test_security_headers_are_everywhere(shared: Counter, path: str) -> None:
    headers = shared.client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", headers["traceresponse"])


def test_answers_of_the_api_are_not_kept(shared: Counter) -> None:
    client = shared.sign_in("loket")
    for path in ("/v1/me", "/v1/applications", "/v1/register"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        (SAME, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, True),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_other_sites_can_not_act(shared: Counter, headers: dict[str, str], allowed: bool) -> None:
    client = shared.client()
    client.post("/v1/session", json={"username": "loket", "password": password_of("loket")})
    answer = client.post("/v1/applications", json={}, headers=headers)
    if allowed:
        assert answer.status_code == 201
    else:
        assert refusal(answer) == (403, "cross-site")
    assert client.get("/v1/me", headers=headers).status_code == 200


def test_a_bearer_token_is_no_cookie(shared: Counter) -> None:
    client = shared.sign_in("loket")
    answer = client.post("/v1/applications", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 201


def test_sign_in_from_another_site_is_refused(shared: Counter) -> None:
    given = {"username": "loket", "password": password_of("loket")}
    answer = shared.client().post("/v1/session", json=given, headers={"Sec-Fetch-Site": "cross-site"})
    assert refusal(answer) == (403, "cross-site")


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_given_trace_goes_through_to_the_event(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    front = shared.sign_in("loket")
    front.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
    answer = act(front, case_id, "verification")
    assert answer.headers["traceresponse"].split("-")[1] == TRACE
    with shared.office.db.transaction() as session:
        from sqlmodel import col, select

        row = session.exec(
            select(Event).where(Event.application_id == case_id).order_by(col(Event.id).desc()).limit(1)
        ).one()
    assert (row.kind, row.trace.split("-")[1]) == ("verify", TRACE)
    assert row.trace.split("-")[2] != "00f067aa0ba902b7"
    assert front.get("/v1/nothing").json()["trace_id"] == TRACE


@pytest.mark.parametrize(
    "given",
    ["", "x", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01", f"01-{TRACE}-00f067aa0ba902b7-01"],
)
def test_a_trace_that_is_none_is_replaced(given: str) -> None:
    made = child_of(given)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
    assert made.split("-")[1] not in ("0" * 32, TRACE)


def test_requests_are_logged_without_query_and_personal_numbers(shared: Counter) -> None:
    client = shared.sign_in("loket")
    with capture_logs() as lines:
        client.get("/v1/applications", params={"registration_number": "1471010101900001"})
        client.get("/v1/elsewhere/1471010101900001")
        client.get("/livez")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in requests] == [("/v1/applications", 200), ("", 404)]
    assert "1471010101900001" not in json.dumps(lines)


def test_log_lines_mask_what_looks_like_a_nik() -> None:
    event: dict[str, Any] = {"event": "NIK 1471010101900001 seen", "status": 200}
    assert "1471010101900001" not in str(mask_numbers(structlog.get_logger(), "info", event))
    assert mask_numbers(structlog.get_logger(), "info", {"status": 200}) == {"status": 200}


def test_a_bug_tells_its_trace_and_nothing_else(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf")
    shared.office.vault.reading.crash(message="secret detail of the inside")
    answer = shared.sign_in("muda").get(f"/v1/applications/{case_id}/blanko")
    assert refusal(answer) == (500, "internal")
    assert "secret detail" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_database_that_is_away_is_told_as_such(shared: Counter) -> None:
    away = Counter(shared.office)
    away.app.state.office = _office_without_database(away)
    answer = away.client().get("/v1/licences")
    assert refusal(answer) == (503, "database-away")
    assert answer.headers["Retry-After"] == "5"
    assert refusal(away.client(Authorization="Bearer x").get("/v1/me")) == (503, "database-away")
    assert away.client().get("/livez").status_code == 200


def _office_without_database(counter: Counter) -> Any:
    from dataclasses import replace

    return replace(counter.app.state.office, db=Database("postgresql://nobody@127.0.0.1:1/none"))


def test_requests_succeed_without_a_broker(shared: Counter) -> None:
    gone = Counter(shared.office, Settings.model_validate({"broker_url": "redis://127.0.0.1:1/0"}))
    case_id = an_application(shared.office, "verifying")
    assert act(gone.sign_in("loket"), case_id, "verification").json()["stage"] == "preparing"
    assert [ticket.case_id for ticket in shared.office.due()].count(case_id) == 1


def test_the_documentation_is_our_own(shared: Counter) -> None:
    client = shared.client()
    page = client.get("/docs")
    assert page.status_code == 200
    assert all(part in page.headers["Content-Security-Policy"] for part in STRICT)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(source.startswith("/") and not source.startswith("//") for source in sources)
    for source in sources:
        assert client.get(source).status_code == 200, source
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page.text)


def test_vendored_files_are_what_they_were() -> None:
    folder = STATIC / "swagger-ui"
    rows = [line.split() for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = {name: sha256 for sha256, name in rows}
    assert set(sums) == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    for name, sha256 in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256, name
    assert "Apache License" in (folder / "LICENSE").read_text()


def test_every_problem_has_a_page(shared: Counter) -> None:
    client = shared.client()
    listed = client.get("/problems").text
    for code, kind in KINDS.items():
        page = client.get(f"/problems/{code}")
        assert kind.title in page.text.replace("&#39;", "'")
        assert f"/problems/{code}" in listed
    assert refusal(client.get("/problems/none")) == (404, "not-found")


def _all_errors(root: type[errors.ParafError]) -> set[type[errors.ParafError]]:
    return {root}.union(*(_all_errors(child) for child in root.__subclasses__()))


def test_every_error_of_the_tree_has_a_status() -> None:
    statuses = {
        error.__name__: kind_of(error.__new__(error)).status
        for error in _all_errors(errors.ParafError)
        if error.__module__ in {"models.rules.errors", "models.rules.sniffing", "models.db", "api.refusals"}
    }
    assert statuses == snapshot(
        {
            "WrongStage": 409,
            "NotSignedIn": 401,
            "DatabaseAway": 503,
            "Forbidden": 403,
            "NotFound": 404,
            "InvalidInput": 422,
            "DamagedObject": 500,
            "CrossSite": 403,
            "PermanentFailure": 500,
            "MalformedRequest": 400,
            "PreconditionRequired": 428,
            "TemporaryFailure": 503,
            "AdapterError": 500,
            "AlreadyDone": 409,
            "TooManyAttempts": 429,
            "DefinitionError": 500,
            "UnsupportedFile": 415,
            "WrongPassphrase": 403,
            "IdempotencyKeyMissing": 400,
            "TooLarge": 413,
            "ParafError": 500,
            "StaleVersion": 412,
        }
    )


def test_the_description_in_the_repository_is_current() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.as_text(bare_app().openapi())


def test_the_description_says_who_may_ask_as_the_matrix_does() -> None:
    """What nobody may reach needs a scheme, what nobody is answered needs none, and each refusal is described."""
    rows = {route: status for route, status in table().items() if "/v1/" in route}
    wrong = {}
    for path, item in bare_app().openapi()["paths"].items():
        for method, operation in item.items():
            if not path.startswith("/v1/"):
                continue
            of_nobody, *of_others = rows[f"{method.upper()} {path}"]
            ways = operation.get("security", [{}])
            refused = {str(status) for status in (of_nobody, *of_others) if status >= 400}
            if (of_nobody == 401 and {} in ways) or refused - set(operation["responses"]):
                wrong[operation["operationId"]] = (of_nobody, ways, sorted(refused - set(operation["responses"])))
            if of_nobody < 300 and {} not in ways:
                wrong[operation["operationId"]] = (of_nobody, ways, [])
    assert wrong == {}
    licence = bare_app().openapi()["paths"]["/v1/applications/{application_id}/licence"]["get"]
    assert "409" in licence["responses"], "before the hand-over"


def test_the_description_is_served_and_complete(shared: Counter) -> None:
    schema = shared.client().get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    operations = [
        (f"{method} {path}", operation) for path, item in schema["paths"].items() for method, operation in item.items()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation.get("summary") and operation.get("tags") for _, operation in operations)
    for where, operation in operations:
        for status, answer in operation["responses"].items():
            if status == "default" or (status[0] in "45" and where != "get /readyz"):
                assert list(answer["content"]) == ["application/problem+json"], where
    assert sorted(names) == snapshot(
        [
            "addClient",
            "addWebhook",
            "amendApplication",
            "cancelBatch",
            "changeWebhook",
            "commitBatch",
            "createBatch",
            "createKey",
            "describeApplicant",
            "followBatch",
            "getApplication",
            "getBatch",
            "getBatchErrors",
            "getBatchZip",
            "getBlanko",
            "getCleanCopy",
            "getDelivery",
            "getLicence",
            "getLicenceFile",
            "getLiveness",
            "getMe",
            "getOriginal",
            "getPile",
            "getReadiness",
            "getReceipt",
            "getRegister",
            "getWebhook",
            "handOverLicence",
            "initialLetter",
            "listApplications",
            "listBatchItems",
            "listBatches",
            "listClients",
            "listDeliveries",
            "listEvents",
            "listLicences",
            "listRequirements",
            "listWebhooks",
            "openApplication",
            "openPile",
            "pauseBatch",
            "pingWebhook",
            "putDocument",
            "redeliver",
            "rejectApplication",
            "removeDocument",
            "removeWebhook",
            "resumeBatch",
            "returnApplication",
            "revokeKey",
            "rotateKey",
            "rotateWebhookSecret",
            "searchByNik",
            "sendBackApplication",
            "signIn",
            "signLetter",
            "signOut",
            "submitApplication",
            "verifyApplication",
            "voidNumber",
            "withdrawApplication",
        ]
    )
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_the_counter_imports_no_queue_and_no_pdf_library() -> None:
    import subprocess
    import sys

    code = "import sys, api.main; print([m for m in sys.modules if m.split('.')[0] in %r])"
    heavy = {"celery", "kombu", "pypdf", "pikepdf", "pyhanko", "pypdfium2", "typst"}
    done = subprocess.run(
        [sys.executable, "-c", code % heavy],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(openapi.FILE).parent,
    )
    assert done.stdout.strip() == "[]"


def test_the_office_of_the_settings_is_served(tmp_path: Path, shared: Counter, broker_url: str) -> None:
    from nacl.public import PrivateKey

    from api.main import build_app
    from api.wiring import open_office

    (tmp_path / "seal").write_text(bytes(PrivateKey.generate().public_key).hex())
    (tmp_path / "nik").write_text("n" * 43)
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "database_url": shared.office.db.engine.url.render_as_string(hide_password=False),
            "broker_url": broker_url,
            "sealing_key_file": tmp_path / "seal",
            "nik_key_file": tmp_path / "nik",
        }
    )
    office = open_office(settings)
    with TestClient(build_app(office)) as client:
        assert client.get("/readyz").json()["status"] == "ok"
        assert client.get("/v1/licences").json()["items"][0]["licence_code"] == "SIKRO"
        wrong = client.post("/v1/session", json={"username": "nobody", "password": "x"})
        assert refusal(wrong) == (401, "not-signed-in")
    office.db.dispose()
    for missing in ("sealing_key_file", "nik_key_file"):
        with pytest.raises(errors.DefinitionError, match=missing.upper()):
            open_office(settings.model_copy(update={missing: None}))
