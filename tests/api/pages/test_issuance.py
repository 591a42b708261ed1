"""The stop switch on a page, and the closed days of the register."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.services.issuance import state
from models.services.register_close import ClosingDesk, close_register
from tests.api.counter import Counter
from tests.api.pages.backoffice import browser
from tests.cases import an_application
from tests.factories import TEMPLATES
from workers.adapters.register_press import TypstRegisterPress

HOME = "/ops/penerbitan"
STOP = {"perbuatan": "hentikan", "alasan": "Cap kantor sedang diganti."}
RESUME = {"perbuatan": "lanjutkan"}


def stopped(counter: Counter) -> bool:
    with counter.office.db.transaction() as session:
        return state(session, counter.office.clock.now()).stopped


def test_the_head_stops_and_resumes(counter: Counter) -> None:
    case_id = an_application(counter.office, "numbering")
    client = browser(counter, "kepala")
    assert "Surat diterbitkan seperti biasa." in client.get(HOME).text
    answer = client.post(HOME, data=STOP, follow_redirects=True)
    assert answer.status_code == 200
    assert "Penerbitan dihentikan." in answer.text
    assert STOP["alasan"] in answer.text
    assert not counter.office.perform(counter.office.ticket(case_id))
    assert "Pekerjaan yang menunggu" in client.get(HOME).text
    assert "Penerbitan dilanjutkan." in client.post(HOME, data=RESUME, follow_redirects=True).text
    counter.office.work()
    assert counter.office.case(case_id).stage == "ready"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"perbuatan": "hentikan", "alasan": " x "}, "Tulis alasan penghentian"),
        ({"perbuatan": "hapus"}, "Pilih menghentikan atau melanjutkan"),
        ({}, "Pilih menghentikan atau melanjutkan"),
    ],
    ids=["no reason", "another act", "nothing"],
)
def test_what_is_missing_is_said_and_nothing_happens(counter: Counter, form: dict[str, str], said: str) -> None:
    answer = browser(counter, "operator").post(HOME, data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert not stopped(counter)


def test_two_at_once_stop_it_once(counter: Counter) -> None:
    first, second = browser(counter, "admin"), browser(counter, "operator")
    first.post(HOME, data=STOP)
    assert "Keadaan sudah berubah" in second.post(HOME, data=STOP, follow_redirects=True).text
    second.post(HOME, data=RESUME)
    assert "Keadaan sudah berubah" in first.post(HOME, data=RESUME, follow_redirects=True).text


def test_the_secretary_may_stop_and_is_told_who_resumes(counter: Counter) -> None:
    client = browser(counter, "sekretaris")
    page = client.post(HOME, data=STOP, follow_redirects=True).text
    assert "Yang melanjutkan adalah Kepala Dinas" in page
    assert client.post(HOME, data=RESUME).status_code == 403
    assert stopped(counter)


@pytest.mark.parametrize("username", ["loket", "blanko", "muda", "madya"])
def test_others_do_not_get_there(counter: Counter, username: str) -> None:
    client = browser(counter, username)
    assert client.get(HOME).status_code == 403
    assert client.post(HOME, data=STOP).status_code == 403
    assert not stopped(counter)


def test_closed_days_are_listed_and_downloaded(counter: Counter) -> None:
    office = counter.office
    an_application(office, "ready")
    client = browser(counter, "blanko")
    assert "Belum ada hari yang ditutup." in client.get("/register/penutupan").text
    assert client.get("/register/penutupan/2026-03-02.pdf").status_code == 404
    office.clock.set(datetime(2026, 3, 2, 17, 30, tzinfo=UTC))
    close_register(office.db, office.clock, ClosingDesk(office.vault, TypstRegisterPress(TEMPLATES), office.calendar))
    client = browser(counter, "blanko")
    assert 'href="/register/penutupan/2026-03-02.pdf"' in client.get("/register/penutupan").text
    page = client.get("/register/penutupan/2026-03-02.pdf")
    assert page.content.startswith(b"%PDF")
    assert 'filename="penutupan-register-2026-03-02.pdf"' in page.headers["content-disposition"]
    assert client.get("/register/penutupan/kemarin.pdf").status_code in {404, 422}
