"""Wording: Jinja in a sandbox, to plain strings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.rules.errors import PermanentFailure
from models.rules.letter import Official
from ops.letter import URL, Sample
from workers.adapters.letter.wording import descriptions, letter_content, render


def changed(sample: Sample, **wording: Any) -> Sample:
    return replace(sample, definition=replace(sample.definition, wording=sample.definition.wording | wording))


def content(sample: Sample) -> dict[str, Any]:
    return letter_content(sample.definition, sample.facts, URL, True)


def test_facts_reach_the_rows(sample: Sample) -> None:
    rows = {row["label"]: row.get("value") for row in content(sample)["rows"]}
    assert rows["Nama lengkap"] == "Melati Anggraini Siregar, A.Md.RO."
    assert rows["Tempat, tanggal lahir"] == "Bukittinggi, 21 Agustus 1994"
    assert rows["Jenis kelamin"] == "Perempuan"
    assert rows["Masa berlaku STRRO"] == "Seumur hidup"
    assert rows["Tempat kerja ke-"] == "1 (kesatu)"


def test_the_footer_names_the_verification_address(sample: Sample) -> None:
    assert URL in content(sample)["footer"][-1]


def test_an_acting_head_is_named_so(sample: Sample) -> None:
    head = replace(sample.facts.head, acting="Plt.")
    acting = replace(sample, facts=replace(sample.facts, head=head))
    assert content(acting)["head"]["title"].startswith("Plt. KEPALA DINAS")


def test_a_head_without_rank_leaves_no_empty_line(sample: Sample) -> None:
    assert content(sample)["head"]["lines"] == ["NIP 19770417 200312 1 004"]


def test_only_officials_who_sign_get_a_field(sample: Sample) -> None:
    recorded = replace(sample, definition=replace(sample.definition, paraf_count=1))
    assert [one["field"] for one in content(recorded)["initiallers"]] == ["paraf1", None, None]


def test_tooltips_name_each_official(sample: Sample) -> None:
    tips = descriptions(sample.definition, sample.facts, URL)
    assert tips["paraf3"] == "Paraf 3: Sekretaris"
    late = {"nomor", "tanggal", "berlaku", "qr", "kode"}
    assert set(tips) == late | {"kepala", "segel", "paraf1", "paraf2", "paraf3"}


@pytest.mark.parametrize(
    "attack",
    [
        "{{ nobody }}",
        "{{ holder.nik }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ head.__init__.__globals__ }}",
        "{% set x = initiallers.append(1) %}",
        "{{ 1 / 0 }}",
        "{% for %}",
        "{{ holder.birth_date | tidak_ada }}",
        "{{ workplace.order | tanggal }}",
    ],
)
def test_wording_that_can_not_be_rendered_is_named(sample: Sample, attack: str) -> None:
    with pytest.raises(PermanentFailure, match=r"wording\.title") as refused:
        content(changed(sample, title=attack))
    assert refused.value.faults[0].pointer == "wording.title"


def test_a_missing_part_is_named(sample: Sample) -> None:
    wording = {key: value for key, value in sample.definition.wording.items() if key != "signature"}
    broken = replace(sample, definition=replace(sample.definition, wording=wording))
    with pytest.raises(PermanentFailure, match="signature"):
        content(broken)


def test_data_is_not_read_as_a_template(sample: Sample) -> None:
    holder = replace(sample.facts.holder, name="{{ 7 * 7 }} {% raw %}")
    rows = content(replace(sample, facts=replace(sample.facts, holder=holder)))["rows"]
    assert rows[0]["value"] == "{{ 7 * 7 }} {% raw %}"


def test_nothing_is_escaped_for_html() -> None:
    official = Official("O'Brien & <Sons>", "x")
    assert render("{{ head.name }}", {"head": official}) == "O'Brien & <Sons>"


def test_values_that_are_no_strings_stay() -> None:
    assert render({"a": [1, True, {"b": "{{ x }}"}]}, {"x": 2}) == {"a": [1, True, {"b": "2"}]}
