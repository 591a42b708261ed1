"""What the intake benchmark brings: honest berkas, forms that a counter reads, CPU that is somebody's."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from email import message_from_bytes
from typing import Any

import pytest

from models.rules.sniffing import media_type_of
from ops.benchmarks import applicants, intake, shares
from ops.benchmarks.berkas import SEVEN, Berkas, mean_bytes, painted, varied
from ops.samples.berkas import SampleFile
from workers.adapters.inspect.verdict import inspect

ON = date(2026, 11, 25)


@pytest.fixture(scope="module")
def berkas() -> list[Berkas]:
    """An upright card, one on its side, one in HEIC."""
    return painted(3, ON)


def test_a_berkas_is_seven_files_of_two_to_four_megabytes(berkas: list[Berkas]) -> None:
    assert [tuple(one) for one in berkas] == [SEVEN] * 3
    assert len(SEVEN) == 7
    assert 2_000_000 < mean_bytes(berkas) < 4_000_000
    assert [one["ktp"].media_type for one in berkas] == ["image/jpeg", "image/jpeg", "image/heic"]


def test_no_two_applications_share_a_byte_string(berkas: list[Berkas]) -> None:
    files = [file.data for serial in range(6) for file in varied(berkas[serial % 3], serial).values()]
    assert len({hashlib.sha256(data).digest() for data in files}) == len(files)


def test_what_tells_them_apart_changes_no_verdict(berkas: list[Berkas]) -> None:
    for one in berkas:
        for code, file in varied(one, 42).items():
            profile = "photo" if code == "pas_foto" else "document"
            assert media_type_of(file.data[:1024], file.name) == file.media_type
            before = inspect(one[code].data, file.name, profile)
            after = inspect(file.data, file.name, profile)
            assert (after.answer, after.findings) == (before.answer, before.findings)
            assert after.answer in {"accept", "convert"}


def test_cards_on_their_side_and_in_heic_are_converted(berkas: list[Berkas]) -> None:
    answers = [inspect(one["ktp"].data, one["ktp"].name, "document").answer for one in berkas]
    assert answers == ["accept", "convert", "convert"]


def test_a_form_is_what_a_browser_sends() -> None:
    body = applicants.form(SampleFile("a.pdf", "application/pdf", b"%PDF-1.7 \r\n--x", {"number": "1"}))
    boundary = body[2 : body.index(b"\r\n")].decode()
    head = f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n"
    parts: list[Any] = list(message_from_bytes(head.encode() + body).walk())[1:]
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["fields", "file"]
    assert parts[0].get_payload(decode=True) == b'{"number": "1"}'
    assert parts[1].get_payload(decode=True) == b"%PDF-1.7 \r\n--x"


def test_quantiles_are_of_what_was_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [intake._quantile(values, share) for share in (0.5, 0.95, 1.0)] == [51.0, 96.0, 100.0]
    assert intake._quantile([2.0], 0.95) == 2.0


def test_a_process_without_a_name_is_counted_as_the_rest() -> None:
    assert shares._server(os.getpid()) == "rest"
    assert shares._part("intake", os.getpid()) == "intake"
