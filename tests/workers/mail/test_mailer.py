"""The office's words: every shipped template, plain and HTML, from the same facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

import pytest

import templates
from models.ports import MessageFacts
from models.rules.errors import PermanentFailure
from models.services.messages import Moment
from workers.adapters.mailer import JinjaMailRenderer

MAILS: Final = Path(templates.__path__[0]) / "mails"
KINDS: Final[tuple[str, ...]] = get_args(Moment)
FACTS: Final = MessageFacts(
    kind="received",
    round=1,
    name="Rani & <Contoh>",
    licence_name="Surat Izin Kerja Refraksionis Optisien",
    registration_number="REG/0001/SIKRO/2026",
    received="Senin, 2 Maret 2026 pukul 09.00 WIB",
    promised="Rabu, 4 Maret 2026 pukul 09.00 WIB",
    mend_until="20 Maret 2026",
    deficiencies=(("KTP", ("KTP tidak terbaca.", "Sisi kiri terpotong.")), ("Pas foto", ("Latar bukan merah.",))),
    reason="Pemohon belum memiliki STRRO.",
    changes=("Kartu BPJS sekarang diminta. Unggah kartunya.", "Rekomendasi tidak lagi diminta."),
    follow_url="https://izin.example.go.id/lacak",
    office="DPMPTSP Kota Contoh",
    office_address="Jalan Contoh 1 28126",
    contact=(("Surel", "kantor@example.go.id"),),
    official_domain="example.go.id",
)


@pytest.fixture(scope="module")
def renderer() -> JinjaMailRenderer:
    return JinjaMailRenderer(MAILS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_moment_has_its_words(renderer: JinjaMailRenderer, kind: str) -> None:
    subject, text, html = renderer.render(replace(FACTS, kind=kind))
    assert FACTS.registration_number in subject
    assert "\n" not in subject
    for part in (text, html):
        assert FACTS.follow_url in part
        assert FACTS.registration_number in part
        assert FACTS.licence_name in part
        assert "kantor@example.go.id" in part
        assert "example.go.id" in part
    assert "Rani & <Contoh>" in text
    assert "Rani &amp; &lt;Contoh&gt;" in html
    assert "<Contoh>" not in html
    assert f"<title>{subject}</title>" in html
    assert '<html lang="id">' in html


@pytest.mark.parametrize("kind", KINDS)
def test_no_template_leaves_gaps_or_loose_braces(renderer: JinjaMailRenderer, kind: str) -> None:
    _, text, html = renderer.render(replace(FACTS, kind=kind))
    assert "\n\n\n" not in text
    assert not {"{{", "{%", "}}"} & {text[i : i + 2] for i in range(len(text))}
    assert "{{" not in html
    assert max(map(len, text.splitlines())) < 998, "longer lines are not allowed in a mail"


def test_the_promise_is_said_on_receipt(renderer: JinjaMailRenderer) -> None:
    for part in renderer.render(FACTS)[1:]:
        assert "paling lambat Rabu, 4 Maret 2026 pukul 09.00 WIB" in part


def test_a_correction_is_thanked_for_as_such(renderer: JinjaMailRenderer) -> None:
    first, again = (renderer.render(replace(FACTS, round=n))[0] for n in (1, 2))
    assert first.startswith("Permohonan")
    assert again.startswith("Perbaikan berkas")


def test_what_must_be_mended_is_said_point_by_point(renderer: JinjaMailRenderer) -> None:
    _, text, html = renderer.render(replace(FACTS, kind="returned"))
    for part in (text, html):
        for words in ("KTP", "KTP tidak terbaca.", "Sisi kiri terpotong.", "Latar bukan merah.", "20 Maret 2026"):
            assert words in part
    assert text.index("Sisi kiri") < text.index("Pas foto") < text.index("Latar bukan merah")


def test_a_rejection_gives_its_reason(renderer: JinjaMailRenderer) -> None:
    for part in renderer.render(replace(FACTS, kind="rejected"))[1:]:
        assert "Pemohon belum memiliki STRRO." in part


def test_a_line_break_in_a_name_stays_out_of_the_subject(tmp_path: Path) -> None:
    (tmp_path / "received.txt").write_text("Subjek: {{ name }}\nIsi\n")
    (tmp_path / "received.html").write_text("{{ subject }}")
    subject, _, _ = JinjaMailRenderer(tmp_path).render(replace(FACTS, registration_number="x", name="Rani  Contoh"))
    assert subject == "Rani Contoh"


@pytest.mark.parametrize(
    "source",
    [
        "tanpa baris subjek\n",
        "Subjek: x\n{{ nik }}",
        "Subjek: x\n{{ name.__class__.__mro__ }}",
        "Subjek: x\n{{ 1 / 0 }}",
        "Subjek: x\n{% for x in %}",
        "Subjek: x\n{{ contact.append('x') }}",
    ],
)
def test_a_faulty_template_is_named(tmp_path: Path, source: str) -> None:
    (tmp_path / "received.txt").write_text(source)
    (tmp_path / "received.html").write_text("")
    with pytest.raises(PermanentFailure, match=r"received\.txt"):
        JinjaMailRenderer(tmp_path).render(FACTS)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"received\.txt"):
        JinjaMailRenderer(tmp_path).render(FACTS)
