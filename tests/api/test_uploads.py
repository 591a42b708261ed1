"""Files of a berkas: what is taken, what is refused and why, and how they are served again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from api.security import FORM_ROOM
from models.ports import Finding, Inspection
from tests.api.counter import JPEG, PDF, Counter, put_file, refusal
from tests.cases import a_draft, an_application
from workers.settings import Settings

PICTURES = {
    "image/jpeg": JPEG,
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/tiff": b"II*\x00....",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/heic": b"\0\0\0\x18ftypheic\0\0\0\0",
    "image/bmp": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
}


@pytest.fixture(scope="module")
def draft(shared: Counter) -> UUID:
    return a_draft(shared.office)


def test_a_file_lies_under_its_requirement(shared: Counter, draft: UUID) -> None:
    client = shared.sign_in("pemohon")
    answer = put_file(client, draft, "ktp", PDF, "C:\\Users\\saya\\ktp saya.pdf")
    assert answer.status_code == 200
    document = answer.json()["document"]
    assert document["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (document["name"], document["media_type"], document["size"]) == ("ktp saya.pdf", "application/pdf", len(PDF))
    assert (document["answer"], document["has_clean_copy"]) == ("", False)
    again = put_file(client, draft, "ktp", PDF, "other name.pdf")
    assert again.json()["document"]["id"] == document["id"]
    other = put_file(client, draft, "ktp", PDF + b"%2\n")
    assert other.json()["document"]["id"] != document["id"]
    listed = client.get(f"/v1/applications/{draft}").json()["documents"]
    assert [d["id"] for d in listed if d["requirement"] == "ktp"] == [other.json()["document"]["id"]]


@pytest.mark.parametrize("media_type", sorted(PICTURES))
def test_pictures_are_told_by_their_bytes(shared: Counter, draft: UUID, media_type: str) -> None:
    answer = put_file(shared.sign_in("pemohon"), draft, "pas_foto", PICTURES[media_type], "foto.jpg")
    assert answer.json()["document"]["media_type"] == media_type


@pytest.mark.parametrize(
    ("data", "name", "status", "code", "sentence"),
    [
        (b"", "ktp.pdf", 422, "invalid-input", "Berkas kosong"),
        (b"PK\x03\x04 a document", "surat.docx", 415, "unsupported-file", "bukan PDF atau gambar"),
        (b"<html><body>", "surat.pdf", 415, "unsupported-file", "bukan PDF atau gambar"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "lagu.webp", 415, "unsupported-file", "bukan PDF atau gambar"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "foto.heic", 415, "unsupported-file", "bukan PDF atau gambar"),
        (JPEG, "ktp.pdf", 415, "unsupported-file", "berakhiran .pdf, tetapi isinya gambar"),
        (PDF, "ktp.jpg", 415, "unsupported-file", "berakhiran .jpg, tetapi isinya PDF"),
        (PDF, "ktp.exe", 415, "unsupported-file", "berakhiran .exe, tetapi isinya PDF"),
    ],
)
def test_other_files_are_refused_with_the_reason(
    shared: Counter, draft: UUID, data: bytes, name: str, status: int, code: str, sentence: str
) -> None:
    client = shared.sign_in("pemohon")
    before = len(shared.office.vault.objects)
    answer = put_file(client, draft, "ijazah", data, name)
    assert refusal(answer) == (status, code)
    assert sentence in answer.json()["detail"]
    assert len(shared.office.vault.objects) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("KTP 12.03.2024", "KTP 12.03.2024"),
        ("ijazah.Rina", "ijazah.Rina"),
        ("ktp\u202efdp.exe.pdf", "ktpfdp.exe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\..", ".."),
    ],
)
def test_a_name_is_kept_as_people_know_it(shared: Counter, draft: UUID, name: str, kept: str) -> None:
    answer = put_file(shared.sign_in("pemohon"), draft, "ijazah", PDF + name.encode(), name)
    assert answer.status_code == 200
    assert answer.json()["document"]["name"] == kept


def test_a_requirement_takes_its_own_kinds(shared: Counter, draft: UUID) -> None:
    answer = put_file(shared.sign_in("pemohon"), draft, "pas_foto", PDF, "foto.pdf")
    assert refusal(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/documents/pas_foto"


@pytest.mark.parametrize("requirement", ["tidak_ada", "KTP", "a" * 60])
def test_unknown_requirements_are_refused(shared: Counter, draft: UUID, requirement: str) -> None:
    before = len(shared.office.vault.objects)
    assert put_file(shared.sign_in("pemohon"), draft, requirement, PDF + b"% u").status_code in (404, 422)
    assert len(shared.office.vault.objects) == before


def test_particulars_are_read_and_refused_by_place(shared: Counter, draft: UUID) -> None:
    client = shared.sign_in("pemohon")
    good = {"number": "12/SK/2026", "date": "2026-02-26", "expiry": "seumur hidup", "issuer": "Puskesmas"}
    assert put_file(client, draft, "strro", PDF, fields=good).json()["document"]["fields"] == good
    bad = put_file(client, draft, "strro", PDF, fields={"date": "26-02-2026", "colour": "red"})
    assert refusal(bad) == (422, "invalid-input")
    assert sorted(item["pointer"] for item in bad.json()["errors"]) == ["/fields/colour", "/fields/date"]
    path = f"/v1/applications/{draft}/documents/strro"
    no_json = client.put(path, files={"file": ("a.pdf", PDF)}, data={"fields": "{"})
    assert refusal(no_json) == (422, "invalid-input")
    no_file = client.put(path, data={"fields": "{}"})
    assert refusal(no_file) == (422, "invalid-input")
    for part in ("0", "21", "x"):
        odd = client.put(path, files={"file": ("a.pdf", PDF)}, data={"part": part})
        assert refusal(odd) == (422, "invalid-input")


@pytest.fixture(scope="module")
def small(shared: Counter) -> Counter:
    """An office with small limits."""
    return Counter(shared.office, Settings(upload_max_bytes=20_000, application_max_bytes=30_000))


def test_a_file_over_the_limit(small: Counter, draft: UUID) -> None:
    client = small.sign_in("pemohon")
    answer = put_file(client, draft, "ijazah", PDF + b"x" * 20_000)
    assert refusal(answer) == (413, "too-large")
    assert "lebih besar dari" in answer.json()["detail"]
    assert put_file(client, draft, "ijazah", PDF.ljust(20_000, b"x")).status_code == 200


def test_all_files_together_over_the_limit(small: Counter) -> None:
    client, case_id = small.sign_in("pemohon"), a_draft(small.office)
    assert put_file(client, case_id, "ijazah", PDF.ljust(16_000, b"x")).status_code == 200
    answer = put_file(client, case_id, "ktp", PDF.ljust(16_000, b"x"))
    assert refusal(answer) == (413, "too-large")
    assert "bersama-sama" in answer.json()["detail"]
    assert put_file(client, case_id, "ijazah", PDF.ljust(18_000, b"x")).status_code == 200


def test_an_announced_length_is_refused_before_a_byte_is_read(small: Counter, draft: UUID) -> None:
    client = small.sign_in("pemohon")
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(20_001 + FORM_ROOM)}
    answer = client.put(f"/v1/applications/{draft}/documents/ktp", content=b"", headers=headers)
    assert refusal(answer) == (413, "too-large")


def test_a_body_without_a_length_is_cut_off(small: Counter, draft: UUID) -> None:
    client = small.sign_in("pemohon")
    sent = []

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\n'
        for _ in range(100):
            sent.append(1)
            yield b"x" * 4096

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.put(f"/v1/applications/{draft}/documents/ktp", content=body(), headers=headers)
    assert refusal(answer) == (413, "too-large")


def test_json_has_a_limit_of_its_own(small: Counter) -> None:
    client = small.sign_in("pemohon")
    answer = client.post("/v1/applications", json={"licence_code": "S" * 1_100_000})
    assert refusal(answer) == (413, "too-large")


def test_broken_forms_are_no_bug(shared: Counter, draft: UUID) -> None:
    client = shared.sign_in("pemohon")
    path = f"/v1/applications/{draft}/documents/ktp"
    for content_type, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--y\r\nnonsense"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"'),
    ):
        answer = client.put(path, content=body, headers={"Content-Type": content_type})
        assert answer.status_code in (400, 422), answer.text
        refusal(answer)


LOCKED = b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>\n%%EOF"


def test_a_locked_pdf_is_refused_with_the_cage_s_sentence(shared: Counter, draft: UUID) -> None:
    sentence = "PDF ini terkunci dengan kata sandi. Simpan salinan tanpa kata sandi, lalu unggah lagi."
    shared.office.scanner.answers[LOCKED] = Inspection(
        "reject", "application/pdf", 0, (Finding("reject", "encrypted", sentence),)
    )
    answer = put_file(shared.sign_in("pemohon"), draft, "ijazah", LOCKED)
    assert refusal(answer) == (422, "invalid-input")
    assert answer.json()["detail"] == sentence


def test_a_pdf_with_an_empty_password_is_taken(shared: Counter, draft: UUID) -> None:
    data, before = LOCKED + b"\n% opens without a word", shared.office.scanner.knob.calls
    assert put_file(shared.sign_in("pemohon"), draft, "ijazah", data).status_code == 200
    assert shared.office.scanner.knob.calls == before + 1


def test_the_cage_is_only_asked_about_locks(shared: Counter, draft: UUID) -> None:
    before = shared.office.scanner.knob.calls
    assert (
        put_file(shared.sign_in("pemohon"), draft, "ijazah", PDF + b"% /Encrypted is a name\n"[:9]).status_code == 200
    )
    assert shared.office.scanner.knob.calls == before


def test_a_lock_across_two_chunks_is_seen(shared: Counter, draft: UUID) -> None:
    data = PDF.ljust(256 * 1024 - 4, b"x") + b"/Encrypt 5 0 R"
    before = shared.office.scanner.knob.calls
    assert put_file(shared.sign_in("pemohon"), draft, "ijazah", data).status_code == 200
    assert shared.office.scanner.knob.calls == before + 1


def test_a_cage_that_is_away_is_told_as_such(shared: Counter, draft: UUID) -> None:
    shared.office.scanner.knob.fail_temporarily()
    answer = put_file(shared.sign_in("pemohon"), draft, "ijazah", LOCKED + b"\n")
    assert refusal(answer) == (503, "temporary")
    assert answer.headers["Retry-After"] == "5"


def test_a_vault_that_is_away_is_told_as_such(shared: Counter, draft: UUID) -> None:
    shared.office.vault.knob.fail_temporarily()
    client = shared.sign_in("pemohon")
    assert refusal(put_file(client, draft, "ijazah", PDF + b"% v")) == (503, "temporary")
    assert put_file(client, draft, "ijazah", PDF + b"% v").status_code == 200


def test_a_document_is_taken_out(shared: Counter) -> None:
    client, case_id = shared.sign_in("pemohon"), a_draft(shared.office)
    document = put_file(client, case_id, "ktp").json()["document"]["id"]
    assert client.delete(f"/v1/documents/{document}").status_code == 204
    assert client.get(f"/v1/applications/{case_id}").json()["documents"] == []
    assert refusal(client.delete(f"/v1/documents/{document}")) == (422, "invalid-input")
    assert refusal(client.delete(f"/v1/documents/{uuid4()}")) == (404, "not-found")


def test_files_are_served_as_downloads_to_who_may_see_them(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    front = shared.sign_in("loket")
    document = front.get(f"/v1/applications/{case_id}").json()["documents"][0]
    for client in (front, shared.sign_in("pemohon")):
        for copy in ("original", "clean"):
            answer = client.get(f"/v1/documents/{document['id']}/{copy}")
            assert hashlib.sha256(answer.content).hexdigest() == document["sha256"]
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["Content-Type"] == "application/pdf"
    stranger = shared.sign_in("pemohon_lain")
    for copy in ("original", "clean"):
        assert refusal(stranger.get(f"/v1/documents/{document['id']}/{copy}")) == (404, "not-found")
        assert refusal(front.get(f"/v1/documents/{uuid4()}/{copy}")) == (404, "not-found")
    assert refusal(stranger.delete(f"/v1/documents/{document['id']}")) == (404, "not-found")
    assert refusal(put_file(stranger, case_id, "ktp")) == (404, "not-found")


def test_a_copy_that_is_not_there_yet_is_nothing(shared: Counter, draft: UUID) -> None:
    client = shared.sign_in("pemohon")
    document = put_file(client, draft, "surat_permohonan").json()["document"]
    assert refusal(client.get(f"/v1/documents/{document['id']}/clean")) == (404, "not-found")


def test_names_can_not_break_a_header(shared: Counter, draft: UUID) -> None:
    client = shared.sign_in("pemohon")
    answer = put_file(client, draft, "surat_permohonan", PDF + b"% n", 'a"; x=1 \u2713é.pdf')
    document = answer.json()["document"]
    served = client.get(f"/v1/documents/{document['id']}/original").headers["Content-Disposition"]
    assert served.isascii()
    assert served.count('"') == 2
