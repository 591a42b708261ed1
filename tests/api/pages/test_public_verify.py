"""Verification: from token, number and file; the same answer for all that is unknown; nothing personal told."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.ports import LetterJudgement, SignatureSeen
from models.rules.typed_code import code_of, grouped
from models.services.void import end_licence, void_number
from models.tables.cases import HolderData
from models.tables.letters import Licence, RegisterEntry
from tests.api.counter import Counter
from tests.cases import an_application
from tests.factories import Office

UNKNOWN = "Surat izin ini tidak dikenal"


class FakeJudge:
    """Says what a test wants it to."""

    def __init__(self, judgement: LetterJudgement) -> None:
        self.judgement = judgement

    def judge(self, data: bytes) -> LetterJudgement:
        return self.judgement


def browser(counter: Counter) -> TestClient:
    client = counter.client(Accept="text/html")
    client.follow_redirects = False
    return client


def issued(office: Office, stage: str = "ready") -> tuple[UUID, Licence, RegisterEntry, HolderData]:
    case_id = an_application(office, stage)
    with office.db.transaction() as session:
        licence = session.exec(select(Licence).where(Licence.application_id == case_id)).one()
        entry = session.exec(select(RegisterEntry).where(RegisterEntry.application_id == case_id)).one()
        holder = session.get_one(HolderData, case_id)
    return case_id, licence, entry, holder


def test_a_licence_that_stands(counter: Counter) -> None:
    _, licence, entry, holder = issued(counter.office)
    answer = browser(counter).get(f"/v/{licence.token}")
    assert answer.status_code == 200
    assert "Surat izin ini berlaku" in answer.text
    assert "pf-verdict--valid" in answer.text
    for told in (holder.name, entry.number, holder.workplace_name, "Akmal Khairi", "pekanbaru.go.id"):
        assert told in answer.text
    for hidden in (holder.nik_tail + "<", holder.address, holder.workplace_address, holder.phone, holder.str_number):
        assert hidden not in answer.text


def _revoke(office: Office, case_id: UUID) -> None:
    with office.db.transaction() as session:
        licence = session.exec(select(Licence).where(Licence.application_id == case_id)).one()
    end_licence(office.db, office.clock, office.actor("kepala"), licence.id, "Dicabut atas permintaan.")


def _expire(office: Office, case_id: UUID) -> None:
    office.clock.advance(days=365 * 12)


def _void(office: Office, case_id: UUID) -> None:
    void_number(office.db, office.clock, office.actor("blanko"), case_id, "Salah ketik pada nama tempat kerja.")


@pytest.mark.parametrize(
    ("turn", "title", "kind"),
    [
        (_expire, "sudah habis masa berlakunya", "replaced"),
        (_revoke, "Surat izin ini sudah dicabut", "invalid"),
        (_void, "Surat izin ini dibatalkan", "invalid"),
    ],
)
def test_a_licence_that_does_not(counter: Counter, turn: Callable[[Office, UUID], None], title: str, kind: str) -> None:
    stage = "ready" if turn is _void else "closed"
    case_id, licence, _, _ = issued(counter.office, stage)
    turn(counter.office, case_id)
    answer = browser(counter).get(f"/v/{licence.token}")
    assert title in answer.text
    assert f"pf-verdict--{kind}" in answer.text


def test_unknown_and_malformed_tokens_answer_the_same(counter: Counter) -> None:
    client = browser(counter)
    answers = [client.get(f"/v/{token}") for token in ("A" * 22, "x", "....", "%00", "a" * 500)]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {answer.text for answer in answers}
    assert len(bodies) == 1
    assert UNKNOWN in bodies.pop()


def test_who_guesses_waits_and_a_real_token_still_opens(counter: Counter) -> None:
    _, licence, _, _ = issued(counter.office)
    client = browser(counter)
    statuses = [client.get(f"/v/{'B' * 20}{n:02}").status_code for n in range(30)]
    assert statuses[-1] == 429
    assert client.get(f"/v/{licence.token}").status_code == 200


def test_by_number_and_date(counter: Counter) -> None:
    _, _, entry, holder = issued(counter.office)
    client = browser(counter)
    right = {"nomor": f" {entry.number} ", "tanggal": entry.signed_on.isoformat()}
    assert holder.name in client.post("/verifikasi", data=right).text
    wrong_day = right | {"tanggal": (entry.signed_on - timedelta(days=1)).isoformat()}
    no_number = right | {"nomor": "503/9999/DPMPTSP/SIKRO/2026"}
    answers = [client.post("/verifikasi", data=data) for data in (wrong_day, no_number)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert client.post("/verifikasi", data={"nomor": entry.number}).status_code == 422


def test_guessing_dates_of_a_number_has_to_wait(counter: Counter) -> None:
    _, _, entry, _ = issued(counter.office)
    client = browser(counter)
    data = {"nomor": entry.number, "tanggal": "2026-01-01"}
    statuses = [client.post("/verifikasi", data=data).status_code for _ in range(8)]
    assert statuses[:5] == [404] * 5
    assert statuses[-1] == 429
    waiting = client.post("/verifikasi", data={**data, "tanggal": entry.signed_on.isoformat()})
    assert waiting.status_code == 429
    assert "Tunggu" in waiting.text


@pytest.mark.parametrize("typed", ["{token}", "https://izin.pekanbaru.go.id/v/{token}#rest", " http://x/v/{token}/ "])
def test_a_typed_code_or_address_leads_to_its_page(counter: Counter, typed: str) -> None:
    token = "C" * 22
    answer = browser(counter).post("/verifikasi", data={"kode": typed.format(token=token)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{token}")


def test_a_file_is_known_by_its_bytes(counter: Counter) -> None:
    _, licence, entry, _ = issued(counter.office)
    data = counter.office.vault.get(licence.sha256)
    assert hashlib.sha256(data).hexdigest() == licence.sha256
    answer = browser(counter).post("/verifikasi", files={"file": ("izin.pdf", data)})
    assert entry.number in answer.text
    assert "sama persis" in answer.text


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("changed", "Berkas ini sudah diubah"),
        ("foreign", "Berkas ini bukan dari kami"),
        ("unsigned", "tidak bertanda tangan elektronik"),
        ("unreadable", "Berkas ini tidak dapat dibaca"),
    ],
)
def test_other_bytes_are_judged_by_their_signatures(counter: Counter, code: str, title: str) -> None:
    seen = (SignatureSeen("kepala", "Akmal Khairi", "Kepala Dinas", "", False),)
    judgement = LetterJudgement(code, seen)  # type: ignore[arg-type]
    counter.app.state.office = dataclasses.replace(counter.app.state.office, judge=FakeJudge(judgement))
    answer = browser(counter).post("/verifikasi", files={"file": ("izin.pdf", b"%PDF-1.7 other")})
    assert title in answer.text
    assert "pf-verdict--invalid" in answer.text
    assert "tidak sah" in answer.text


def test_a_genuine_file_is_held_against_the_register_today(counter: Counter) -> None:
    case_id, licence, entry, _ = issued(counter.office, "closed")
    judgement = LetterJudgement("genuine", (), entry.number, licence.blanko_sha256)
    counter.app.state.office = dataclasses.replace(counter.app.state.office, judge=FakeJudge(judgement))
    client = browser(counter)
    assert "Surat izin ini berlaku" in client.post("/verifikasi", files={"file": ("a.pdf", b"%PDF- a")}).text
    _revoke(counter.office, case_id)
    assert "sudah dicabut" in client.post("/verifikasi", files={"file": ("a.pdf", b"%PDF- a")}).text


def test_both_addresses_show_the_form(counter: Counter) -> None:
    client = browser(counter)
    assert "Verifikasi surat izin" in client.get("/v").text
    assert "Berkas PDF" in client.get("/verifikasi").text


def test_the_code_beneath_the_qr_is_typed(counter: Counter) -> None:
    _, licence, entry, _ = issued(counter.office)
    typed = grouped(licence.code).lower().replace("-", " ")
    answer = browser(counter).post("/verifikasi", data={"kode": typed})
    assert answer.status_code == 200
    assert "Surat izin ini berlaku" in answer.text
    assert entry.number in answer.text


def test_who_guesses_codes_waits(counter: Counter) -> None:
    client = browser(counter)
    codes = [grouped(code_of(f"nobody-has-this-token-{n:04}")) for n in range(30)]
    answers = [client.post("/verifikasi", data={"kode": code}) for code in codes]
    assert answers[0].status_code == 404
    assert UNKNOWN in answers[0].text
    assert answers[-1].status_code == 429
    assert "Terlalu banyak percobaan" in answers[-1].text
    assert codes[-1] in answers[-1].text
