"""An applicant without an account, by plain forms: from the first page to his receipt, and back with a correction."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.ports import Finding, Inspection
from models.rules.requirements import applicable
from models.services.inputs import ReturnItem
from models.services.inspect_upload import inspect_upload
from models.services.verify import return_to_applicant
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.work import Outbox
from ops.page_weight import page_weight
from ops.samples.people import applicant, holder_data
from tests.api.counter import JPEG, PDF, Counter
from tests.factories import Office, sikro_definition

PERSON = ("name", "nik", "birth_place", "address", "phone", "email")
PLACE = ("str_number", "workplace_name", "workplace_address")
KIB = 1024


def browser(counter: Counter) -> TestClient:
    """Somebody's phone: it takes HTML and does not follow, so that each answer can be looked at."""
    client = counter.client(Accept="text/html")
    client.follow_redirects = False
    return client


def begin(client: TestClient, kind: str = "baru") -> None:
    answer = client.post("/ajukan", data={"type": f"SIKRO:{kind}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ajukan/tugas")


def person(office: Office, seed: int = 7) -> dict[str, str]:
    data = holder_data(applicant(seed, on=office.today))
    return {name: str(data[name]) for name in PERSON}


def place(office: Office, seed: int = 7) -> dict[str, str]:
    data = holder_data(applicant(seed, on=office.today))
    ends = data["str_valid_until"]
    term = {"str_valid_until": ends} if ends else {"str_lifelong": "ya"}
    return {name: str(data[name]) for name in PLACE} | term | {"place_order": "1"}


def describe(client: TestClient, office: Office) -> None:
    assert client.post("/ajukan/data-diri", data=person(office)).headers["location"] == "/ajukan/tempat-kerja"
    assert client.post("/ajukan/tempat-kerja", data=place(office)).headers["location"] == "/ajukan/berkas"


def upload(client: TestClient, office: Office, code: str, **more: str) -> None:
    requirement = sikro_definition().sop.requirement(code)
    image = requirement.kinds == ("image",)
    values = {"number": "12/A/2026", "date": (office.today - timedelta(days=3)).isoformat(), "issuer": "Dinkes"}
    data = {f"fields.{code}.{f.code}": values[f.code] for f in requirement.fields if f.code in values}
    file = ("foto.jpg", JPEG + code.encode()) if image else ("pindai.pdf", PDF + code.encode())
    answer = client.post(f"/ajukan/berkas/{code}", data={**data, **more}, files={f"files.{code}": file})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ajukan/berkas#kartu-{code}")


def required(office: Office) -> list[str]:
    items = applicable(sikro_definition().sop, "baru", office.today)
    return [item.requirement.code for item in items if item.required]


def only_case(office: Office) -> Application:
    with office.db.transaction() as session:
        return session.exec(select(Application)).one()


def inspect_all(office: Office) -> None:
    with office.db.transaction() as session:
        rows = session.exec(select(Outbox).where(Outbox.task == "paraf.inspect_document")).all()
    for row in rows:
        inspect_upload(office.db, office.clock, office.inspector, row.subject_id, row.generation)


def submitted(client: TestClient, office: Office) -> Application:
    begin(client)
    describe(client, office)
    for code in required(office):
        upload(client, office, code)
    case = only_case(office)
    answer = client.post("/ajukan/kirim", data={"version": str(case.version)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ajukan/status?baru=1")
    return only_case(office)


def test_from_nothing_to_a_receipt(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    assert "Izin baru" in client.get("/ajukan").text
    begin(client)
    assert "Belum bisa" in client.get("/ajukan/tugas").text
    describe(client, office)
    for code in required(office):
        if code != "pas_foto":
            upload(client, office, code)
    tasks = client.get("/ajukan/tugas").text
    assert "Kurang 1: pas foto berwarna 4x6, latar merah" in tasks
    assert "contoh-pas-foto" in client.get("/ajukan/berkas").text
    upload(client, office, "pas_foto")
    assert "Kurang" not in client.get("/ajukan/tugas").text

    review = client.get("/ajukan/periksa").text
    assert "dijanjikan selesai <strong>Rabu, 4 Maret 2026, 09." in review
    assert person(office)["nik"] not in review
    version = only_case(office).version
    assert client.post("/ajukan/kirim", data={"version": str(version)}).status_code == 303
    shown = client.get("/ajukan/status?baru=1").text
    assert "REG/00001/SIKRO/2026" in shown
    assert "Rabu, 4 Maret 2026, 09." in shown
    assert "Permohonan sudah kami terima" in shown
    assert client.get("/ajukan/tugas").headers["location"] == "/ajukan/status"


def test_the_nik_fills_birth_date_and_sex(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    sample = applicant(7, on=office.today)
    with office.db.transaction() as session:
        holder = session.exec(select(HolderData)).one()
    assert (holder.birth_date, holder.sex) == (sample.birth_date, sample.sex)


def test_faults_keep_what_was_typed_and_name_each_field(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    answer = client.post("/ajukan/data-diri", data=person(office) | {"nik": "147106", "phone": "12", "name": "Melur"})
    assert answer.status_code == 422
    assert 'value="Melur"' in answer.text
    assert 'href="#f-nik"' in answer.text
    assert "NIK terdiri dari 16 angka, yang diisi 6." in answer.text
    assert "Nomor telepon tidak dikenal." in answer.text


def test_data_are_stored_in_halves_and_the_nik_is_not_shown_again(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    client.post("/ajukan/data-diri", data=person(office))
    form = client.get("/ajukan/data-diri").text
    assert person(office)["nik"] not in form
    assert f"tersimpan berakhiran {person(office)['nik'][-4:]}" in form
    again = person(office) | {"nik": "", "birth_date": "1980-05-06", "sex": "L", "address": "Jl. Baru 1"}
    assert client.post("/ajukan/data-diri", data=again).status_code == 303
    with office.db.transaction() as session:
        holder = session.exec(select(HolderData)).one()
    assert (holder.address, holder.nik_tail) == ("Jl. Baru 1", person(office)["nik"][-4:])


def test_a_berkas_that_lacks_something_is_not_handed_in(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    upload(client, office, "ktp")
    answer = client.post("/ajukan/kirim", data={"version": str(only_case(office).version)})
    assert answer.status_code == 422
    assert "Belum dapat dikirim" in answer.text
    assert only_case(office).stage == "draft"


def test_the_link_opens_the_draft_elsewhere_and_an_unknown_one_nothing(counter: Counter) -> None:
    client, other = browser(counter), browser(counter)
    begin(client)
    found = re.search(r"/ajukan/([\w-]{32})<", client.get("/ajukan/tugas").text)
    assert found is not None
    assert other.get("/ajukan/tugas").headers["location"] == "/ajukan"
    assert other.get(f"/ajukan/{found[1]}").headers["location"] == "/ajukan/tugas"
    assert other.get("/ajukan/tugas").status_code == 200
    assert browser(counter).get("/ajukan/" + "x" * 32).status_code == 404


def test_who_tries_many_links_waits(counter: Counter) -> None:
    client = browser(counter)
    answers = [client.get(f"/ajukan/{'x' * 30}{n:02}").status_code for n in range(30)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_the_finding_stands_at_its_card(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    office.scanner.answers[JPEG + b"pas_foto"] = Inspection(
        "reject", "image/jpeg", 0, (Finding("reject", "too-small", "Foto terlalu kecil. Kirim foto yang lebih besar."),)
    )
    upload(client, office, "pas_foto")
    waiting = client.get("/ajukan/berkas/pas_foto/hasil")
    assert waiting.status_code == 200
    assert "Sedang diperiksa" in waiting.text
    assert 'data-poll="/ajukan/berkas/pas_foto/hasil"' in client.get("/ajukan/berkas").text
    inspect_all(office)
    told = client.get("/ajukan/berkas/pas_foto/hasil")
    assert told.status_code == 286
    assert "Foto terlalu kecil." in told.text
    assert "Foto terlalu kecil." in client.get("/ajukan/berkas").text


def test_a_file_of_a_wrong_kind_is_refused_at_its_card(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    answer = client.post("/ajukan/berkas/ktp", files={"files.ktp": ("ktp.exe", b"MZ not a picture")})
    assert answer.status_code == 422
    assert 'href="#f-files-ktp"' in answer.text
    none = client.post("/ajukan/berkas/ktp", data={})
    assert none.status_code == 422
    assert "Pilih berkas dahulu" in none.text


def test_particulars_can_be_mended_without_the_file(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    upload(client, office, "surat_sehat")
    old = client.post("/ajukan/berkas/surat_sehat", data={"fields.surat_sehat.date": "2020-01-01"})
    assert old.status_code == 303
    inspect_all(office)
    shown = client.get("/ajukan/berkas").text
    assert 'value="2020-01-01"' in shown
    assert "sudah lebih dari 3 bulan" in shown


def test_a_correction_opens_only_what_came_back(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    case = submitted(client, office)
    office.work()
    office.clock.advance(minutes=30)
    item = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca", note="Bagian kiri silau.")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case.id, [item])
    office.clock.advance(minutes=30)

    tasks = client.get("/ajukan/tugas").text
    assert "KTP tidak terbaca." in tasks
    assert "Bagian kiri silau." in tasks
    cards = client.get("/ajukan/berkas").text
    assert 'id="kartu-ktp"' in cards
    assert 'id="kartu-ijazah"' not in cards
    locked = client.post("/ajukan/berkas/ijazah", files={"files.ijazah": ("lain.pdf", PDF + b"other")})
    assert locked.status_code == 409
    assert client.get("/ajukan/data-diri").status_code == 409
    assert client.post("/ajukan/kirim", data={"version": str(only_case(office).version)}).status_code == 422

    upload(client, office, "ktp", note="again")
    with office.db.transaction() as session:
        newest = session.exec(select(Document).where(Document.requirement == "ktp")).all()
    assert len(newest) == 1  # the same bytes change nothing
    answer = client.post("/ajukan/berkas/ktp", files={"files.ktp": ("ktp-baru.pdf", PDF + b"sharper")})
    assert answer.status_code == 303
    assert client.post("/ajukan/kirim", data={"version": str(only_case(office).version)}).status_code == 303
    assert only_case(office).stage == "checking"


def test_data_that_came_back_are_opened(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    case = submitted(client, office)
    office.work()
    item = ReturnItem(requirement="data", reason="data_tidak_sesuai")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case.id, [item])
    assert client.get("/ajukan/data-diri").status_code == 200
    assert "Data yang diisi berbeda dengan dokumen." in client.get("/ajukan/tugas").text


def test_a_stale_berkas_shows_its_new_state(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    for code in required(office):
        upload(client, office, code)
    answer = client.post("/ajukan/kirim", data={"version": "99"})
    assert answer.status_code == 409
    assert "sudah berubah" in answer.text
    assert only_case(office).stage == "draft"


@pytest.mark.parametrize("path", ["data-diri", "tempat-kerja", "berkas", "periksa", "status", "tugas", "cabut"])
def test_without_a_link_everything_leads_to_the_beginning(counter: Counter, path: str) -> None:
    answer = browser(counter).get(f"/ajukan/{path}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ajukan")


def test_ones_own_files_only_and_looking_is_on_record(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    describe(client, office)
    upload(client, office, "ktp")
    with office.db.transaction() as session:
        document_id: UUID = session.exec(select(Document.id)).one()
    stranger = browser(counter)
    begin(stranger)
    assert stranger.get(f"/ajukan/dokumen/{document_id}").status_code == 404
    assert stranger.post(f"/ajukan/dokumen/{document_id}/hapus").status_code == 404
    assert client.get(f"/ajukan/dokumen/{document_id}").content == PDF + b"ktp"
    with office.db.transaction() as session:
        kinds = session.exec(select(Event.kind)).all()
    assert kinds.count("viewed_document") == 1
    assert client.post(f"/ajukan/dokumen/{document_id}/hapus").status_code == 303
    assert client.get(f"/ajukan/dokumen/{document_id}").status_code == 404


def test_an_application_can_be_taken_back_and_forgotten(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    assert "Cabut permohonan ini?" in client.get("/ajukan/cabut").text
    answer = client.post("/ajukan/cabut", data={"version": str(only_case(office).version)})
    assert answer.headers["location"] == "/ajukan/status"
    assert only_case(office).stage == "withdrawn"
    assert "Dicabut pemohon" in client.get("/ajukan/status").text
    client.post("/ajukan/tutup")
    assert client.get("/ajukan/status").headers["location"] == "/ajukan"


def test_an_unknown_type_is_refused(counter: Counter) -> None:
    answer = browser(counter).post("/ajukan", data={"type": "SIKRO:sulap"})
    assert answer.status_code == 422
    assert "Pilih jenis permohonan." in answer.text


def test_the_heaviest_page_of_an_applicant_is_light(counter: Counter) -> None:
    client, office = browser(counter), counter.office
    begin(client)
    for path in ("/ajukan", "/ajukan/tugas", "/ajukan/data-diri"):
        assert sum(page_weight(client, path).values()) <= 40 * KIB
    describe(client, office)
    for code in required(office):
        upload(client, office, code)
    for path in ("/ajukan/berkas", "/ajukan/periksa"):
        assert sum(page_weight(client, path).values()) <= 40 * KIB
