"""The second step of a sign-in, passkeys, codes on paper and a person's own security page, over HTTP."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.tables.sign_in import OneTimeCode, RecoveryCode
from tests.api.counter import Counter, password_of
from tests.api.pages.test_officials import browser
from tests.cases import an_application, letter_of
from tests.factories import HEAD, Office, passphrase_of
from tests.passkey_device import PasskeyDevice
from workers.settings import Settings

HTML = {"accept": "text/html"}
SECURITY = "/saya/keamanan"


@pytest.fixture
def strict(office: Office) -> Counter:
    """An office that asks its people for a second factor, as production does."""
    return Counter(office, Settings(second_factor=True))


def device(**options: Any) -> PasskeyDevice:
    return PasskeyDevice("http://localhost:8000", "localhost", **options)


def first_step(counter: Counter, username: str, goal: str = "") -> tuple[TestClient, Any]:
    client = counter.client(**HTML)
    form = {"username": username, "password": password_of(username), "lanjut": goal}
    return client, client.post("/masuk", data=form, follow_redirects=False)


def secret_in(page: str) -> str:
    found = re.search(r"data-copy=\"([A-Z2-7]{32})\"", page)
    assert found is not None
    return found[1]


def code_now(counter: Counter, secret: str) -> str:
    return pyotp.TOTP(secret).at(counter.office.clock.now())


def paper(page: str) -> list[str]:
    return re.findall(r"<code class=\"pf-code\">([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page)


def with_app(counter: Counter, username: str) -> tuple[TestClient, str, list[str]]:
    """Somebody who set up the app on his own security page: his browser, the secret, his codes on paper."""
    client = browser(counter, username)
    secret = secret_in(client.get(f"{SECURITY}/aplikasi").text)
    form = {"code": code_now(counter, secret), "passphrase": password_of(username)}
    page = client.post(f"{SECURITY}/aplikasi", data=form)
    assert page.status_code == 200, page.text
    counter.office.clock.advance(seconds=60)
    return client, secret, paper(page.text)


def with_passkey(counter: Counter, username: str) -> tuple[TestClient, PasskeyDevice]:
    client, made = browser(counter, username), device()
    answer = register(client, made, password_of(username))
    assert answer.status_code == 200
    return client, made


def register(client: TestClient, made: PasskeyDevice, password: str) -> Any:
    asked = client.post(f"{SECURITY}/passkey/tantangan").json()
    form = {"new_token": asked["token"], "new_answer": made.create(asked["options"]), "name": "Ponsel saya"}
    return client.post(f"{SECURITY}/passkey", data={**form, "passphrase": password})


def by_passkey(counter: Counter, made: PasskeyDevice) -> Any:
    client = counter.client(**HTML)
    asked = client.post("/masuk/passkey/tantangan").json()
    form = {"token": asked["token"], "answer": made.get(asked["options"]), "lanjut": "/kotak"}
    return client.post("/masuk/passkey", data=form, follow_redirects=False)


def test_where_it_is_asked_for_the_first_sign_in_sets_up_an_app(strict: Counter) -> None:
    client, answer = first_step(strict, "loket", "/kotak?hal=2")
    assert answer.headers["location"] == "/masuk/pasang"
    assert client.get("/kotak", follow_redirects=False).status_code == 303, "a password alone opens nothing"
    secret = secret_in(client.get("/masuk/pasang").text)
    assert client.post("/masuk/pasang", data={"code": "000000"}).status_code == 422
    done = client.post("/masuk/pasang", data={"code": code_now(strict, secret)})
    assert len(set(paper(done.text))) == 10
    assert 'href="/kotak?hal=2"' in done.text
    assert client.get("/kotak").status_code == 200


def test_applicants_and_a_development_office_need_no_second_step(strict: Counter, counter: Counter) -> None:
    assert first_step(strict, "pemohon")[1].headers["location"] == "/"
    assert first_step(counter, "loket")[1].headers["location"] == "/kotak"


def test_a_code_opens_once_and_the_paper_when_the_phone_is_gone(counter: Counter) -> None:
    _, secret, codes = with_app(counter, "loket")
    client, answer = first_step(counter, "loket")
    assert answer.headers["location"] == "/masuk/kode"
    code = code_now(counter, secret)
    assert client.post("/masuk/kode", data={"code": code}, follow_redirects=False).headers["location"] == "/kotak"
    again, _ = first_step(counter, "loket")
    assert again.post("/masuk/kode", data={"code": code}).status_code == 422, "a code is good once"
    assert again.post("/masuk/kode", data={"code": codes[0].upper()}, follow_redirects=False).status_code == 303
    last, _ = first_step(counter, "loket")
    assert last.post("/masuk/kode", data={"code": codes[0]}).status_code == 422, "so is one from the paper"


def test_wrong_codes_wait_longer_and_never_lock(counter: Counter) -> None:
    _, secret, _ = with_app(counter, "loket")
    client, _ = first_step(counter, "loket")
    statuses = [client.post("/masuk/kode", data={"code": "123"}).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    counter.office.clock.advance(seconds=2)
    right = client.post("/masuk/kode", data={"code": code_now(counter, secret)}, follow_redirects=False)
    assert right.status_code == 303


def test_the_second_step_runs_out_and_belongs_to_its_browser(counter: Counter) -> None:
    _, secret, _ = with_app(counter, "loket")
    client, _ = first_step(counter, "loket")
    stranger = counter.client(**HTML)
    for path in ("/masuk/kode", "/masuk/pasang"):
        assert stranger.get(path, follow_redirects=False).headers["location"] == "/masuk?pesan=ulang"
        assert stranger.post(path, data={"code": "1"}, follow_redirects=False).headers["location"].startswith("/masuk?")
    counter.office.clock.advance(minutes=6)
    late = client.post("/masuk/kode", data={"code": code_now(counter, secret)}, follow_redirects=False)
    assert late.headers["location"] == "/masuk?pesan=ulang"


def test_who_has_a_factor_can_not_be_given_another_by_who_knows_his_password(counter: Counter) -> None:
    with_app(counter, "loket")
    client, _ = first_step(counter, "loket")
    assert client.get("/masuk/pasang", follow_redirects=False).headers["location"] == "/masuk/kode"
    posted = client.post("/masuk/pasang", data={"code": "1"}, follow_redirects=False)
    assert posted.headers["location"] == "/masuk/kode"


def test_programs_send_the_code_beside_the_password(counter: Counter, strict: Counter) -> None:
    _, secret, _ = with_app(counter, "loket")
    form = {"username": "loket", "password": password_of("loket")}
    post = counter.client().post
    assert post("/v1/session", json=form).status_code == 401
    assert post("/v1/session", json={**form, "code": "000000"}).status_code == 401
    assert post("/v1/session", json={**form, "code": code_now(counter, secret)}).status_code == 201
    other = {"username": HEAD, "password": password_of(HEAD)}
    assert strict.client().post("/v1/session", json=other).status_code == 401, "set one up in a browser first"


def test_secrets_do_not_lie_readable_in_the_database(counter: Counter) -> None:
    _, secret, codes = with_app(counter, "loket")
    with counter.office.db.transaction() as session:
        row = session.exec(select(OneTimeCode)).one()
        assert secret.encode() not in row.secret
        kept = [one.code_sha256 for one in session.exec(select(RecoveryCode))]
    assert len(kept) == 10
    assert not any(codes[0].encode() in one for one in kept)


def test_a_passkey_signs_in_without_name_and_password(counter: Counter) -> None:
    client, made = with_passkey(counter, "loket")
    assert "Ponsel saya" in client.get(SECURITY).text
    answer = by_passkey(counter, made)
    assert answer.headers["location"] == "/kotak"
    assert "HttpOnly" in answer.headers["set-cookie"]


@pytest.mark.parametrize("wrong", ["origin", "unverified", "unknown", "replayed", "rewound"])
def test_a_passkey_that_does_not_hold_opens_nothing(counter: Counter, wrong: str) -> None:
    _, made = with_passkey(counter, "loket")
    if wrong == "origin":
        made.origin = "http://localhost.evil.example"
    if wrong == "unverified":
        made.verifies = False
    if wrong == "unknown":
        made = device()
    if wrong == "rewound":
        assert by_passkey(counter, made).status_code == 303
        made.counter = 0
    if wrong == "replayed":
        client = counter.client(**HTML)
        asked = client.post("/masuk/passkey/tantangan").json()
        form = {"token": asked["token"], "answer": made.get(asked["options"])}
        assert client.post("/masuk/passkey", data=form, follow_redirects=False).status_code == 303
        answer = counter.client(**HTML).post("/masuk/passkey", data=form)
    else:
        answer = by_passkey(counter, made)
    assert answer.status_code == 422
    assert "paraf" not in answer.cookies


def test_a_passkey_that_was_taken_away_opens_nothing(counter: Counter) -> None:
    client, made = with_passkey(counter, "loket")
    path = re.search(rf"{SECURITY}/passkey/[0-9a-f-]+/hapus", client.get(SECURITY).text)
    assert path is not None
    foreign = browser(counter, HEAD)
    passphrase = password_of(HEAD)
    assert foreign.post(path[0], data={"passphrase": passphrase}).status_code == 404
    assert "sudah dihapus" in client.post(path[0], data={"passphrase": password_of("loket")}).text
    assert by_passkey(counter, made).status_code == 422


def test_a_passkey_proves_one_subject_and_no_other(counter: Counter) -> None:
    client, made = with_passkey(counter, "admin")
    person = str(counter.office.people["sekretaris"])
    form = {"role": "kepala_dinas", "acting": "Plh.", "decree": "800/17/2026", "person": person}
    form |= {"first": "2026-03-03", "last": "2026-03-10"}
    subject = re.search(r"data-subject=\"(mandate:[0-9a-f]+)\"", client.post("/admin/mandat", data=form).text)
    assert subject is not None
    asked = client.post("/langkah/passkey", data={"subject": subject[1]}).json()
    shown = {"token": asked["token"], "answer": made.get(asked["options"])}
    other = client.post("/admin/mandat/sahkan", data={**form, **shown, "last": "2027-03-10"})
    assert other.status_code == 422, "what was shown is what is proved"
    done = client.post("/admin/mandat/sahkan", data={**form, **shown}, follow_redirects=False)
    assert done.headers["location"] == "/admin/mandat?pesan=mandat"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/aplikasi/lepas", {}),
        ("/kode", {}),
        ("/passkey", {"name": "x", "new_token": "x", "new_answer": "{}"}),
        ("/sandi", {"new_password": "kalimat sandi baru", "new_password_again": "kalimat sandi baru"}),
    ],
)
def test_every_change_asks_for_the_password_and_moves_nothing_without(
    counter: Counter, path: str, form: dict[str, str]
) -> None:
    client = browser(counter, "loket")
    for given in ({}, {"passphrase": "bukan ini"}):
        answer = client.post(SECURITY + path, data={**form, **given})
        assert answer.status_code == 422
        assert "f-passphrase-error" in answer.text
    assert browser(counter, "loket").get("/kotak").status_code == 200


def test_a_new_password_signs_every_other_device_out_and_rotates_this_one(counter: Counter) -> None:
    here, there = browser(counter, "loket"), browser(counter, "loket")
    before, new = here.cookies["paraf"], "kalimat sandi yang baru"
    form = {"new_password": new, "new_password_again": new, "passphrase": password_of("loket")}
    assert "sudah diganti" in here.post(f"{SECURITY}/sandi", data=form).text
    assert here.cookies["paraf"] != before
    assert there.get("/kotak", follow_redirects=False).status_code == 303
    stolen = counter.client(**HTML)
    stolen.cookies.set("paraf", before)
    assert stolen.get("/kotak", follow_redirects=False).status_code == 303, "the old token is dead"
    assert counter.client(**HTML).post("/masuk", data={"username": "loket", "password": new}).status_code == 200


@pytest.mark.parametrize(
    ("new", "again"), [("xq7-pdk", "xq7-pdk"), ("tidak sama ini", "tidak sama itu"), ("loket-loket-1", "loket-loket-1")]
)
def test_a_weak_or_mistyped_password_is_refused(counter: Counter, new: str, again: str) -> None:
    form = {"new_password": new, "new_password_again": again, "passphrase": password_of("loket")}
    answer = browser(counter, "loket").post(f"{SECURITY}/sandi", data=form)
    assert answer.status_code == 422
    assert "f-new-password-error" in answer.text
    assert new not in answer.text


def test_the_app_comes_off_and_codes_are_renewed(counter: Counter) -> None:
    client, _, codes = with_app(counter, "loket")
    secret = {"passphrase": password_of("loket")}
    fresh = paper(client.post(f"{SECURITY}/kode", data=secret).text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    second, _ = first_step(counter, "loket")
    assert second.post("/masuk/kode", data={"code": codes[1]}).status_code == 422
    assert "sudah dilepas" in client.post(f"{SECURITY}/aplikasi/lepas", data=secret).text
    assert first_step(counter, "loket")[1].headers["location"] == "/kotak"


def test_an_admin_helps_who_lost_his_phone(counter: Counter) -> None:
    with_app(counter, "loket")
    person = counter.office.people["loket"]
    assert "sudah dilepas" in browser(counter, "admin").post(f"/admin/orang/{person}/langkah-kedua/lepas").text
    assert first_step(counter, "loket")[1].headers["location"] == "/kotak"


def pile_form(counter: Counter, username: str, case: UUID) -> dict[str, str]:
    letter = letter_of(counter.office, case)
    kind = "signature" if username == HEAD else "paraf"
    return {"surat": f"{case}.{letter.version}.{letter.blanko_sha256}", "jenis": kind}


def subject_in(page: str) -> str:
    found = re.search(r'data-subject="(pile:[0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def test_a_pile_is_put_by_a_passkey_once_the_key_s_passphrase_is_kept(counter: Counter) -> None:
    case = an_application(counter.office, "awaiting_paraf")
    client, made = with_passkey(counter, "muda")
    form = pile_form(counter, "muda", case)
    page = client.post("/tinjau/ringkasan", data=form).text
    assert "data-passkey" not in page
    assert "dibuka dengan kata sandinya" in page
    assert client.post(f"{SECURITY}/kunci/titip", data={"key_passphrase": "salah"}).status_code == 422
    kept = client.post(f"{SECURITY}/kunci/titip", data={"key_passphrase": passphrase_of("muda")})
    assert "Passkey cukup" in kept.text
    subject = subject_in(client.post("/tinjau/ringkasan", data=form).text)
    asked = client.post("/langkah/passkey", data={"subject": subject}).json()
    shown = {"token": asked["token"], "answer": made.get(asked["options"])}
    wrong = client.post("/tinjau/bubuhkan", data={**form, **shown, "answer": "{}"})
    assert (wrong.status_code, "Belum ada yang berubah" in wrong.text) == (422, True)
    assert counter.office.case(case).stage == "awaiting_paraf"
    asked = client.post("/langkah/passkey", data={"subject": subject}).json()
    shown = {"token": asked["token"], "answer": made.get(asked["options"])}
    done = client.post("/tinjau/bubuhkan", data={**form, **shown})
    assert "/tinjau/tumpukan/" in str(done.url)
    counter.office.work()
    assert counter.office.case(case).paraf_next == 2
    assert "diminta lagi" in client.post(f"{SECURITY}/kunci/tarik").text
    assert "data-passkey" not in client.post("/tinjau/ringkasan", data=form).text


def test_whoever_has_no_key_is_offered_nothing_to_keep(counter: Counter) -> None:
    assert 'id="kunci"' not in browser(counter, "loket").get(SECURITY).text
    assert 'id="kunci"' in browser(counter, HEAD).get(SECURITY).text
