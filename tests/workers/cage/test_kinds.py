"""Real type against name; what a fork may say; what the filter lets through."""

from __future__ import annotations

import struct

import pytest

from models.ports import Finding, Inspection
from tests.workers.cage.makers import document, encoded, new_pdf, saved, zip_of
from workers.adapters.cage import seccomp
from workers.adapters.cage.limits import Limits
from workers.adapters.cage.protocol import parse_reply
from workers.adapters.inspect import sentences
from workers.adapters.inspect.kinds import recognise
from workers.adapters.inspect.report import Refused, Report, page_list
from workers.adapters.inspect.sentences import finding
from workers.adapters.inspect.wire import inspection_from_reply, inspection_to_reply


def kind_of(data: bytes, name: str = "") -> str:
    return recognise(data, name, Report())


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
    ],
)
def test_the_bytes_say_what_it_is(form: str, media_type: str) -> None:
    assert kind_of(encoded(document(90, 90), form)) == media_type


@pytest.mark.parametrize("before", [0, 1, 500, 1019])
def test_a_pdf_header_may_stand_within_the_first_kibibyte(before: int) -> None:
    assert kind_of(b"x" * before + b"%PDF-1.4\n%%EOF") == "application/pdf"


def test_a_pdf_header_beyond_it_does_not_count() -> None:
    with pytest.raises(Refused):
        kind_of(b"x" * 1024 + b"%PDF-1.4\n%%EOF")


@pytest.mark.parametrize(
    ("data", "spoken"),
    [
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"  <html><body>", "HTML"),
        (zip_of("word/document.xml"), "Office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"GIF89a\x01\x00", "GIF"),
        (b"MZ\x90\x00", "program"),
        (b"\x00\x00\x00\x20ftypavif", "AVIF"),
        (b"\x00\x00\x00\x20ftypisom", "video"),
        (b"Nama: Budi\nAlamat: -\n", "teks biasa"),
        (b"\x01\x02\x03\x04", "jenis lain"),
    ],
)
def test_what_is_not_taken_is_named(data: bytes, spoken: str) -> None:
    with pytest.raises(Refused) as refusal:
        kind_of(data, "surat.pdf")
    assert refusal.value.finding.code == "type-unknown"
    assert spoken in refusal.value.finding.message


@pytest.mark.parametrize(
    ("name", "noted"),
    [("ktp.pdf", True), ("ktp.PNG", True), ("ktp.jpg", False), ("KTP.JPEG", False), ("ktp", False), ("ktp.xyz", False)],
)
def test_another_name_is_noted(name: str, noted: bool) -> None:
    report = Report()
    recognise(encoded(document(90, 90), "JPEG"), name, report)
    assert report.has("type-name") == noted


def test_an_archive_attached_inside_a_pdf_is_not_two_natures() -> None:
    pdf = new_pdf()
    pdf.attachments["a.zip"] = zip_of()
    data = saved(pdf, compress_streams=False)
    assert b"PK\x05\x06" in data
    assert kind_of(data) == "application/pdf"


def test_page_lists_are_short() -> None:
    assert page_list([2]) == "2"
    assert page_list(list(range(1, 20))) == "1, 2, 3, 4, 5, 6, 7, 8, …"


def test_every_finding_has_one_grade() -> None:
    tables = (sentences.REJECT, sentences.REPAIR, sentences.WARNING, sentences.NOTE)
    everything = [code for table in tables for code in table]
    assert len(everything) == len(set(everything))
    assert finding("empty").grade == "reject"
    assert finding("signed").grade == "note"
    with pytest.raises(KeyError):
        finding("no such thing")


def test_an_inspection_survives_the_wire() -> None:
    found = Inspection(
        "repair", "application/pdf", 3, (finding("rebuilt"), finding("signed")), b"%PDF", "application/pdf"
    )
    assert inspection_from_reply(*inspection_to_reply(found)) == found
    kept = Inspection("accept", "image/png", 1, ())
    assert inspection_from_reply(*inspection_to_reply(kept)) == kept


HONEST = {
    "answer": "accept",
    "media_type": "image/png",
    "pages": 1,
    "findings": [["note", "signed", "Disimpan apa adanya."]],
    "has_clean": False,
    "clean_media_type": "",
}


