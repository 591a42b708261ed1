"""Words and values on screens: every stage is named, clocks speak in shape, colour and words."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime

import pytest

from api.pages import formats
from api.pages.rendering import TEMPLATES
from api.pages.words import REFUSALS, ROLES, STAGES, clock_chip, nav_of, refusal_words
from api.problem_table import KINDS
from models.rules.stages import FINAL, Stage

AT = datetime(2026, 11, 26, 3, 5, tzinfo=UTC)


def test_every_stage_has_words() -> None:
    assert set(STAGES) == set(Stage)


def test_every_role_of_the_shipped_sop_is_called_as_there() -> None:
    sop = tomllib.loads((TEMPLATES / "licences/sikro/sop.toml").read_text())
    assert {role["code"]: role["title"] for role in sop["roles"]}.items() <= ROLES.items()


@pytest.mark.parametrize("stage", list(Stage))
def test_what_is_next_is_one_sentence_for_each_reader(stage: Stage) -> None:
    words = STAGES[stage]
    for sentence in (words.next, words.staff_next):
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
        assert len(sentence) <= 120


def test_nothing_is_promised_after_the_end() -> None:
    for stage in FINAL:
        assert "tidak ada langkah lagi" in STAGES[stage].staff_next


@pytest.mark.parametrize(
    ("left", "standard", "paused", "done", "shape", "words"),
    [
        (320, 480, False, False, "circle", "sisa 5 jam 20 menit"),
        (60, 480, False, False, "diamond", "segera, sisa 1 jam"),
        (61, 480, False, False, "circle", "sisa 1 jam 1 menit"),
        (8, 35, False, False, "diamond", "segera, sisa 8 menit"),
        (9, 35, False, False, "circle", "sisa 9 menit"),
        (0, 480, False, False, "diamond", "segera, sisa 0 menit"),
        (-1, 480, False, False, "triangle", "lewat 1 menit"),
        (90, 480, True, False, "pause", "berhenti, sisa 1 jam 30 menit"),
        (-5, 480, True, False, "pause", "berhenti, sudah lewat"),
        (20, 480, False, True, "check", "tepat waktu"),
        (-95, 480, False, True, "check", "selesai, lewat 1 jam 35 menit"),
        (None, 0, False, False, "circle", "tanpa batas waktu"),
    ],
)
def test_clock_chips(left: int | None, standard: int, paused: bool, done: bool, shape: str, words: str) -> None:
    chip = clock_chip(left, standard, paused=paused, done=done)
    assert (chip.shape, chip.words) == (shape, words)


def test_states_of_a_running_clock_differ_in_shape_and_in_colour() -> None:
    chips = [clock_chip(left, 480) for left in (300, 30, -30)]
    assert len({chip.shape for chip in chips}) == len({chip.colour for chip in chips}) == 3


def test_moments_are_written_as_indonesians_write_them() -> None:
    assert formats.moment(AT) == "Kamis, 26 November 2026, 10.05 WIB"
    assert formats.short_moment(AT) == "26 Nov 2026, 10.05"
    assert formats.time_of_day(AT) == "10.05 WIB"
    assert formats.weekday(date(2026, 11, 27)) == "Jumat, 27 November 2026"
    assert formats.day(datetime(2026, 11, 26, 18, 0, tzinfo=UTC)) == "27 November 2026"


def test_nothing_is_a_dash() -> None:
    assert [write(None) for write in (formats.moment, formats.short_moment, formats.day, formats.time_of_day)] == [
        "-"
    ] * 4


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 byte"), (999, "999 byte"), (1000, "1 KB"), (1_240_000, "1,2 MB"), (2_000_000_000, "2 GB")],
)
def test_sizes(count: int, words: str) -> None:
    assert formats.size(count) == words


def test_numbers_and_shares() -> None:
    assert (formats.number(1234.5), formats.percent(0.9651)) == ("1.234,5", "96,5 %")


def test_everybody_finds_only_his_own_rooms() -> None:
    kepala = [item.href for item in nav_of(frozenset({"kepala_dinas"}), staff=True)]
    loket = [item.href for item in nav_of(frozenset({"front_office"}), staff=True)]
    assert kepala[0] == "/tinjau"
    assert "/loket" not in kepala
    assert "/tinjau" not in loket
    assert "/admin" not in loket
    assert [item.href for item in nav_of(frozenset(), staff=False)] == ["/", "/ajukan", "/lacak", "/verifikasi"]


def test_refusals_are_of_known_kinds_and_each_has_words() -> None:
    assert set(REFUSALS) <= set(KINDS)
    for code in KINDS:
        assert refusal_words(code).title
        assert refusal_words(code).text.endswith(".")
