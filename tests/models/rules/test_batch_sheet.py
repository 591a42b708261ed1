"""Rows of a batch in every form, and what is said of those that can not be read."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from models.rules.batch_sheet import (
    Cells,
    csv_rows,
    day_of,
    escaped,
    files_of,
    json_rows,
    known_columns,
    remarks_on_cells,
    sheet_rows,
)
from models.rules.batch_xlsx import xlsx_rows
from models.rules.errors import InvalidInput
from tests.batch_files import as_csv, as_xlsx, as_zip, cells

KNOWN = known_columns(["surat_permohonan", "ktp", "pas_foto"])


def read_csv(data: bytes) -> tuple[list[str], list[Cells]]:
    columns, rows = sheet_rows(csv_rows(io.StringIO(data.decode(), newline="")), KNOWN)
    return columns, list(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_csv_is_read_with_whatever_parts_it(delimiter: str) -> None:
    columns, rows = read_csv(b"\xef\xbb\xbf" + as_csv([cells(1), cells(2)], delimiter))
    assert columns == list(cells(1))
    assert rows == [cells(1), cells(2)]


def test_columns_may_be_named_in_the_offices_language() -> None:
    given = {"Kunci": "A", "Nama": "B", **{k: v for k, v in cells(1).items() if k not in ("key", "name")}}
    columns, (row,) = read_csv(as_csv([given]))
    assert columns[:2] == ["key", "name"]
    assert (row["key"], row["name"]) == ("A", "B")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [("key,name,umur", "tidak dikenal: 'umur'"), ("key,name,nama", "ganda: name"), ("key,name", "belum ada: nik")],
    ids=["unknown", "doubled", "missing"],
)
def test_a_head_that_does_not_fit_is_told(head: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_csv(head.encode() + b"\nA,B,C\n")


def test_a_broken_quote_is_told_with_its_line() -> None:
    with pytest.raises(InvalidInput, match="CSV yang benar"):
        read_csv(as_csv([cells(1)]) + b'"RS-2,"x"y\n')


@pytest.mark.parametrize("formula", ["=1+1", "+6281", "-5", "@x"])
def test_what_a_spreadsheet_takes_for_a_formula_goes_out_and_comes_back(formula: str) -> None:
    assert escaped(formula) == f"'{formula}"
    _, (row,) = read_csv(as_csv([cells(1, address=escaped(formula))]))
    assert row["address"] == formula


def test_ndjson_may_be_flat_or_nested() -> None:
    flat = '{"key": "A", "name": "B", "represented": true, "place_order": 2, "ktp": ["a.pdf", "b.pdf"]}'
    nested = (
        '{"key": "A", "holder": {"name": "B", "represented": true, "place_order": 2},'
        ' "documents": {"ktp": {"files": ["a.pdf", "b.pdf"], "number": "7"}}}'
    )
    first, second = json_rows([flat, "", nested])
    assert second == {**first, "ktp.number": "7"}
    wishes = files_of(second, ["ktp"])
    assert [(wish.part, wish.name, wish.fields) for wish in wishes] == [
        (1, "a.pdf", {"number": "7"}),
        (2, "b.pdf", {"number": "7"}),
    ]


@pytest.mark.parametrize("line", ["{", "[1]", "7", "[" * 9000], ids=["torn", "list", "number", "deep"])
def test_a_line_that_is_no_object_is_told(line: str) -> None:
    with pytest.raises(InvalidInput, match="Baris 2"):
        list(json_rows(["{}", line]))


def test_an_excel_sheet_gives_text_as_it_was_typed() -> None:
    given = {**cells(1), "place_order": 2, "birth_date": 33_000}
    records = xlsx_rows(io.BytesIO(as_xlsx([given])))
    columns, rows = sheet_rows(records, KNOWN)
    assert columns == list(given)
    assert list(rows) == [{**cells(1), "place_order": "2", "birth_date": "33000"}]


def test_a_nik_that_excel_kept_as_a_number_does_not_pass_for_one() -> None:
    records = list(xlsx_rows(io.BytesIO(as_xlsx([{"nik": 1471010101900001.0}]))))
    assert not records[1][0].isdigit() or len(records[1][0]) != 16


def test_an_excel_file_that_is_none_or_swells_is_told() -> None:
    for data in (b"PK\x03\x04", as_zip({"a.txt": b"x"}), as_zip({"xl/worksheets/sheet1.xml": b"<sheet"})):
        with pytest.raises(InvalidInput, match="tidak dapat dibaca"):
            list(xlsx_rows(io.BytesIO(data)))
    bomb = as_zip({"xl/worksheets/sheet1.xml": b" " * 40_000_000}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InvalidInput, match="membesar"):
        list(xlsx_rows(io.BytesIO(bomb)))


def test_entities_of_a_document_type_are_refused() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><c t="str"><v>&b;</v></c></worksheet>'
    with pytest.raises(InvalidInput, match="tidak dapat dibaca"):
        list(xlsx_rows(io.BytesIO(as_zip({"xl/worksheets/sheet1.xml": laughs}))))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1990-01-31", date(1990, 1, 31)),
        ("31-01-1990", date(1990, 1, 31)),
        ("31/01/1990", date(1990, 1, 31)),
        ("32904", date(1990, 1, 31)),
        ("32904.0", date(1990, 1, 31)),
        ("31-31-1990", None),
        ("946684800", None),
        ("²²²²²", None),
        ("٣٢٩٠٤", None),
        ("kemarin", None),
    ],
)
def test_days_are_read_as_people_write_them(text: str, day: date | None) -> None:
    assert day_of(text) == day


def test_a_key_is_needed_and_is_no_nik() -> None:
    assert [one.code for one in remarks_on_cells({"key": ""}, KNOWN)] == ["key-missing"]
    assert [one.code for one in remarks_on_cells({"key": "1471 0101 0190 0001"}, KNOWN)] == ["key-nik"]
    assert [one.code for one in remarks_on_cells({"key": "A", "umur": "7"}, KNOWN)] == ["column-unknown"]
    assert [one.code for one in remarks_on_cells({"key": "A", "name": "x\x00"}, KNOWN)] == ["characters"]
