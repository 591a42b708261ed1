"""Operations that will go say so with each answer, as the standards have it, and in the description."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from api.deprecation import FILE, TABLE, Deprecation, Deprecations, mark, read_table
from api.main import bare_app
from api.openapi import describe
from models.rules.errors import DefinitionError
from tests.api.counter import Counter

ROW = Deprecation(date(2027, 1, 1), date(2027, 9, 1), "/v2/licences")


def test_an_answer_says_since_when_until_when_and_what_instead(shared: Counter) -> None:
    client = TestClient(Deprecations(shared.app, {"listLicences": ROW}))
    headers = client.get("/v1/licences").headers
    assert headers["Deprecation"] == "@1798761600"
    assert headers["Sunset"] == "Wed, 01 Sep 2027 00:00:00 GMT"
    assert headers.get_list("Link") == [
        '</docs>; rel="deprecation"; type="text/html"',
        '</docs>; rel="sunset"; type="text/html"',
        '</v2/licences>; rel="successor-version"',
    ]
    other = client.get("/v1/licences/SIKRO").headers
    assert not {"Deprecation", "Sunset"} & {name.title() for name in other}


def test_a_refusal_says_so_too_and_a_page_link_stays(shared: Counter) -> None:
    client = TestClient(Deprecations(shared.app, {"listApplications": Deprecation(date(2027, 1, 1))}))
    refused = client.get("/v1/applications")
    assert refused.status_code == 401
    assert refused.headers["Deprecation"] == "@1798761600"
    assert "Sunset" not in refused.headers
    assert refused.headers.get_list("Link") == ['</docs>; rel="deprecation"; type="text/html"']


def test_the_description_marks_what_will_go() -> None:
    schema = describe(bare_app())
    mark(schema, {"listLicences": ROW})
    marked = [one["operationId"] for item in schema["paths"].values() for one in item.values() if one.get("deprecated")]
    assert sorted(marked) == sorted({"listLicences", *TABLE})
    with pytest.raises(DefinitionError, match="listLicence"):
        mark(schema, {"listLicence": ROW})


def test_the_example_in_the_table_is_one(shared: Counter) -> None:
    commented = [line.removeprefix("# ") for line in FILE.read_text().splitlines() if line.startswith("# ")]
    example = "\n".join(commented[commented.index("[openApplication]") :])
    assert read_table(example) == {
        "openApplication": Deprecation(date(2027, 1, 1), date(2027, 9, 1), "/v2/applications")
    }


@pytest.mark.parametrize(
    "text",
    [
        "[x]\nsunset = 2027-09-01",
        "[x]\nsince = 2027-09-01\nsunset = 2027-12-01",
        "[x]\nsince = '2027-09-01'",
        "[x]\nsince = 2027-09-01\nuntil = 2027-10-01",
    ],
)
def test_a_row_that_announces_nothing_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        read_table(text)