@pytest.mark.parametrize(
    "lie",
    [
        {"answer": "promote"},
        {"answer": ["accept"]},
        {"media_type": "text/html"},
        {"pages": "many"},
        {"findings": [["note", "signed"]]},
        {"findings": [["fatal", "signed", "x"]]},
        {"findings": [["note", "signed", "x" * 601]]},
        {"findings": [["note", 7, "x"]]},
        {"has_clean": True},
        {"clean_media_type": "text/html"},
    ],
)
def test_a_fork_that_lies_is_not_believed(lie: dict[str, object]) -> None:
    assert inspection_from_reply(dict(HONEST), b"").findings == (Finding("note", "signed", "Disimpan apa adanya."),)
    with pytest.raises((KeyError, TypeError, ValueError)):
        inspection_from_reply({**HONEST, **lie}, b"")


def test_a_reply_is_whole_or_none() -> None:
    header = b'{"a": 1}'
    whole = struct.pack("!I", len(header)) + header + b"body"
    reply = parse_reply(whole)
    assert reply is not None
    assert (reply.header, reply.body) == ({"a": 1}, b"body")
    assert all(parse_reply(whole[:size]) is None for size in range(4 + len(header)))


def test_limits_survive_the_wire() -> None:
    limits = Limits(memory_bytes=1 << 20, wall_seconds=2.5)
    assert Limits.from_dict(limits.as_dict()) == limits
    assert Limits().memory_bytes == 512 * 1024 * 1024
    assert Limits().cpu_seconds == 20
    assert Limits().wall_seconds < 20


ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def decide(program: bytes, machine: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Run the filter as the kernel would, on one system call."""
    values = {0: number, 4: machine, **{16 + 8 * place: value for place, value in enumerate(arguments)}}
    steps = list(struct.iter_unpack("=HBBI", program))
    place, held = 0, 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            held = values.get(value, 0)
        elif code == 0x15:
            place += if_true if held == value else if_false
        else:
            assert code == 0x45
            place += if_true if held & value else if_false


CALLS = [
    ("read", {"x86_64": 0, "aarch64": 63}, (), ALLOW),
    ("socket", {"x86_64": 41, "aarch64": 198}, (), DENY),
    ("connect", {"x86_64": 42, "aarch64": 203}, (), DENY),
    ("execve", {"x86_64": 59, "aarch64": 221}, (), DENY),
    ("ptrace", {"x86_64": 101, "aarch64": 117}, (), DENY),
    ("mount", {"x86_64": 165, "aarch64": 40}, (), DENY),
    ("kill", {"x86_64": 62, "aarch64": 129}, (), DENY),
    ("io_uring_setup", {"x86_64": 425, "aarch64": 425}, (), DENY),
    ("bpf", {"x86_64": 321, "aarch64": 280}, (), DENY),
    ("clone as fork", {"x86_64": 56, "aarch64": 220}, (0x11,), DENY),
    ("clone as thread", {"x86_64": 56, "aarch64": 220}, (0x3D0F00,), ALLOW),
    ("clone3", {"x86_64": 435, "aarch64": 435}, (), 0x00050026),
    ("tgkill itself", {"x86_64": 234, "aarch64": 131}, (77,), ALLOW),
    ("tgkill another", {"x86_64": 234, "aarch64": 131}, (1,), DENY),
    ("prlimit itself", {"x86_64": 302, "aarch64": 261}, (0,), ALLOW),
    ("prlimit another", {"x86_64": 302, "aarch64": 261}, (1,), DENY),
    ("ioctl to type into a terminal", {"x86_64": 16, "aarch64": 29}, (0, 0x5412), DENY),
    ("openat to write", {"x86_64": 257, "aarch64": 56}, (0, 0, 0o101), ALLOW),
]


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(("name", "numbers", "arguments", "verdict"), CALLS, ids=[row[0] for row in CALLS])
def test_the_filter_decides(
    machine: str, name: str, numbers: dict[str, int], arguments: tuple[int, ...], verdict: int
) -> None:
    program = seccomp.program(77, may_write=True, machine=machine)
    assert decide(program, ARCHITECTURES[machine], numbers[machine], arguments) == verdict


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_without_landlock_nothing_is_written_at_all(machine: str) -> None:
    program = seccomp.program(77, may_write=False, machine=machine)
    openat = {"x86_64": 257, "aarch64": 56}[machine]
    unlinkat = {"x86_64": 263, "aarch64": 35}[machine]
    assert decide(program, ARCHITECTURES[machine], openat, (0, 0, 0)) == ALLOW
    for flags in (0o1, 0o2, 0o100, 0o1000):
        assert decide(program, ARCHITECTURES[machine], openat, (0, 0, flags)) == DENY
    assert decide(program, ARCHITECTURES[machine], unlinkat) == DENY


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    program = seccomp.program(77, may_write=True, machine=machine)
    assert decide(program, 0x40000003, 0) == KILL
