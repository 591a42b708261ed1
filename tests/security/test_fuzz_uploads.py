"""Uploads that nobody made on purpose: the cage answers every time, the parent lives, what is let in is sound.

`make fuzz` runs the same for longer (PARAF_FUZZ_EXAMPLES).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pikepdf
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from models.ports import Inspection
from ops.samples.pdf import TextLine, typed
from tests.security.fuzzing import EXAMPLES
from workers.adapters.cage.client import Cage
from workers.adapters.scanner import CageScanner

ANSWERS = {"accept", "repair", "convert", "reject"}


def _picture(kind: str) -> bytes:
    target = BytesIO()
    Image.new("RGB", (240, 320), (190, 20, 30)).save(target, kind)
    return target.getvalue()


def _pdf() -> bytes:
    return typed([TextLine(72, 700, f"Berkas contoh {date(2026, 3, 2)}", 12)])


SEEDS = (_pdf(), _picture("JPEG"), _picture("PNG"), b"", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04")
Change = tuple[int, int, bytes]


def mutated(seed: bytes, changes: list[Change]) -> bytes:
    """Bytes cut out and put in at some places of a file that was sound."""
    data = bytearray(seed)
    for place, length, new in changes:
        at = place % (len(data) + 1)
        data[at : at + length] = new
    return bytes(data)


HOSTILE = st.binary(max_size=24) | st.sampled_from(
    [
        b"/JavaScript (app.alert(1))",
        b"/Launch /F (cmd)",
        b"/OpenAction 1 0 R",
        b"/Length 99999999999",
        b"/Kids [1 0 R]",
        b"endobj endobj",
        b"\xff\xd9\xff\xd8",
        b"\x00" * 16,
        b"xref\n0 999999\n",
        b"stream\r\n",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    ]
)
CHANGES = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 64), HOSTILE), min_size=1, max_size=8)
FUZZ: Callable[..., Callable[..., object]] = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def looked_at(scanner: CageScanner, data: bytes, profile: str) -> Inspection:
    found = scanner.inspect(data, "berkas.bin", profile)
    assert found.answer in ANSWERS
    assert all(finding.message for finding in found.findings)
    if found.answer == "reject":
        assert found.findings, "a refusal says why"
        assert found.clean is None
    return found


def assert_sound(found: Inspection, data: bytes) -> None:
    """What officials will see opens, is of its kind, and can do nothing by itself."""
    shown = found.clean if found.clean is not None else data
    kind = found.clean_media_type or found.media_type
    if kind == "application/pdf":
        with pikepdf.open(BytesIO(shown)) as pdf:
            assert len(pdf.pages) == found.pages
            assert "/OpenAction" not in pdf.Root
            assert "/JavaScript" not in pdf.Root.get("/Names", pikepdf.Dictionary())
    else:
        assert Image.open(BytesIO(shown)).format in {"JPEG", "PNG", "WEBP"}


_CAGE = Cage()
_SCANNER = CageScanner(_CAGE)


def teardown_module() -> None:
    _CAGE.close()


@FUZZ
@given(st.sampled_from(SEEDS), CHANGES, st.sampled_from(["document", "photo"]))
def test_changed_files_are_answered(seed: bytes, changes: list[Change], profile: str) -> None:
    data = mutated(seed, changes)
    found = looked_at(_SCANNER, data, profile)
    if found.answer != "reject":
        assert_sound(found, data)


@FUZZ
@given(st.binary(max_size=4096), st.sampled_from(["document", "photo"]))
def test_noise_is_refused_in_a_sentence(data: bytes, profile: str) -> None:
    assert looked_at(_SCANNER, data, profile).answer == "reject"


def test_a_file_whose_trailer_lost_its_size_is_mended_into_one_that_opens() -> None:
    data = _pdf()
    cut = data[: data.rindex(b"/Size")] + data[data.rindex(b"/Root") :]
    found = looked_at(_SCANNER, cut.replace(b"0000000000 65535 f", b"00000000x0 65535 f"), "document")
    assert found.answer == "repair"
    assert_sound(found, cut)


def test_after_all_that_an_honest_file_is_let_in() -> None:
    found = looked_at(_SCANNER, _pdf(), "document")
    assert found.answer in {"accept", "repair", "convert"}
    assert_sound(found, _pdf())
