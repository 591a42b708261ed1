"""The admin's pages: people, posts, mandates with a step-up, keys, calendar, definitions, and the audit view."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from sqlalchemy import event
from sqlmodel import col, select
from starlette.testclient import TestClient

from models.tables.cases import Event
from models.tables.people import Person, RoleGrant, SigningKey
from tests.api.counter import Counter, password_of
from tests.api.pages.test_officials import browser
from tests.cases import an_application
from tests.factories import HEAD, passphrase_of

PAGES = [
    "/admin",
    "/admin/orang",
    "/admin/orang/baru",
    "/admin/mandat",
    "/admin/kunci",
    "/admin/kalender",
    "/admin/definisi",
    "/admin/audit",
]
MANDATE = {
    "role": "kepala_dinas",
    "acting": "Plh.",
    "decree": "800/17/2026",
    "first": "2026-03-03",
    "last": "2026-03-10",
}


def kinds(counter: Counter) -> list[str]:
    with counter.office.db.transaction() as session:
        return list(session.exec(select(Event.kind).where(col(Event.application_id).is_(None)).order_by(col(Event.id))))


def mandate(counter: Counter, username: str = "sekretaris", **changes: str) -> dict[str, str]:
    return {**MANDATE, "person": str(counter.office.people[username]), **changes}


def key_file(passphrase: str, end: datetime) -> bytes:
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Uji")]),
    )
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(end)
    encryption = BestAvailableEncryption(passphrase.encode())
    return pkcs12.serialize_key_and_certificates(b"uji", key, builder.sign(key, SHA256()), None, encryption)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_for_an_admin_and_for_nobody_else(shared: Counter, path: str) -> None:
    answer = browser(shared, "admin").get(path)
    assert answer.status_code == 200
    assert "Bagian admin" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert browser(shared, "loket").get(path).status_code == 403
    assert browser(shared).get(path, follow_redirects=False).headers["location"].startswith("/masuk?lanjut=%2Fadmin")


def new_person(client: TestClient, **changes: str) -> Any:
    form = {"name": "Sekar Wulandari Putri", "username": "sekar", "role": "front_office", **changes}
    return client.post("/admin/orang", data=form)


def test_a_new_person_gets_a_password_that_is_shown_once_and_works(counter: Counter) -> None:
    admin = browser(counter, "admin")
    page = new_person(admin)
    password = re.search(r"data-copy=\"([0-9a-f-]+)\"", page.text)
    assert password is not None
    assert password[1] not in admin.get("/admin/orang").text
    answer = counter.client(accept="text/html").post(
        "/masuk", data={"username": "sekar", "password": password[1]}, follow_redirects=False
    )
    assert answer.headers["location"] == "/kotak"
    assert {"person_added", "role_granted"} <= set(kinds(counter))


def test_a_password_that_was_handed_out_ends_unless_its_owner_chose_his_own(counter: Counter) -> None:
    def opens(password: str) -> bool:
        form = {"username": "sekar", "password": password}
        answer = counter.client(accept="text/html").post("/masuk", data=form, follow_redirects=False)
        return answer.status_code == 303

    found = re.search(r"data-copy=\"([0-9a-f-]+)\"", new_person(browser(counter, "admin")).text)
    assert found is not None
    first, own = found[1], "tujuh bebek menyeberang"
    counter.office.clock.advance(days=2)
    assert opens(first)
    sekar = counter.client(accept="text/html")
    sekar.post("/masuk", data={"username": "sekar", "password": first})
    form = {"new_password": own, "new_password_again": own, "passphrase": first}
    assert sekar.post("/saya/keamanan/sandi", data=form, follow_redirects=False).status_code == 303
    counter.office.clock.advance(days=2)
    assert opens(own)
    with counter.office.db.transaction() as session:
        person_id = session.exec(select(Person.id).where(Person.username == "sekar")).one()
    reset = browser(counter, "admin").post(f"/admin/orang/{person_id}/sandi")
    again = re.search(r"data-copy=\"([0-9a-f-]+)\"", reset.text)
    assert again is not None
    assert opens(again[1])
    counter.office.clock.advance(days=3, minutes=1)
    assert not opens(again[1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "loket"),
        ("username", "Dua Kata"),
        ("nip", "123"),
        ("email", "bukan"),
        ("name", ""),
        ("role", "raja"),
    ],
)
def test_what_can_not_be_taken_is_told_at_its_field_and_the_rest_stays(
    counter: Counter, field: str, value: str
) -> None:
    answer = new_person(browser(counter, "admin"), **{field: value})
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    kept = "Sekar Wulandari Putri" if field != "name" else "sekar"
    assert f'value="{kept}"' in answer.text


def test_who_is_switched_off_is_out_at_once_and_stays_on_record(counter: Counter) -> None:
    admin, clerk = browser(counter, "admin"), browser(counter, "loket")
    person = counter.office.people["loket"]
    assert admin.post(f"/admin/orang/{person}/aktif", data={"aktif": "0"}).status_code == 200
    assert clerk.get("/kotak", follow_redirects=False).status_code == 303
    denied = {"username": "loket", "password": password_of("loket")}
    assert counter.client(accept="text/html").post("/masuk", data=denied).status_code == 422
    with counter.office.db.transaction() as session:
        assert session.get_one(Person, person).name
    admin.post(f"/admin/orang/{person}/aktif", data={"aktif": "1"})
    assert browser(counter, "loket").get("/kotak").status_code == 200


def test_an_admin_can_not_shut_himself_out(counter: Counter) -> None:
    admin, own = browser(counter, "admin"), counter.office.people["admin"]
    assert admin.post(f"/admin/orang/{own}/aktif", data={"aktif": "0"}).status_code == 422
    with counter.office.db.transaction() as session:
        grant = session.exec(select(RoleGrant.id).where(RoleGrant.person_id == own, RoleGrant.role == "admin")).one()
    assert admin.post(f"/admin/peran/{grant}/akhiri").status_code == 422
    assert admin.get("/admin").status_code == 200


def test_a_post_holds_between_its_dates_and_signs_its_holder_out(counter: Counter) -> None:
    admin, clerk, person = browser(counter, "admin"), browser(counter, "loket"), counter.office.people["loket"]
    form = {"role": "back_office", "first": "2026-03-03", "last": "2026-03-04"}
    assert "Nanti" in admin.post(f"/admin/orang/{person}/peran", data=form).text
    assert clerk.get("/kotak", follow_redirects=False).status_code == 303
    assert admin.post(f"/admin/orang/{person}/peran", data=form).status_code == 422, "twice on the same days"
    assert "back_office" not in counter.office.actor("loket").roles
    counter.office.clock.advance(days=1)
    assert "back_office" in counter.office.actor("loket").roles
    counter.office.clock.advance(days=2)
    assert "back_office" not in counter.office.actor("loket").roles


@pytest.mark.parametrize(
    "form", [{"first": "2026-03-03"}, {"role": "raja", "first": "2026-03-03"}, {"role": "operator"}]
)
def test_a_post_without_role_or_day_is_refused(counter: Counter, form: dict[str, str]) -> None:
    person = counter.office.people["loket"]
    assert browser(counter, "admin").post(f"/admin/orang/{person}/peran", data=form).status_code == 422


def test_a_mandate_is_shown_then_proved_then_holds(counter: Counter) -> None:
    admin = browser(counter, "admin")
    shown = admin.post("/admin/mandat", data=mandate(counter))
    assert "Sahkan mandat ini?" in shown.text
    assert "800/17/2026" in shown.text
    form = {**mandate(counter), "passphrase": password_of("admin")}
    before = admin.cookies["paraf"]
    done = admin.post("/admin/mandat/sahkan", data=form, follow_redirects=False)
    assert done.headers["location"] == "/admin/mandat?pesan=mandat"
    assert admin.cookies["paraf"] != before, "a session is rotated when it may do more"
    assert admin.get("/admin/mandat").text.count("800/17/2026") == 1
    counter.office.clock.advance(days=1)
    assert "kepala_dinas" in counter.office.actor("sekretaris").roles
    assert kinds(counter)[-2:] == ["step_up", "mandate_granted"]


def test_a_wrong_password_moves_nothing_and_tries_grow_slower(counter: Counter) -> None:
    admin = browser(counter, "admin")
    statuses = []
    for _ in range(6):
        answer = admin.post("/admin/mandat/sahkan", data={**mandate(counter), "passphrase": "bukan ini"})
        statuses.append(answer.status_code)
    assert statuses == [422] * 5 + [429]
    assert "mandate_granted" not in kinds(counter)
    counter.office.clock.advance(seconds=2)
    form = {**mandate(counter), "passphrase": password_of("admin")}
    assert admin.post("/admin/mandat/sahkan", data=form, follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [("decree", ""), ("acting", "Pj."), ("role", "admin"), ("first", "besok"), ("last", "2026-03-01"), ("person", "x")],
)
def test_a_mandate_without_its_parts_is_refused(counter: Counter, field: str, value: str) -> None:
    answer = browser(counter, "admin").post("/admin/mandat", data=mandate(counter, **{field: value}))
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text


def test_a_post_has_one_acting_official_at_a_time(counter: Counter) -> None:
    admin, secret = browser(counter, "admin"), {"passphrase": password_of("admin")}
    admin.post("/admin/mandat/sahkan", data={**mandate(counter), **secret})
    second = admin.post("/admin/mandat/sahkan", data={**mandate(counter, "madya"), **secret})
    assert second.status_code == 422
    assert "sudah ada untuk tanggal itu" in second.text


def upload(client: TestClient, counter: Counter, data: bytes, passphrase: str) -> Any:
    form = {"person": str(counter.office.people["muda"]), "passphrase": passphrase}
    return client.post("/admin/kunci", data=form, files={"file": ("kunci.p12", data)})


def test_a_key_is_registered_sealed_and_revoked(counter: Counter) -> None:
    admin, secret = browser(counter, "admin"), "kata sandi kunci uji"
    data = key_file(secret, datetime(2026, 3, 20, tzinfo=UTC))
    page = upload(admin, counter, data, secret)
    assert "Kunci sudah terdaftar" in page.text
    assert "20 Maret 2026" in page.text
    assert page.text.count("Kunci akan berakhir") == 1, "less than thirty days are left"
    with counter.office.db.transaction() as session:
        wanted = select(SigningKey).where(SigningKey.person_id == counter.office.people["muda"])
        row = session.exec(wanted.order_by(col(SigningKey.created_at).desc(), col(SigningKey.id).desc())).first()
        assert row is not None
        assert data not in row.material
        assert secret not in row.passphrase_hash
    assert "Kunci sudah dicabut" in admin.post(f"/admin/kunci/{row.id}/cabut").text
    assert kinds(counter)[-2:] == ["signing_key_registered", "signing_key_revoked"]


@pytest.mark.parametrize("case", ["wrong", "ended", "junk", "short"])
def test_a_key_that_can_not_be_used_is_refused(counter: Counter, case: str) -> None:
    end = datetime(2026, 2, 1 if case == "ended" else 20, tzinfo=UTC) + timedelta(days=365 if case != "ended" else 0)
    secret = "pendek" if case == "short" else "kata sandi kunci uji"
    data = b"bukan kunci" if case == "junk" else key_file(secret, end)
    answer = upload(browser(counter, "admin"), counter, data, "salah sekali ini" if case == "wrong" else secret)
    assert answer.status_code == 422
    assert "signing_key_registered" not in kinds(counter)


def test_what_is_entered_moves_promises_at_once_and_its_removal_too(counter: Counter) -> None:
    admin, office = browser(counter, "admin"), counter.app.state.office
    before = office.calendar.add_working_days(date(2026, 3, 2), 2)
    admin.post("/admin/kalender/tutup", data={"first": "2026-03-03", "last": "2026-03-04", "reason": "Banjir"})
    assert office.calendar.add_working_days(date(2026, 3, 2), 2) > before
    page = admin.get("/admin/kalender").text
    assert "Banjir" in page
    path = re.search(r"/admin/kalender/closure/[0-9a-f-]+/hapus", page)
    assert path is not None
    assert "sudah dihapus" in admin.post(path[0]).text
    assert office.calendar.add_working_days(date(2026, 3, 2), 2) == before
    assert admin.post(path[0]).status_code == 404


def test_another_process_sees_what_was_entered_within_seconds(counter: Counter) -> None:
    other = Counter(counter.office)
    browser(counter, "admin").post(
        "/admin/kalender/hari", data={"day": "2026-03-03", "worked": "0", "why": "Hari jadi kota"}
    )
    assert other.app.state.office.calendar.is_working_day(date(2026, 3, 3))
    counter.office.clock.advance(seconds=16)
    assert not other.app.state.office.calendar.is_working_day(date(2026, 3, 3))


def test_a_week_of_other_hours_holds_for_its_dates(counter: Counter) -> None:
    form = {"desk": "counter", "week_first": "2026-03-03", "week_last": "2026-03-05", "note": "Ramadan"}
    hours = {f"hours_{day}": "08.00-14.00" for day in ("senin", "selasa", "rabu", "kamis", "jumat")}
    assert "Ramadan" in browser(counter, "admin").post("/admin/kalender/minggu", data={**form, **hours}).text
    calendar = counter.app.state.office.calendar
    closes = {day: calendar.spans(date(2026, 3, day), "counter")[-1][1].hour for day in (3, 5, 6)}
    assert closes == {3: 14, 5: 14, 6: 15}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("tutup", {"first": "2026-03-05", "last": "2026-03-03", "reason": "Banjir"}),
        ("tutup", {"first": "2026-03-03", "last": "2026-03-03"}),
        ("hari", {"day": "2026-03-07", "worked": "1", "hours": "8-12", "why": "Piket"}),
        ("hari", {"day": "", "worked": "1", "why": "Piket"}),
        ("minggu", {"desk": "counter", "week_first": "2026-03-03", "week_last": "2026-03-05", "note": "Ramadan"}),
        ("minggu", {"desk": "atap", "week_first": "2026-03-03", "week_last": "2026-03-05", "note": "Ramadan"}),
    ],
)
def test_what_is_no_calendar_is_refused_and_kept(counter: Counter, path: str, form: dict[str, str]) -> None:
    answer = browser(counter, "admin").post(f"/admin/kalender/{path}", data=form)
    assert answer.status_code == 422
    assert "Kalender belum berubah" in answer.text
    assert "calendar_entered" not in kinds(counter)


def test_definitions_show_what_is_loaded_with_its_hash(counter: Counter) -> None:
    admin = browser(counter, "admin")
    page = admin.get("/admin/definisi").text
    path = re.search(r"/admin/definisi/versi/[0-9a-f-]+", page)
    assert path is not None
    assert "Surat permohonan" in admin.get(path[0]).text
    assert admin.get("/admin/definisi/berkas/sikro").status_code == 404, "nothing new waits"
    assert admin.get(f"/admin/definisi/versi/{UUID(int=3)}").status_code == 404


def test_the_audit_view_filters_and_pages_without_loss(counter: Counter) -> None:
    admin = browser(counter, "admin")
    for number in range(60):
        person = counter.office.people["loket"]
        admin.post(f"/admin/orang/{person}", data={"title": f"Petugas {number}", "rank": "", "email": ""})
    first = admin.get("/admin/audit?jenis=person_changed").text
    assert first.count('data-label="Kejadian"') == 50
    following = re.search(r'href="([^"]+setelah[^"]+)"', first)
    assert following is not None
    second = admin.get(following[1].replace("&amp;", "&")).text
    assert second.count('data-label="Kejadian"') == 10
    assert "Tidak ada yang cocok" in admin.get("/admin/audit?jenis=person_changed&sejak=2027-01-01").text
    assert admin.get("/admin/audit?orang=x&sejak=y&jenis=z").status_code == 200
    assert admin.get("/admin/audit?setelah=junk").status_code == 400


def test_events_of_a_case_are_found_by_its_number(counter: Counter) -> None:
    case = counter.office.case(an_application(counter.office, "verifying"))
    admin = browser(counter, "admin")
    page = admin.get(f"/admin/audit?nomor={case.registration_number}").text
    assert page.count('data-label="Kejadian"') >= 3
    assert f"/permohonan/{case.id}" in page


@pytest.mark.parametrize("path", ["/admin/orang", "/admin/audit", "/admin"])
def test_lists_cost_the_same_number_of_queries_however_long(counter: Counter, path: str) -> None:
    admin, counts = browser(counter, "admin"), []
    for batch in range(2):
        for number in range(3):
            new_person(admin, username=f"orang{batch}{number}")
        seen: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(counter.office.db.engine, "before_cursor_execute", note)
        assert admin.get(path).status_code == 200
        event.remove(counter.office.db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10


def test_the_head_signs_his_step_up_with_his_signing_passphrase(counter: Counter) -> None:
    admin_too = counter.office.people[HEAD]
    browser(counter, "admin").post(f"/admin/orang/{admin_too}/peran", data={"role": "admin", "first": "2026-03-02"})
    head = browser(counter, HEAD)
    form = mandate(counter)
    assert head.post("/admin/mandat/sahkan", data={**form, "passphrase": password_of(HEAD)}).status_code == 422
    right = head.post("/admin/mandat/sahkan", data={**form, "passphrase": passphrase_of(HEAD)}, follow_redirects=False)
    assert right.status_code == 303
