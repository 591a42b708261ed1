"""Files changed in the vault, or changed and entered in the rows with a fresh hash, are found all the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import psycopg
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, TextStringObject

from ops.checker.files import folder_reader
from tests.ops.checker.conftest import Copy
from workers.adapters.letter import office_ca

OWN = "FROM licence l JOIN application a ON a.id = l.application_id WHERE a.stage = 'closed' AND l.status = 'valid'"


@dataclass(frozen=True)
class Whole:
    """The licence of a closed case as it lies in the vault."""

    licence_id: str
    case_id: str
    sha256: str
    data: bytes
    blanko_size: int


def whole(copy: Copy) -> Whole:
    with psycopg.connect(copy.url) as connection:
        row = connection.execute(
            "SELECT l.id::text, l.application_id::text, l.sha256, l.blanko_size " + OWN + " ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert row is not None
    return Whole(row[0], row[1], row[2], copy.files[row[2]], row[3])


def enter(copy: Copy, licence: Whole, data: bytes) -> None:
    """Store other bytes and make every row agree with them, as someone who holds vault and database could."""
    sha256 = hashlib.sha256(data).hexdigest()
    copy.files[sha256] = data
    with psycopg.connect(copy.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE licence SET sha256 = %s, size = %s WHERE id = %s", [sha256, len(data), licence.licence_id]
        )
        connection.execute(
            "UPDATE event SET detail = jsonb_set(detail, '{sha256}', to_jsonb(%s::text))"
            " WHERE application_id = %s AND kind = 'finish_licence'",
            [sha256, licence.case_id],
        )


def rules(copy: Copy, case_id: str = "", *, quick: bool = True) -> set[str]:
    """The rules that are broken, of one case or of all."""
    found = copy.check(quick=quick).violations
    return {violation.rule for violation in found if case_id in violation.case}


STORED = {
    "document_stored": "SELECT sha256 FROM document ORDER BY id LIMIT 1",
    "blanko_stored": "SELECT sha256 FROM blanko ORDER BY application_id LIMIT 1",
    "letter_stored": "SELECT sha256 FROM letter ORDER BY application_id, ordinal LIMIT 1",
    "licence_stored": "SELECT sha256 FROM licence WHERE sha256 <> '' ORDER BY id LIMIT 1",
    "dossier_stored": "SELECT sha256 FROM dossier ORDER BY application_id LIMIT 1",
}


@pytest.mark.parametrize("rule", STORED)
def test_a_missing_file_is_found(copy: Copy, rule: str) -> None:
    del copy.files[copy.one(STORED[rule])]
    assert rules(copy) == {rule}


@pytest.mark.parametrize("rule", STORED)
def test_a_changed_byte_is_found(copy: Copy, rule: str) -> None:
    sha256 = copy.one(STORED[rule])
    data = copy.files[sha256]
    copy.files[sha256] = data[:-1] + bytes([data[-1] ^ 1])
    assert rule in rules(copy)


def test_a_missing_clean_copy_is_found(copy: Copy) -> None:
    del copy.files[copy.one("SELECT clean_sha256 FROM document WHERE clean_sha256 <> '' ORDER BY id LIMIT 1")]
    assert "document_stored" in rules(copy)


def test_a_file_of_another_size_is_found(copy: Copy) -> None:
    copy.corrupt("UPDATE document SET size = size + 1 WHERE id = (SELECT min(id::text) FROM document)::uuid")
    assert rules(copy) == {"document_stored"}


def test_a_letter_that_does_not_begin_with_the_one_before_is_found(copy: Copy) -> None:
    sha256 = hashlib.sha256(b"another letter").hexdigest()
    copy.files[sha256] = b"another letter".ljust(1_000_000)
    copy.files[hashlib.sha256(copy.files[sha256]).hexdigest()] = copy.files[sha256]
    with psycopg.connect(copy.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE letter SET sha256 = %s, size = 1000000 WHERE ordinal = 3 AND application_id ="
            " (SELECT id FROM application WHERE stage = 'awaiting_signature')",
            [hashlib.sha256(copy.files[sha256]).hexdigest()],
        )
    assert rules(copy) >= {"letter_prefix"}


def test_a_byte_changed_in_the_blanko_part_is_found(copy: Copy) -> None:
    licence = whole(copy)
    middle = licence.blanko_size // 2
    flipped = bytes([licence.data[middle] ^ 1])
    enter(copy, licence, licence.data[:middle] + flipped + licence.data[middle + 1 :])
    found = rules(copy, licence.case_id, quick=False)
    assert {"licence_prefix", "licence_signatures"} <= found
    assert "licence_stored" not in found


def test_a_licence_cut_back_to_the_signed_letter_is_found(copy: Copy) -> None:
    licence = whole(copy)
    signed = copy.files[
        copy.one("SELECT x.sha256 FROM letter x JOIN licence l USING (application_id, revision)"
                 " JOIN application a ON a.id = x.application_id WHERE x.ordinal = 4 AND a.stage = 'closed'"
                 " AND l.status = 'valid' ORDER BY l.id::text LIMIT 1")
    ]  # fmt: skip
    assert licence.data.startswith(signed)
    enter(copy, licence, signed)
    assert {"licence_text", "licence_qr", "licence_signatures"} <= rules(copy, licence.case_id, quick=False)


def _refilled(data: bytes, field: str, text: str) -> bytes:
    writer = PdfWriter(BytesIO(data), incremental=True)
    annotations = writer.pages[0]["/Annots"]
    assert isinstance(annotations, ArrayObject)
    for reference in annotations:
        annotation = reference.get_object()
        if annotation.get("/T") == field:
            annotation[NameObject("/V")] = TextStringObject(text)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_second_fill_of_the_number_is_found(copy: Copy) -> None:
    licence = whole(copy)
    enter(copy, licence, _refilled(licence.data, "nomor", "503/0900/DPMPTSP/SIKRO/2026"))
    assert {"licence_text", "licence_signatures"} <= rules(copy, licence.case_id, quick=False)


def test_a_page_added_after_the_seal_is_found(copy: Copy) -> None:
    licence = whole(copy)
    writer = PdfWriter(BytesIO(licence.data), incremental=True)
    writer.add_blank_page(595, 842)
    target = BytesIO()
    writer.write(target)
    enter(copy, licence, target.getvalue())
    assert {"licence_text", "licence_signatures"} <= rules(copy, licence.case_id, quick=False)


def test_bytes_that_are_no_pdf_are_found(copy: Copy) -> None:
    licence = whole(copy)
    enter(copy, licence, licence.data[: licence.blanko_size // 2])
    assert {"licence_text", "licence_signatures"} <= rules(copy, licence.case_id, quick=False)


def test_a_licence_of_another_case_is_found(copy: Copy) -> None:
    licence = whole(copy)
    other = copy.one("SELECT l.sha256 FROM licence l JOIN application a ON a.id = application_id"
                     " WHERE a.stage = 'ready' AND status = 'valid' ORDER BY l.id LIMIT 1")  # fmt: skip
    enter(copy, licence, copy.files[other])
    found = rules(copy, licence.case_id, quick=False)
    assert {"licence_prefix", "licence_text", "licence_qr", "licence_signatures", "dossier_attachment"} <= found


def test_a_qr_code_that_leads_elsewhere_is_found(copy: Copy) -> None:
    copy.corrupt("UPDATE licence SET token = md5(id::text)")
    assert rules(copy) == {"licence_qr"}


def test_signatures_of_a_foreign_authority_are_found(copy: Copy) -> None:
    copy.trust = (office_ca.make_ca("Kantor lain", datetime(2026, 1, 1, tzinfo=UTC)).certificate_pem,)
    assert rules(copy, quick=False) == {"licence_signatures"}


def test_without_authorities_signatures_must_still_be_whole(copy: Copy) -> None:
    copy.trust = ()
    assert copy.check(quick=False).ok
    licence = whole(copy)
    enter(copy, licence, _refilled(licence.data, "tanggal", "1 Januari 2030"))
    assert "licence_signatures" in rules(copy, licence.case_id, quick=False)


def test_an_act_at_another_time_than_its_signature_is_found(copy: Copy) -> None:
    copy.corrupt(
        "UPDATE endorsement SET acted_at = acted_at + interval '5 s' WHERE kind = 'signature';\n"
        "UPDATE event SET at = at + interval '5 s' WHERE kind = 'sign'"
    )
    assert rules(copy) == set()
    assert rules(copy, quick=False) == {"licence_signatures"}


def test_a_dossier_without_the_licence_is_found(copy: Copy) -> None:
    sha256 = copy.one("SELECT sha256 FROM dossier ORDER BY application_id LIMIT 1")
    bare = PdfWriter()
    for page in PdfReader(BytesIO(copy.files[sha256])).pages:
        bare.add_page(page)
    target = BytesIO()
    bare.write(target)
    copy.files[sha256] = target.getvalue()
    assert rules(copy) == {"dossier_stored", "dossier_attachment"}


def test_a_signature_for_which_nobody_acted_is_found(copy: Copy) -> None:
    copy.corrupt("DELETE FROM endorsement WHERE kind = 'signature'")
    assert "licence_signatures" in rules(copy, quick=False)


def test_a_folder_is_read_by_the_names_of_its_objects(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("vault")
    (root / "ab").mkdir()
    (root / "ab" / "abc").write_bytes(b"bytes")
    read = folder_reader(root)
    assert read("abc") == b"bytes"
    assert read("abd") is None
