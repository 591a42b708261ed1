"""The style sheets are made by a program from their sources, and hold only what the law and the line allow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates
from ops import bundle
from ops.bundle import PUBLIC, STATIC, Rule, merged, parse, pick, sheets, squeezed, text
from ops.vendor import PACKAGES, without_foreign_font


@pytest.mark.parametrize("name", ["css/public.css", "css/staff.css"])
def test_the_committed_sheet_is_what_its_sources_give(name: str) -> None:
    assert (STATIC / name).read_text() == sheets(STATIC)[name]


def test_building_twice_gives_the_same() -> None:
    assert sheets(STATIC) == sheets(STATIC)


@pytest.mark.parametrize("name", ["css/public.css", "css/staff.css"])
def test_no_foreign_font_crown_or_address(name: str) -> None:
    css = (STATIC / name).read_text()
    assert "GDS" not in css
    assert "crown" not in css
    assert css.count("@font-face") == 1
    assert re.findall(r"url\((?!\.\./fonts/|data:)[^)]*\)", css) == []
    assert "http" not in css


@pytest.mark.parametrize("name", ["css/public.css", "css/staff.css"])
def test_braces_agree(name: str) -> None:
    css = (STATIC / name).read_text()
    assert css.count("{") == css.count("}")


def test_every_colour_that_the_library_names_is_defined() -> None:
    css = (STATIC / "css/staff.css").read_text()
    used = set(re.findall(r"var\((--[a-z-]+)\)", css))
    assert used <= set(re.findall(r"(--[a-z-]+):", css))


def test_public_pages_get_no_staff_components() -> None:
    css = (STATIC / "css/public.css").read_text()
    assert not re.search(r"moj-|pf-viewer__bar|pf-pile|govuk-accordion|govuk-header\b|probation", css)
    assert ".moj-timeline" in (STATIC / "css/staff.css").read_text()


def test_what_public_pages_draw_is_coloured_there_too() -> None:
    """An SVG without its rules is black, and as wide as the page."""
    css = (STATIC / "css/public.css").read_text()
    pages = Path(templates.__path__[0]) / "pages"
    assert "ui.bars(" in (pages / "public/sop.html").read_text()
    drawn = set(re.findall(r"pf-chart[\w-]*", (pages / "macros/charts.html").read_text())) - {"pf-chart__table"}
    assert len(drawn) >= 8
    assert [name for name in sorted(drawn) if f".{name}" not in css] == []


def test_a_rule_stays_only_with_kept_components() -> None:
    rules = parse(
        ".govuk-button,.govuk-accordion{color:red}.govuk-accordion__x{a:b}"
        "@media (min-width:1em){.govuk-button{b:c}.govuk-tabs{d:e}}@media print{.govuk-button{f:g}}p{h:i}"
    )
    assert text(pick(rules, PUBLIC)) == ".govuk-button{color:red}@media (min-width:1em){.govuk-button{b:c}}"


def test_fallback_colours_and_dead_prefixes_go() -> None:
    rules = parse(".govuk-button{color:var(--govuk-link-colour,#1a65a6);-webkit-font-smoothing:antialiased}")
    assert text(pick(rules, PUBLIC)) == ".govuk-button{color:var(--govuk-link-colour)}"


def test_neighbours_with_one_selector_become_one_rule() -> None:
    rules = (Rule("a", "b:c"), Rule("a", "d:e"), Rule("f", "g:h"), Rule("a", "i:j"))
    assert text(merged(rules)) == "a{b:c;d:e}f{g:h}a{i:j}"


def test_squeezing_keeps_what_selectors_need() -> None:
    assert squeezed("/* x */ .a :focus ,\n .b { c: d ;\n e: f; }") == ".a :focus,.b{c:d;e:f}"


def test_an_open_brace_is_refused() -> None:
    with pytest.raises(ValueError, match="brace"):
        parse("a{b:c")


def test_the_foreign_font_is_taken_out_with_its_notice() -> None:
    css = "/*! notice */@font-face{font-family:GDS Transport;src:url(x)}.a{font-family:GDS Transport,arial;color:red}"
    assert without_foreign_font(css) == ".a{color:red}"


def test_packages_are_pinned_by_version_and_hash() -> None:
    for package in PACKAGES:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)
        assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)


def test_every_vendored_part_has_its_licence_beside_it() -> None:
    names = {path.stem for path in (STATIC / "licences").glob("*.txt")}
    assert names == {"govuk-frontend", "moj-frontend", "htmx", "plus-jakarta-sans"}
    assert "SIL Open Font License" in (STATIC / "licences/plus-jakarta-sans.txt").read_text()


def test_component_lists_name_no_component_twice() -> None:
    assert bundle.PUBLIC < bundle.STAFF
