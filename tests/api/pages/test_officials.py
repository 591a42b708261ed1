"""Signing in on a page, the devices, and the inbox: what stands there, in which order, and who may touch it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from tests.api.counter import Counter, give_passwords, password_of
from tests.cases import an_application
from tests.factories import HEAD, add_person

HTML = {"accept": "text/html"}


def browser(counter: Counter, username: str = "") -> TestClient:
    """Somebody with a browser's cookies, signed in on the page itself."""
    client = counter.client(**HTML)
    if username:
        answer = client.post(
            "/masuk", data={"username": username, "password": password_of(username)}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
    return client


def row_numbers(page: str) -> list[str]:
    return re.findall(r"data-row>(REG/\d+)/", page)


def count_of(page: str, tab: str) -> int:
    found = re.search(rf">{tab} <span class=\"pf-count\">([\d.]+)<", page)
    assert found, f"no tab {tab}"
    return int(found[1].replace(".", ""))


@pytest.mark.parametrize(("username", "goal"), [("loket", "/kotak"), (HEAD, "/tinjau"), ("pemohon", "/")])
def test_everybody_lands_on_his_own_desk(shared: Counter, username: str, goal: str) -> None:
    client = shared.client(**HTML)
    form = {"username": username, "password": password_of(username), "lanjut": ""}
    answer = client.post("/masuk", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, goal)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/permohonan/1?hal=2", "/permohonan/1?hal=2"),
        ("//evil.example", "/kotak"),
        ("/\\evil.example", "/kotak"),
        ("https://evil.example", "/kotak"),
        ("/masuk", "/kotak"),
        ("/a\r\nSet-Cookie: x", "/kotak"),
    ],
)
def test_signing_in_leads_on_to_pages_of_ours_alone(shared: Counter, wanted: str, goal: str) -> None:
    form = {"username": "loket", "password": password_of("loket"), "lanjut": wanted}
    answer = shared.client(**HTML).post("/masuk", data=form, follow_redirects=False)
    assert answer.headers["location"] == goal


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(shared: Counter) -> None:
    client = shared.client(**HTML)
    answer = client.get("/kotak?tahap=verifying", follow_redirects=False)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert 'name="lanjut" value="/kotak?tahap=verifying"' in page.text


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(shared: Counter) -> None:
    texts = []
    for name in ("loket", "tidak-ada"):
        answer = shared.client(**HTML).post("/masuk", data={"username": name, "password": "salah"})
        assert answer.status_code == 422
        assert "salah" not in re.findall(r'type="password"[^>]*', answer.text)[0]
        assert f'value="{name}"' in answer.text
        texts.append(answer.text.replace(name, "NAMA"))
    assert texts[0] == texts[1]
    assert "Nama pengguna atau kata sandi salah" in texts[0]


def test_too_many_tries_wait_and_nobody_is_locked_out(counter: Counter) -> None:
    client = counter.client(**HTML)
    for _ in range(5):
        client.post("/masuk", data={"username": "loket", "password": "salah"})
    answer = client.post("/masuk", data={"username": "loket", "password": password_of("loket")})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "akun Anda tidak dikunci" in answer.text
    counter.office.clock.advance(minutes=2)
    answer = client.post("/masuk", data={"username": "loket", "password": password_of("loket")}, follow_redirects=False)
    assert answer.status_code == 303


def test_empty_fields_are_named(shared: Counter) -> None:
    answer = shared.client(**HTML).post("/masuk", data={"username": " ", "password": ""})
    assert answer.status_code == 422
    assert 'href="#f-username">Isi nama pengguna.' in answer.text
    assert 'href="#f-password">Isi kata sandi.' in answer.text


def test_signing_out_ends_the_session(counter: Counter) -> None:
    client = browser(counter, "loket")
    token = next(iter(client.cookies.values()))
    assert "Ya, keluar" in client.get("/keluar").text
    assert "Anda sudah keluar" in client.post("/keluar").text
    other = counter.client(**HTML)
    other.cookies.set("paraf", token)
    assert other.get("/kotak", follow_redirects=False).status_code == 303


