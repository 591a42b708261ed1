"""Files a page loads: addresses carry their hash, the best compressed form goes out, nothing else is given away."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.pages.assets import ASK_AGAIN, FOREVER, STATIC, Assets


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture(scope="module")
def client(assets: Assets) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", assets)]))


def test_the_named_version_is_kept_for_a_year_and_any_other_is_asked_for_again(
    client: TestClient, assets: Assets
) -> None:
    url = assets.url("css/public.css")
    assert client.get(url).headers["cache-control"] == FOREVER
    assert client.get("/static/css/public.css").headers["cache-control"] == ASK_AGAIN
    assert client.get("/static/css/public.css?v=000000000000").headers["cache-control"] == ASK_AGAIN


def test_a_changed_file_gets_another_address(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Assets(tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("b{}")
    assert Assets(tmp_path).url("a.css") != before


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("identity", None),
        ("", None),
        ("br;q=0.8, gzip;q=0.9", "br"),
    ],
)
def test_the_best_form_the_asker_takes(client: TestClient, accepted: str, encoding: str | None) -> None:
    answer = client.get("/static/css/staff.css", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text == (STATIC / "css/staff.css").read_text()


@pytest.mark.parametrize("path", sorted([*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]), ids=lambda p: p.name)
def test_committed_compressed_forms_are_of_the_committed_file(path: Path) -> None:
    content = path.read_bytes()
    assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == content
    assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == content


def test_fonts_and_pictures_keep_their_type(client: TestClient) -> None:
    answer = client.get("/static/fonts/plus-jakarta-sans.woff2", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in answer.headers
    assert answer.content[:4] == b"wOF2"


def test_the_same_tag_is_not_sent_twice(client: TestClient) -> None:
    first = client.get("/static/js/core.js")
    again = client.get("/static/js/core.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/static/js/core.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/source/paraf.css",
        "/static/css/public.css.gz",
        "/static/css/public.css.br",
        "/static/../wiring.py",
        "/static/%2e%2e/wiring.py",
        "/static/",
        "/static/nothing.css",
    ],
)
def test_nothing_but_what_is_meant_for_browsers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_only_reading(client: TestClient) -> None:
    answer = client.post("/static/js/core.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert client.head("/static/js/core.js").content == b""


def test_an_unknown_name_in_a_template_is_an_error(assets: Assets) -> None:
    with pytest.raises(KeyError):
        assets.url("css/nothing.css")
