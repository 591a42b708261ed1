"""Every component renders, says what it is given and nothing as markup; refusals are pages for browsers only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jinja2
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup
from starlette.testclient import TestClient

from api import problems
from api.pages.forms import Form
from api.pages.gallery import make_gallery
from api.pages.refusal_pages import RefusalPages
from api.pages.rendering import POLICY, Pages, install, is_fragment, query, visitor_of
from api.tracing import Tracing
from models.rules.errors import Fault, Forbidden, InvalidInput, TemporaryFailure
from models.rules.roles import Actor
from ops.page_weight import page_weight

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GALLERY = [
    "/_galeri",
    "/_galeri/publik",
    "/_galeri/ajukan",
    "/_galeri/kotak",
    "/_galeri/konfirmasi",
    "/_galeri/galat/not-found",
]
KIB = 1024


@pytest.fixture(scope="module")
def gallery() -> Iterator[TestClient]:
    with TestClient(make_gallery()) as client:
        yield client


@pytest.fixture(scope="module")
def pages() -> Pages:
    return install(FastAPI())


@pytest.fixture(scope="module")
def refusing() -> TestClient:
    app = FastAPI()
    problems.install(app)
    install(app)
    app.add_middleware(Tracing)
    app.add_middleware(RefusalPages)
    refusals = {
        "forbidden": Forbidden("Not yours."),
        "temporary": TemporaryFailure("away"),
        "input": InvalidInput("x", faults=[Fault("/nik", "NIK harus 16 angka <b>.")]),
        "method": HTTPException(405, headers={"Allow": "GET"}),
    }

    @app.get("/refuse/{name}")
    def refuse(name: str) -> None:
        raise refusals[name]

    @app.get("/bug")
    def bug() -> None:
        raise ZeroDivisionError("a secret of ours")

    @app.get("/json")
    def fine() -> Response:
        return JSONResponse({"fine": True})

    return TestClient(app)


def text(pages: Pages, template: str, **context: object) -> str:
    return pages.environment.from_string(template).render(**context)


@pytest.mark.parametrize("path", GALLERY)
def test_pages_carry_the_policy_and_are_never_kept(gallery: TestClient, path: str) -> None:
    answer = gallery.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", GALLERY)
def test_no_inline_script_style_handler_or_foreign_address(gallery: TestClient, path: str) -> None:
    html = gallery.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert not re.search(r"\s(style|on[a-z]+|hx-on[^=]*)=", html)
    loaded = re.findall(r"<(?:script|link|img)\b[^>]*?(?:src|href)=[\"']([^\"']+)", html)
    assert [address for address in loaded if not address.startswith(("/static/", "data:"))] == []


@pytest.mark.parametrize("path", GALLERY)
def test_ids_are_unique_and_references_lead_somewhere(gallery: TestClient, path: str) -> None:
    html = gallery.get(path).text
    ids = re.findall(r"\sid=\"([^\"]+)\"", html)
    assert sorted(ids) == sorted(set(ids))
    named = re.findall(r"(?:aria-describedby|aria-labelledby|for|aria-controls)=\"([^\"]+)\"", html)
    assert {one for group in named for one in group.split()} <= set(ids)


def test_an_applicants_page_weighs_at_most_40_kb(gallery: TestClient) -> None:
    for path in ("/_galeri/ajukan", "/_galeri/publik"):
        weight = page_weight(gallery, path)
        assert any("woff2" in address for address in weight)
        assert sum(weight.values()) <= 40 * KIB


def test_a_first_staff_page_weighs_at_most_80_kb(gallery: TestClient) -> None:
    for path in ("/_galeri/kotak", "/_galeri"):
        weight = page_weight(gallery, path)
        assert any("htmx" in address for address in weight)
        assert sum(weight.values()) <= 80 * KIB


def test_a_forgotten_name_is_an_error_and_not_a_blank(pages: Pages) -> None:
    with pytest.raises(jinja2.UndefinedError):
        text(pages, "{{ nothing }}")
    with pytest.raises(jinja2.UndefinedError):
        text(pages, "{{ ui.nothing() }}")


def test_what_people_type_is_never_markup(pages: Pages) -> None:
    form = Form({"a": ['"><script>x</script>']}, (Fault("/a", "<b>salah</b>"),))
    html = text(
        pages,
        "{{ ui.error_summary(form) }}{{ ui.text_field(form, 'a', label, label) }}{{ ui.banner(label) }}",
        form=form,
        label="<i>",
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html


def test_the_librarys_macros_are_there_too(pages: Pages) -> None:
    html = text(pages, "{{ govukDateInput({'id': 'd', 'items': [{'name': 'hari'}]}) }}")
    assert 'class="govuk-date-input' in html


def test_a_field_keeps_its_value_and_points_at_its_fault(pages: Pages) -> None:
    form = Form({"holder.nik": ["147"]}, (Fault("/holder/nik", "NIK harus 16 angka."),))
    html = text(pages, "{{ ui.text_field(form, 'holder.nik', 'NIK', 'Di KTP') }}", form=form)
    assert 'value="147"' in html
    assert 'aria-describedby="f-holder-nik-hint f-holder-nik-error"' in html
    assert 'aria-invalid="true"' in html


def test_choices_that_were_made_stay_made(pages: Pages) -> None:
    form = Form({"type": ["b"], "many": ["x", "z"], "one": ["2"]})
    choices = "{{ ui.radios_field(form, 'type', 'T', [('a', 'A'), ('b', 'B')]) }}"
    boxes = "{{ ui.checkboxes_field(form, 'many', 'M', [('x', 'X'), ('y', 'Y'), ('z', 'Z')]) }}"
    select = "{{ ui.select_field(form, 'one', 'O', [(1, 'S'), (2, 'D')]) }}"
    html = text(pages, choices + boxes + select, form=form)
    assert re.findall(r'value="(\w)" checked', html) == ["b", "x", "z"]
    assert re.findall(r'value="(\w)" selected', html) == ["2"]


def test_secrets_may_be_pasted_and_are_never_filled_in(pages: Pages) -> None:
    form = Form({"passphrase": ["rahasia"]})
    html = text(
        pages,
        "{{ ui.step_up(form, '/t', [{'title': 'A', 'detail': 'B', 'hash': '0123456789'}], 30, username='u') }}",
        form=form,
    )
    assert "rahasia" not in html
    assert 'autocomplete="current-password"' in html
    assert "onpaste" not in html
    assert "01234567<" in html
    assert "dan 29 surat lain" in html


def test_a_chart_has_its_table_with_every_number(pages: Pages) -> None:
    rows = [{"label": "Paraf", "value": 41, "limit": 35}, {"label": "Nomor", "value": 1234, "limit": 2000}]
    html = text(pages, "{{ ui.bars('Median', rows, 'menit', 'Standar') }}", rows=rows)
    cells = re.findall(r"<td class=\"pf-num\">([^<]*)</td>", html)
    assert cells == ["41", "35", "1.234", "2000"]
    assert html.count('fill="url(#grafik-garis)"') == 1


def test_a_chart_of_nothing_does_not_divide_by_nothing(pages: Pages) -> None:
    html = text(pages, "{{ ui.bars('Median', [{'label': 'Paraf', 'value': 0}]) }}")
    assert 'width="2" height="12"' in html


def test_rows_that_may_not_be_picked_say_why(pages: Pages) -> None:
    rows = [{"id": "1", "cells": ["REG/1", Markup("<b>x</b>")], "disabled": True, "reason": "Sedang dibuka"}]
    html = text(pages, "{{ ui.table('T', ['Nomor', 'Apa'], rows, select='pick') }}", rows=rows)
    assert 'value="1" disabled' in html
    assert "Sedang dibuka" in html
    assert '<td data-label="Apa"><b>x</b></td>' in html


def test_filters_live_in_the_address() -> None:
    assert query({"tahap": "paraf", "jenis": ["a", "b"]}, after="x y", tahap=None) == "?jenis=a&jenis=b&after=x+y"


def test_only_staff_and_signed_in_people_have_a_name_in_the_header() -> None:
    assert visitor_of(None).name == ""
    assert visitor_of(Actor("pemohon")).name == ""


def test_fragments_are_told_from_pages() -> None:
    scope = {"type": "http", "headers": [(b"hx-request", b"true")]}
    assert is_fragment(Request(scope))
    assert not is_fragment(Request({"type": "http", "headers": []}))


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing", 404, "Halaman ini tidak ada"),
        ("/static/nothing.css", 404, "Halaman ini tidak ada"),
        ("/refuse/forbidden", 403, "Ini bukan tugas peran Anda"),
        ("/refuse/temporary", 503, "Layanan sedang sibuk"),
        ("/refuse/input", 422, "Ada isian yang belum benar"),
    ],
)
def test_browsers_read_a_page(refusing: TestClient, path: str, status: int, words: str) -> None:
    answer = refusing.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_programs_keep_their_problem(refusing: TestClient) -> None:
    for accepted in ("application/json", "*/*", "application/json, text/html;q=0.5"):
        answer = refusing.get("/refuse/forbidden", headers={"Accept": accepted})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "forbidden"


def test_faults_are_told_as_text_and_headers_stay(refusing: TestClient) -> None:
    assert "NIK harus 16 angka &lt;b&gt;." in refusing.get("/refuse/input", headers=BROWSER).text
    assert refusing.get("/refuse/temporary", headers=BROWSER).headers["retry-after"] == "5"
    assert refusing.get("/refuse/method", headers=BROWSER).headers["allow"] == "GET"


def test_what_is_no_problem_passes_untouched(refusing: TestClient) -> None:
    assert refusing.get("/json", headers=BROWSER).json() == {"fine": True}


def test_a_bug_is_a_page_with_its_trace_and_nothing_of_its_inside(refusing: TestClient) -> None:
    answer = refusing.get("/bug", headers=BROWSER)
    trace = answer.headers["traceresponse"].split("-")[1]
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert trace in answer.text
    assert "secret" not in answer.text