def test_devices_are_listed_and_can_be_signed_out(counter: Counter) -> None:
    phone = browser(counter, "loket")
    desk = counter.client(**HTML, **{"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537.36"})
    desk.post("/masuk", data={"username": "loket", "password": password_of("loket")})
    page = phone.get("/saya").text
    assert "Chrome di Windows" in page
    other = re.search(r'action="/saya/perangkat/([0-9a-f-]{36})"', page)
    assert other is not None
    stranger = browser(counter, "blanko")
    assert stranger.post(f"/saya/perangkat/{other[1]}").status_code == 404
    assert desk.get("/kotak", follow_redirects=False).status_code == 200
    assert "Perangkat itu sudah dikeluarkan" in phone.post(f"/saya/perangkat/{other[1]}").text
    assert desk.get("/kotak", follow_redirects=False).status_code == 303
    assert phone.get("/kotak", follow_redirects=False).status_code == 200


def test_all_other_devices_go_at_once(counter: Counter) -> None:
    here, *others = (browser(counter, "loket") for _ in range(3))
    assert "Semua perangkat lain" in here.post("/saya/perangkat/lain").text
    assert [one.get("/kotak", follow_redirects=False).status_code for one in (here, *others)] == [200, 303, 303]


def test_applicants_have_no_inbox(shared: Counter) -> None:
    client = browser(shared, "pemohon")
    assert client.get("/kotak").status_code == 403
    assert client.post("/kotak", data={}).status_code == 403


def test_counts_and_lists_are_of_the_same_rows(counter: Counter) -> None:
    office = counter.office
    for stage in ("draft", "verifying", "verifying", "ready", "awaiting_paraf", "closed", "returned"):
        an_application(office, stage)
    page = browser(counter, "loket").get("/kotak").text
    assert (count_of(page, "Semua tahap"), count_of(page, "Menunggu verifikasi")) == (3, 2)
    assert len(row_numbers(page)) == 3
    client = browser(counter, "loket")
    one = client.get("/kotak?tahap=verifying").text
    assert len(row_numbers(one)) == count_of(one, "Menunggu verifikasi") == 2
    whole = client.get("/kotak?lingkup=semua").text
    assert len(row_numbers(whole)) == count_of(whole, "Semua tahap") == 5
    filtered = client.get("/kotak?lingkup=semua&jenis=perpanjangan").text
    assert "Tidak ada yang cocok" in filtered
    assert count_of(filtered, "Semua tahap") == 0


def test_the_order_is_time_left_and_not_arrival(counter: Counter) -> None:
    office = counter.office
    sign = an_application(office, "awaiting_paraf", paraf_next=3)
    office.clock.advance(minutes=30)
    paraf = an_application(office, "awaiting_paraf", paraf_next=1)
    numbers = {str(case): str(office.case(case).registration_number)[:9] for case in (sign, paraf)}
    client = browser(counter, "admin")
    office.clock.advance(minutes=1)
    early = row_numbers(client.get("/kotak?lingkup=semua").text)
    assert early == [numbers[str(sign)], numbers[str(paraf)]]
    late = an_application(office, "verifying")
    office.clock.advance(minutes=2)
    waiting = an_application(office, "awaiting_paraf", paraf_next=1)
    order = row_numbers(client.get("/kotak?lingkup=semua").text)
    position = {case: order.index(str(office.case(case).registration_number)[:9]) for case in (late, waiting)}
    assert position[waiting] < position[late], "five minutes from now come before thirty-five from a little earlier"


def test_pages_hold_every_row_once(counter: Counter) -> None:
    office = counter.office
    for _ in range(28):
        an_application(office, "verifying")
    client = browser(counter, "loket")
    first, second = (row_numbers(client.get(f"/kotak?hal={page}").text) for page in (1, 2))
    assert (len(first), len(second)) == (25, 3)
    assert len(set(first + second)) == 28


