"""`/batch` as a browser without scripts sees it."""

from __future__ import annotations

import re

import pytest

from api.pages.batch import MESSAGES
from models.rules.errors import InvalidInput
from models.services.batch_control import watch
from models.services.verify import verify
from models.tables.batch import Batch
from tests.api.counter import Counter
from tests.batch_files import a_batch, as_csv, as_zip, cells, files_of
from tests.cases import an_application
from tests.factories import Office
from tests.models.services.batches import Batches
from tests.models.services.probe import only


def test_a_file_is_judged_then_run_then_followed(counter: Counter, office: Office) -> None:
    desk = counter.sign_in("operator")
    assert "Belum ada kiriman" in desk.get("/batch").text
    rows = [cells(1), cells(2, nik="7")]
    data = as_zip({"manifest.csv": as_csv(rows), **files_of(1, 2)})
    judged = desk.post("/batch", data={"licence": "SIKRO", "mends": ""}, files={"file": ("rs.zip", data)})
    assert judged.status_code == 200
    assert "<strong>1 dari 2</strong> baris siap" in judged.text
    assert "NIK terdiri dari 16 angka" in judged.text
    assert Batches(office).due() == []
    token = re.findall(r'name="kode" value="([^"]+)"', judged.text)[0]
    batch = only(office, Batch)
    run = desk.post(f"/batch/{batch.id}/jalankan", data={"kode": token})
    assert MESSAGES["jalan"] in run.text
    Batches(office, cipher=counter.app.state.office.answer_cipher).take_all()
    shown = desk.get(f"/batch/{batch.id}").text
    assert "<strong>1 dari 2</strong> baris sudah selesai" in shown
    assert "Pemeriksaan sistem" in shown
    assert f'href="/v1/batches/{batch.id}/errors.csv"' in shown
    assert "rs.zip" in desk.get("/batch").text


def test_pause_resume_and_cancel_by_buttons(counter: Counter, office: Office) -> None:
    sent = Batches(office).send(a_batch(1, 2))
    desk = counter.sign_in("operator")
    assert MESSAGES["jeda"] in desk.post(f"/batch/{sent.batch_id}/jeda").text
    assert MESSAGES["berubah"] in desk.post(f"/batch/{sent.batch_id}/jeda").text
    assert MESSAGES["lanjut"] in desk.post(f"/batch/{sent.batch_id}/lanjut").text
    assert MESSAGES["batal"] in desk.post(f"/batch/{sent.batch_id}/batal").text
    watch(office.db, office.clock)
    page = desk.get(f"/batch/{sent.batch_id}").text
    assert "2 dari 2" in page
    assert "/batal" not in page
    assert desk.get(f"/batch/{sent.batch_id}/kemajuan").status_code == 286


def test_what_is_wrong_with_a_file_stands_at_the_form(counter: Counter) -> None:
    desk = counter.sign_in("operator")
    answer = desk.post("/batch", data={"licence": "SIKRO"}, files={"file": ("x.csv", b"nama,umur\nA,7\n")})
    assert answer.status_code == 422
    assert "Kolom tidak dikenal: &#39;umur&#39;." in answer.text
    assert desk.post("/batch", data={"licence": "SIKRO"}).status_code == 422


def test_the_same_file_leads_to_the_first(counter: Counter, office: Office) -> None:
    first = Batches(office).send(a_batch(1))
    desk = counter.sign_in("blanko")
    judged = desk.post("/batch", data={"licence": "SIKRO"}, files={"file": ("rs.zip", a_batch(1))})
    token = re.findall(r'name="kode" value="([^"]+)"', judged.text)[0]
    again = desk.post(f"{judged.url.path}/jalankan", data={"kode": token})
    assert again.url.path == f"/batch/{first.batch_id}"
    assert MESSAGES["sama"] in again.text


def test_who_may_not_send_sees_no_form(counter: Counter, office: Office) -> None:
    sent = Batches(office).send(a_batch(1))
    desk = counter.sign_in("kepala")
    assert "Periksa kiriman" not in desk.get("/batch").text
    assert "/jeda" not in desk.get(f"/batch/{sent.batch_id}").text
    assert desk.post(f"/batch/{sent.batch_id}/jeda").status_code == 403
    assert counter.sign_in("pemohon").get("/batch").status_code == 403


def test_officials_see_a_batch_as_one_pile(counter: Counter, office: Office) -> None:
    """Of two letters that wait for the same paraf, one came of the batch."""
    other = an_application(office, "awaiting_paraf")
    sent = Batches(office).send(a_batch(1))
    Batches(office).take_all()
    office.work()
    (item,) = Batches(office).items(sent.batch_id)
    assert item.application_id is not None
    with pytest.raises(InvalidInput) as caught:
        verify(office.db, office.clock, office.actor("loket"), item.application_id)
    missing = {fault.pointer.removeprefix("/overrides/"): "Diserahkan di loket." for fault in caught.value.faults}
    verify(office.db, office.clock, office.actor("loket"), item.application_id, None, missing)
    office.work()
    desk = counter.sign_in("muda")
    for page, wanted in (("/tinjau", f"surat-{item.application_id}"), ("/kotak", f"/permohonan/{item.application_id}")):
        both, one = desk.get(page).text, desk.get(f"{page}?batch={sent.batch_id}").text
        assert wanted in both
        assert str(other) in both
        assert wanted in one
        assert str(other) not in one
        assert desk.get(f"{page}?batch=kemarin").status_code == 200
