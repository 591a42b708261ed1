"""A painted berkas opens in independent readers, says what its person's data say, and has just the defect asked for."""

from __future__ import annotations

import hashlib
import importlib
import io
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pikepdf
import pypdf
import pytest
from PIL import Image, ImageStat

from ops.samples.berkas import EXTRA_KINDS, FIELDS, HEALTH_DAYS, KINDS, SampleFile, paint_berkas
from ops.samples.people import SAMPLE_DAY, applicant

# It ships no types, so it is taken as Any.
PDFIUM = importlib.import_module("pypdfium2")

ALL_KINDS = (*KINDS, *EXTRA_KINDS)
WOMAN, MAN = applicant(1), applicant(2)
DEFINITION = Path(__file__).parents[3] / "templates" / "licences" / "sikro" / "sop.toml"


@pytest.fixture(scope="module")
def berkas() -> dict[str, SampleFile]:
    return paint_berkas(MAN, ALL_KINDS)


def picture_of(file: SampleFile) -> Image.Image:
    """The first page or the picture itself, RGB."""
    if file.media_type == "image/jpeg":
        return Image.open(io.BytesIO(file.data)).convert("RGB")
    document = PDFIUM.PdfDocument(file.data)
    try:
        page: Image.Image = document[0].render(scale=0.6).to_pil()
        return page.convert("RGB")
    finally:
        document.close()


def ink(image: Image.Image) -> float:
    """The share of dark pixels."""
    histogram = image.convert("L").histogram()
    return sum(histogram[:110]) / sum(histogram)