def test_the_inbox_costs_the_same_number_of_queries_however_long(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    counts = []
    for _ in range(2):
        for _ in range(3):
            an_application(office, "verifying")
        seen: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(office.db.engine, "before_cursor_execute", note)
        assert client.get("/kotak").status_code == 200
        event.remove(office.db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8


def test_a_claim_is_seen_by_all_and_lets_go_by_itself(counter: Counter) -> None:
    office = counter.office
    add_person(office, "loket2", ("front_office",), name="Rukmini Sastrawati")
    give_passwords(office)
    case = an_application(office, "verifying")
    one, two = browser(counter, "loket"), browser(counter, "loket2")
    done = one.post("/kotak", data={"pilih": [str(case)], "tindakan": "ambil"})
    assert "sekarang Anda pegang" in done.text
    assert "Anda pegang sampai" in done.text
    seen = two.get("/kotak").text
    assert "Dipegang Tirmira Danapura, A.Md. sampai 09." in seen
    assert "disabled" in seen
    refused = two.post("/kotak", data={"pilih": [str(case)], "tindakan": "ambil"})
    assert refused.status_code == 422
    assert "Tidak ada yang diambil" in refused.text
    office.clock.advance(minutes=16)
    assert "Dipegang" not in two.get("/kotak").text
    assert two.post("/kotak", data={"pilih": [str(case)], "tindakan": "ambil"}).status_code == 200
    assert "Dipegang Rukmini Sastrawati" in one.get("/kotak").text
    two.post("/kotak", data={"pilih": [str(case)], "tindakan": "lepas"})
    assert "Dipegang" not in one.get("/kotak").text


def test_a_bulk_act_is_done_to_all_or_to_none(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    mine, foreign = an_application(office, "verifying"), an_application(office, "awaiting_paraf")
    answer = client.post("/kotak", data={"pilih": [str(mine), str(foreign)], "tindakan": "ambil"})
    assert answer.status_code == 422
    assert str(office.case(foreign).registration_number) in answer.text
    assert re.search(rf'value="{mine}" checked', answer.text), "what was picked stays picked"
    assert "Dipegang" not in client.get("/kotak").text
    assert "Anda pegang" not in client.get("/kotak").text
    assert client.post("/kotak", data={"tindakan": "ambil"}).status_code == 422
    assert client.post("/kotak", data={"pilih": [str(mine)], "tindakan": "hapus"}).status_code == 422
    assert client.post("/kotak", data={"pilih": ["x"], "tindakan": "ambil"}).status_code == 404
    assert client.post("/kotak", data={"pilih": [str(UUID(int=5))], "tindakan": "ambil"}).status_code == 422


def test_officials_take_what_they_picked_to_their_pile(counter: Counter) -> None:
    case = an_application(counter.office, "awaiting_paraf")
    client = browser(counter, "muda")
    assert "Tinjau yang dipilih" in client.get("/kotak").text
    answer = client.post("/kotak", data={"pilih": [str(case)], "tindakan": "tinjau"}, follow_redirects=False)
    assert answer.headers["location"] == f"/tinjau?surat={case}"


def test_a_late_case_says_so_in_words_and_mark(counter: Counter) -> None:
    an_application(counter.office, "verifying")
    counter.office.clock.advance(minutes=10)
    client = browser(counter, "loket")
    assert "sisa 2" in client.get("/kotak").text
    counter.office.clock.advance(hours=1)
    page = browser(counter, "loket").get("/kotak").text
    assert "lewat" in page
    assert "pf-row--late" in page


@pytest.mark.parametrize(
    "address", ["?hal=x", "?tahap=nirwana", "?sejak=kemarin", "?lingkup=lain&hal=-3", "?nama=%25_\\"]
)
def test_an_odd_address_still_opens(shared: Counter, address: str) -> None:
    assert browser(shared, "loket").get("/kotak" + address).status_code == 200
