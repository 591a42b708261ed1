"""Following a case by number and four digits; the first page and the requirements."""

from __future__ import annotations

from uuid import UUID

import pytest
from starlette.testclient import TestClient

from models.services.inputs import ReturnItem
from models.services.verify import return_to_applicant
from models.tables.cases import HolderData
from ops.page_weight import page_weight
from tests.api.counter import PDF, Counter
from tests.cases import an_application
from tests.factories import Office

KIB = 1024
STAGES = ["checking", "verifying", "returned", "lapsed", "rejected", "withdrawn", "preparing", "awaiting_paraf",
          "amending", "awaiting_signature", "numbering", "ready", "closed"]  # fmt: skip


def browser(counter: Counter) -> TestClient:
    client = counter.client(Accept="text/html")
    client.follow_redirects = False
    return client


def pair(office: Office, case_id: UUID) -> dict[str, str]:
    with office.db.transaction() as session:
        holder = session.get_one(HolderData, case_id)
    return {"nomor": str(office.case(case_id).registration_number), "angka": holder.phone[-4:]}


def followed(counter: Counter, case_id: UUID) -> TestClient:
    client = browser(counter)
    answer = client.post("/lacak", data=pair(counter.office, case_id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/lacak")
    return client


@pytest.mark.parametrize("stage", STAGES)
def test_where_a_case_stands_and_what_is_next(shared: Counter, stage: str) -> None:
    from api.pages.words import STAGES as WORDS
    from models.rules.stages import Stage

    case_id = an_application(shared.office, stage)
    with shared.office.db.transaction() as session:
        holder = session.get_one(HolderData, case_id)
    shown = followed(shared, case_id).get("/lacak").text
    assert shown.count('class="pf-step pf-step--') == 9
    assert WORDS[Stage(stage)].next in shown
    for hidden in (holder.name, holder.address, holder.workplace_name, holder.phone):
        assert hidden not in shown


def test_the_line_tells_when_steps_were_done(counter: Counter) -> None:
    case_id = an_application(counter.office, "awaiting_paraf", paraf_next=2)
    shown = followed(counter, case_id).get("/lacak").text
    assert shown.count("pf-step--done") == 4
    assert shown.count("pf-step--now") == 1
    assert shown.count("2 Mar 2026") == 4
    assert "Dijanjikan selesai" in shown


def test_what_came_back_is_mended_there(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "verifying")
    item = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [item])
    office.clock.advance(minutes=5)
    client = followed(counter, case_id)
    shown = client.get("/lacak").text
    assert "KTP tidak terbaca." in shown
    assert 'action="/lacak/berkas/ktp"' in shown
    assert 'action="/lacak/berkas/ijazah"' not in shown
    version = str(office.case(case_id).version)
    assert client.post("/lacak/kirim", data={"version": version}).status_code == 422
    assert client.post("/lacak/berkas/ijazah", files={"files.ijazah": ("x.pdf", PDF)}).status_code == 409
    put = client.post("/lacak/berkas/ktp", files={"files.ktp": ("ktp.pdf", PDF + b"sharp")})
    assert put.headers["location"] == "/lacak#kartu-ktp"
    assert client.get("/lacak/berkas/ktp/hasil").status_code == 200
    assert client.post("/lacak/kirim", data={"version": "1"}).status_code == 409
    assert client.post("/lacak/kirim", data={"version": version}).status_code == 303
    assert office.case(case_id).stage == "checking"


def test_nothing_can_be_put_while_nothing_came_back(counter: Counter) -> None:
    client = followed(counter, an_application(counter.office, "verifying"))
    assert client.post("/lacak/berkas/ktp", files={"files.ktp": ("k.pdf", PDF + b"x")}).status_code == 409


def test_wrong_digits_and_unknown_numbers_learn_nothing(counter: Counter) -> None:
    right = pair(counter.office, an_application(counter.office, "verifying"))
    wrong = f"{(int(right['angka']) + 1) % 10000:04}"
    answers = [
        browser(counter).post("/lacak", data={"nomor": right["nomor"], "angka": wrong}),
        browser(counter).post("/lacak", data={"nomor": "REG/99999/SIKRO/2026", "angka": wrong}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [answer.text.replace(right["nomor"], "N").replace("REG/99999/SIKRO/2026", "N") for answer in answers]
    assert texts[0] == texts[1]


def test_guessing_four_digits_has_to_wait_longer_and_longer(counter: Counter) -> None:
    office = counter.office
    right = pair(office, an_application(office, "verifying"))
    wrong = {"nomor": right["nomor"], "angka": f"{(int(right['angka']) + 1) % 10000:04}"}
    client = browser(counter)
    statuses = [client.post("/lacak", data=wrong).status_code for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    office.clock.advance(seconds=2)
    assert client.post("/lacak", data=wrong).status_code == 422
    refused = client.post("/lacak", data=right)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 2
    office.clock.advance(minutes=15)
    assert client.post("/lacak", data=right).status_code == 303


def test_a_forged_cookie_is_a_guess_too(counter: Counter) -> None:
    right = pair(counter.office, an_application(counter.office, "verifying"))
    statuses = []
    for n in range(8):
        client = browser(counter)
        client.cookies.set("lacak", f"{right['nomor'].replace('/', '%2F')}%7Cx{n:03}")
        statuses.append(client.get("/lacak").status_code)
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_faults_keep_what_was_typed(counter: Counter) -> None:
    answer = browser(counter).post("/lacak", data={"nomor": "REG/1", "angka": "12"})
    assert answer.status_code == 422
    assert 'value="REG/1"' in answer.text
    assert "Isi 4 angka terakhir" in answer.text


def test_the_receipt_fills_the_number(counter: Counter) -> None:
    assert 'value="REG/00001/SIKRO/2026"' in browser(counter).get("/lacak?nomor=REG/00001/SIKRO/2026").text


def test_the_first_page_says_what_is_promised_and_kept(counter: Counter) -> None:
    an_application(counter.office, "ready")
    shown = browser(counter).get("/").text
    for told in ("2 hari kerja", "Ajukan izin", "/lacak", "/verifikasi", "Undang-Undang Nomor 25 Tahun 2009", "LAPOR"):
        assert told in shown
    assert "<dt>Masuk bulan ini</dt>\n    <dd>1</dd>" in shown
    assert "100 %" in shown


def test_the_requirements_stand_with_their_legal_basis(counter: Counter) -> None:
    shown = browser(counter).get("/syarat/SIKRO").text
    assert "Pas foto berwarna 4x6, latar merah" in shown
    assert "[Permenkes 19/2013" in shown
    assert "Rekomendasi organisasi profesi" not in shown
    assert browser(counter).get("/syarat/NIHIL").status_code == 404


@pytest.mark.parametrize("path", ["/", "/lacak", "/verifikasi", "/syarat/SIKRO", "/v/" + "A" * 22])
def test_public_pages_are_light(counter: Counter, path: str) -> None:
    assert sum(page_weight(browser(counter), path).values()) <= 40 * KIB
