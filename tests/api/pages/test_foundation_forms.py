"""A form keeps what was typed, forgets secrets, and puts each fault at its field and into the summary."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from api.pages.forms import Form, faults_of, field_id, field_of, filled, nested, typed
from models.rules.errors import Fault, InvalidInput, WrongPassphrase


class Holder(BaseModel):
    model_config = ConfigDict(extra="forbid")
    nik: str = Field(min_length=16, max_length=16)
    born: date
    sex: Literal["L", "P"]


class Input(BaseModel):
    holder: Holder
    conditions: list[str] = []


def sent(*items: tuple[str, str | UploadFile]) -> FormData:
    return FormData(list(items))


def test_typed_values_stay_and_secrets_go() -> None:
    form = typed(sent(("holder.nik", "123"), ("passphrase", "rahasia"), ("password", "x"), ("code", "123456")))
    assert form.value("holder.nik") == "123"
    assert [form.value(name) for name in ("passphrase", "password", "code")] == ["", "", ""]


def test_files_are_not_sent_back(tmp_path: object) -> None:
    form = typed(sent(("file", UploadFile(filename="a.pdf", file=None))))  # type: ignore[arg-type]
    assert form.chosen("file") == ()


def test_every_ticked_box_is_known() -> None:
    form = typed(sent(("conditions", "a"), ("conditions", "b")))
    assert form.chosen("conditions") == ("a", "b")


def test_a_fault_stands_at_its_field_and_once_in_the_summary() -> None:
    fault = Fault("/holder/nik", "NIK harus 16 angka.")
    form = Form({}, (fault, fault, Fault("", "Kirim lagi.")))
    assert form.error("holder.nik") == "NIK harus 16 angka."
    assert form.error("holder.name") == ""
    assert form.summary == [("#f-holder-nik", "NIK harus 16 angka."), ("", "Kirim lagi.")]


def test_a_refusal_without_places_is_still_told() -> None:
    form = Form({"a": ["1"]}).refused(WrongPassphrase("Kata sandi salah."))
    assert form.summary == [("", "Kata sandi salah.")]
    assert form.value("a") == "1"


def test_a_refusal_with_places_takes_them() -> None:
    error = InvalidInput("Ada yang salah.", faults=[Fault("/phone", "Nomor telepon tidak dikenal.")])
    assert Form().refused(error).error("phone") == "Nomor telepon tidak dikenal."


@pytest.mark.parametrize("pointer", ["/holder/nik", "holder.nik"])
def test_pointers_and_names_are_one(pointer: str) -> None:
    assert field_of(pointer) == "holder.nik"


def test_ids_are_fit_for_css_and_links() -> None:
    assert field_id("holder.birth_date") == "f-holder-birth-date"


def test_dotted_names_become_nested_values() -> None:
    data = sent(("holder.nik", " 1471 "), ("holder.born", ""), ("conditions", "a"), ("act", "save"))
    assert nested(data, lists=["conditions"]) == {"holder": {"nik": "1471"}, "conditions": ["a"], "act": "save"}


def test_pydantic_faults_speak_indonesian_and_hold_no_values() -> None:
    data = sent(("holder.nik", "12"), ("holder.born", "kemarin"), ("holder.sex", "X"), ("holder.odd", "?"))
    with pytest.raises(ValidationError) as refused:
        Input.model_validate(nested(data))
    assert {fault.pointer: fault.message for fault in faults_of(refused.value)} == {
        "/holder/nik": "Isian ini terlalu pendek. Lengkapi.",
        "/holder/born": "Tanggal tidak dikenal. Pilih dari kalender.",
        "/holder/sex": "Pilih salah satu yang ada di daftar.",
        "/holder/odd": "Isian ini tidak dikenal. Muat ulang halaman, lalu ulangi.",
    }


def test_missing_and_too_long_are_worded() -> None:
    with pytest.raises(ValidationError) as refused:
        Holder.model_validate({"nik": "1" * 17, "sex": "L"})
    assert {fault.pointer: fault.message for fault in faults_of(refused.value)} == {
        "/nik": "Isian ini terlalu panjang: paling banyak 16 huruf.",
        "/born": "Isian ini wajib. Isi dahulu.",
    }


def test_stored_values_fill_a_form() -> None:
    form = filled({"a": None, "b": 3, "c": ["x", "y"], "d": date(2026, 1, 2)})
    assert [form.value(name) for name in "abd"] == ["", "3", "2026-01-02"]
    assert form.chosen("c") == ("x", "y")