def text_of(data: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()


def test_the_same_arguments_paint_the_same_bytes() -> None:
    first, second = paint_berkas(WOMAN, ALL_KINDS), paint_berkas(WOMAN, ALL_KINDS)
    assert first == second


def test_two_people_share_no_file(berkas: dict[str, SampleFile]) -> None:
    other = paint_berkas(WOMAN, ALL_KINDS)
    assert not {file.data for file in berkas.values()} & {file.data for file in other.values()}


def test_files_of_one_berkas_all_differ(berkas: dict[str, SampleFile]) -> None:
    assert len({hashlib.sha256(file.data).digest() for file in berkas.values()}) == len(ALL_KINDS)


@pytest.mark.parametrize("code", ALL_KINDS)
def test_a_file_is_what_its_name_and_type_say(berkas: dict[str, SampleFile], code: str) -> None:
    file = berkas[code]
    start, ending = {"image/jpeg": (b"\xff\xd8\xff", ".jpg"), "application/pdf": (b"%PDF-", ".pdf")}[file.media_type]
    assert file.data.startswith(start)
    assert file.name.endswith(ending)


@pytest.mark.parametrize("code", ALL_KINDS)
def test_a_file_shows_something(berkas: dict[str, SampleFile], code: str) -> None:
    assert ink(picture_of(berkas[code])) > 0.002


@pytest.mark.parametrize("code", [code for code in ALL_KINDS if code not in ("ktp", "ktp_kuasa", "pas_foto")])
def test_a_pdf_is_sound_and_has_one_page(berkas: dict[str, SampleFile], code: str) -> None:
    with pikepdf.open(io.BytesIO(berkas[code].data)) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.check_pdf_syntax() == []


def test_the_application_letter_holds_the_persons_data_as_text(berkas: dict[str, SampleFile]) -> None:
    text = text_of(berkas["surat_permohonan"].data)
    for part in (MAN.name, MAN.nik, MAN.str_number, MAN.email, "23 November 2026", "CONTOH"):
        assert part in text


def test_the_passport_photo_is_4_by_6_on_red(berkas: dict[str, SampleFile]) -> None:
    photo = picture_of(berkas["pas_foto"])
    assert photo.width * 3 == photo.height * 2
    for corner in ((4, 4), (photo.width - 5, 4)):
        red, green, blue = ImageStat.Stat(photo.crop((*corner, corner[0] + 1, corner[1] + 1))).mean
        assert red > 150
        assert max(green, blue) < 70


def test_pictures_carry_no_place_and_no_camera(berkas: dict[str, SampleFile]) -> None:
    for code in ("ktp", "pas_foto"):
        with Image.open(io.BytesIO(berkas[code].data)) as image:
            assert not dict(image.getexif())


@pytest.mark.parametrize(("weight", "low", "high"), [("normal", 0.5, 1.0), ("heavy", 2.0, 4.0)])
def test_a_berkas_weighs_what_it_promises(weight: str, low: float, high: float) -> None:
    files = paint_berkas(MAN, weight="heavy" if weight == "heavy" else "normal")
    assert low < sum(len(file.data) for file in files.values()) / 2**20 < high


def test_codes_and_particulars_follow_the_shipped_definition(berkas: dict[str, SampleFile]) -> None:
    requirements = {row["code"]: row for row in tomllib.loads(DEFINITION.read_text())["requirements"]}
    assert set(ALL_KINDS) == set(requirements)
    for code, row in requirements.items():
        assert set(FIELDS.get(code, ())) == {field["code"] for field in row.get("fields", ())}
        assert set(berkas[code].fields) == set(FIELDS.get(code, ()))
        assert all(berkas[code].fields.values())


def test_mandatory_requirements_of_a_first_application_are_the_default() -> None:
    rows = tomllib.loads(DEFINITION.read_text())["requirements"]
    asked = {
        row["code"]
        for row in rows
        if row["need"] == "mandatory"
        and "baru" in row.get("application_types", ["baru"])
        and row.get("valid_until", date.max) > SAMPLE_DAY
    }
    assert set(KINDS) == asked


def test_a_lifelong_registration_says_so_and_another_gives_its_end() -> None:
    lifelong = next(a for a in map(applicant, range(20)) if a.str_valid_until is None)
    ending = next(a for a in map(applicant, range(20)) if a.str_valid_until)
    assert paint_berkas(lifelong, ["strro"])["strro"].fields["expiry"] == "seumur hidup"
    assert ending.str_valid_until
    assert paint_berkas(ending, ["strro"])["strro"].fields["expiry"] == ending.str_valid_until.isoformat()


def test_letters_are_dated_by_the_day_of_the_application() -> None:
    on = date(2027, 3, 9)
    files = paint_berkas(MAN, on=on)
    assert files["surat_permohonan"].fields["date"] == "2027-03-09"
    for code in ("surat_sehat", "surat_tempat_kerja", "rekomendasi_dinkes"):
        assert on - timedelta(days=30) < date.fromisoformat(files[code].fields["date"]) < on


def test_a_missing_file_is_missing_and_nothing_else_changes() -> None:
    whole, short = paint_berkas(MAN), paint_berkas(MAN, defect="missing:ijazah")
    assert whole.keys() - short.keys() == {"ijazah"}
    assert all(whole[code] == file for code, file in short.items())


def test_a_wrong_document_is_readable_but_another_one() -> None:
    files = paint_berkas(MAN, defect="wrong:ijazah")
    page = picture_of(files["ijazah"])
    assert page.height > page.width
    assert files["ijazah"].data != paint_berkas(MAN)["ijazah"].data
    assert ink(page) > 0.002


def test_a_wrong_photo_is_a_landscape_without_red_ground() -> None:
    photo = picture_of(paint_berkas(MAN, defect="wrong:pas_foto")["pas_foto"])
    red, _, blue = photo.getpixel((5, 5))  # type: ignore[misc]
    assert photo.width > photo.height
    assert blue > red


@pytest.mark.parametrize("defect", ["encrypted", "encrypted:surat_sehat", "encrypted:ktp"])
def test_an_encrypted_file_opens_with_its_password_only(defect: str) -> None:
    file = paint_berkas(MAN, defect=defect)[defect.partition(":")[2] or "ijazah"]
    assert (file.media_type, file.name[-4:]) == ("application/pdf", ".pdf")
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(file.data))
    with pikepdf.open(io.BytesIO(file.data), password="rahasia") as pdf:
        assert len(pdf.pages) == 1


def test_an_encrypted_file_is_the_same_each_time() -> None:
    assert paint_berkas(MAN, defect="encrypted") == paint_berkas(MAN, defect="encrypted")


@pytest.mark.parametrize("code", ["ijazah", "ktp"])
def test_a_blank_file_has_no_ink(code: str) -> None:
    assert ink(picture_of(paint_berkas(MAN, defect=f"blank:{code}")[code])) == 0


def test_an_expired_health_letter_is_too_old_on_paper_and_in_its_data() -> None:
    file = paint_berkas(MAN, defect="expired_health_letter")["surat_sehat"]
    assert SAMPLE_DAY - date.fromisoformat(file.fields["date"]) > timedelta(days=HEALTH_DAYS + 30)
    assert file.data != paint_berkas(MAN)["surat_sehat"].data


@pytest.mark.parametrize(
    "defect",
    ["missing", "missing:paspor", "wrong:npwp", "torn", "expired_health_letter:ktp", ":ktp"],
)
def test_an_unknown_defect_is_refused(defect: str) -> None:
    with pytest.raises(ValueError, match="defect"):
        paint_berkas(MAN, defect=defect)


def test_an_unknown_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match="paspor"):
        paint_berkas(MAN, ["ktp", "paspor"])
