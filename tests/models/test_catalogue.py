"""Definitions: the shipped ones load, a clerk's slip is refused with file, line and key, and the hash is of content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.catalogue import load_all, load_licence, load_office
from models.rules.errors import DefinitionError, Fault, InvalidInput
from models.rules.numbering import NumberFacts, render_number
from models.rules.sop import Sop
from models.rules.sop_consistency import disagreements
from models.rules.stages import TASKS
from tests.models.rules.shipped import TEMPLATES

LICENCES = TEMPLATES / "licences"
SHIPPED = sorted(path.parent for path in LICENCES.glob("*/sop.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of SIKRO that a test may spoil."""
    return Path(shutil.copytree(LICENCES / "sikro", tmp_path / "sikro"))


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first `old` by `new`; gives the line (from 1) where it stood."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def refused(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as error:
        load_licence(folder)
    assert all(fault.pointer in str(error.value) and fault.message in str(error.value) for fault in error.value.faults)
    return error.value.faults


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_licence_loads_and_agrees(shipped: Path) -> None:
    definition = load_licence(shipped)
    assert disagreements(definition.sop) == ()
    assert definition.wording
    assert definition.layout.strip()
    assert len(definition.sha256) == 64


def test_there_is_a_licence_to_ship_and_no_two_clash() -> None:
    assert "SIKRO" in load_all(LICENCES)
    assert len(load_all(LICENCES)) == len(SHIPPED)


def test_the_shipped_office_loads() -> None:
    assert load_office(TEMPLATES / "office.toml").short_name == "DPMPTSP Kota Pekanbaru"


def test_sikro_is_the_sop_as_printed() -> None:
    sop = load_licence(LICENCES / "sikro").sop
    assert (sop.sop_number, sop.promise_working_days) == ("SOP/DPMPTSP-NP/04", 2)
    assert (sop.made_on.isoformat(), str(sop.revised_on), str(sop.effective_on)) == (
        "2022-10-20",
        "2023-05-03",
        "2023-05-10",
    )
    assert [step.minutes for step in sop.steps] == [3, 35, 3, 5, 10, 10, None, 3, 1]
    assert [step.working_days for step in sop.steps if step.working_days] == [1]
    assert [step.actor for step in sop.steps[3:7]] == ["ahli_muda", "ahli_madya", "sekretaris", "kepala_dinas"]
    assert [sop.desk_of(step.actor) for step in sop.steps[:4]] == ["counter", "counter", "back_office", "back_office"]
    assert sop.initiallers == ("ahli_muda", "ahli_madya", "sekretaris")
    assert {step.task for step in sop.steps if step.task} <= set(TASKS.values())


def test_sikro_numbers_and_registers() -> None:
    sop = load_licence(LICENCES / "sikro").sop
    assert sop.number.render(112, sop.effective_on) == "503/0112/DPMPTSP/SIKRO/2023"
    assert sop.registration_number(7, sop.effective_on) == "REG/00007/SIKRO/2023"
    assert sop.number.series != sop.registration_series
    facts = NumberFacts(112, sop.effective_on)
    assert sop.number.render(112, sop.effective_on) == render_number(sop.number.format, facts)


def test_every_requirement_of_sikro_has_a_ready_reason_and_says_how() -> None:
    sop = load_licence(LICENCES / "sikro").sop
    for requirement in sop.requirements:
        assert any(reason.requirement == requirement.code for reason in sop.return_reasons)
        assert requirement.hint.endswith(".")
        assert requirement.legal_basis
    assert [reason.requirement for reason in sop.reasons_for("ktp")[:2]] == ["ktp", "ktp"]
    assert {reason.requirement for reason in sop.reasons_for(None)} == {None}


def test_what_is_asked_for_by_an_unknown_code_is_refused() -> None:
    sop = load_licence(LICENCES / "sikro").sop
    assert (sop.step("check").number, sop.role_title("sekretaris")) == (2, "Sekretaris")
    for look_up in (sop.step, sop.requirement, sop.application_type, sop.role_title):
        with pytest.raises(InvalidInput, match=r"There is no .* 'xyz'; known are "):
            look_up("xyz")


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("minutes = 35", "minuten = 35", "steps[1].minuten", "no known key"),
        ("minutes = 35", 'minutes = "35"', "steps[1].minutes", "valid integer"),
        ("minutes = 35", "minutes = 0", "steps[1].minutes", "greater than or equal to 1"),
        ("minutes = 35", "minutes = true", "steps[1].minutes", "valid integer"),
        ("max_places = 3", 'max_places = "tiga"', "max_places", "valid integer"),
        ("technical_step = false", "technical_step = 0", "technical_step", "valid boolean"),
        ("effective_on = 2023-05-10", "effective_on = 10", "effective_on", "valid date"),
        ("effective_on = 2023-05-10", "effective_on = 2022-05-10", "effective_on", "in force before"),
        ("revised_on = 2023-05-03", "revised_on = 2021-05-03", "revised_on", "before it was made"),
        ('paraf_mode = "signed"', 'paraf_mode = "stamped"', "paraf_mode", "'signed' or 'recorded'"),
        ('paraf_mode = "signed"', 'paraf = "signed"', "paraf", "no known key"),
        ('late_fields = ["nomor",', 'late_fields = ["numor",', "late_fields[0]", "'nomor'"),
        ('late_fields = ["nomor",', 'late_fields = ["qr",', "late_fields[3]", "stands here twice"),
        ('initiallers = ["ahli_muda"', 'initiallers = ["ahli_mudah"', "initiallers[0]", "no role 'ahli_mudah'"),
        ('"sekretaris"]', '"kepala_dinas"]', "initiallers[2]", "may not initial it too"),
        ('signatory = "kepala_dinas"', 'signatory = "wali_kota"', "signatory", "no role 'wali_kota'"),
        ("{seq:04}/DPMPTSP", "{sec:04}/DPMPTSP", "number.format", "{sec} is no known token"),
        ("/SIKRO/{year}", "/SIKRO", "number.format", "{year} exactly once"),
        ('"REG/{seq:05}', '"REG/{seq:5}', "registration_format", "a width is written"),
        ('rule = "earlier"', 'rule = "later"', "validity.rule", "'earlier'"),
        ('actor = "front_office"', 'actor = "loket"', "steps[1].actor", "no role 'loket'"),
        ('also = ["front_office"]', 'also = ["loket"]', "steps[0].also[0]", "no role 'loket'"),
        ("number = 2", "number = 7", "steps[1].number", "write number = 2"),
        ('task = "paraf.apply_paraf"', 'task = "paraf.aply"', "steps[3].task", "no task 'paraf.aply'"),
        ('code = "blanko"', 'code = "check"', "steps[2].code", "stands here twice"),
        ('code = "back_office"', 'code = "front_office"', "roles[2].code", "stands here twice"),
        ('code = "duplikat"', 'code = "baru"', "application_types[5].code", "stands here twice"),
        ('code = "ktp_tidak_terbaca"', 'code = "ktp_tidak_ada"', "return_reasons[4].code", "stands here twice"),
        ('code = "ijazah"', 'code = "ktp"', "requirements[2].code", "twice for the same days"),
        ('code = "ijazah"', 'code = "Ijazah S1"', "requirements[2].code", "match pattern"),
        (
            'condition = "represented"',
            'condition = "diwakili"',
            "requirements[10].condition",
            "no condition 'diwakili'",
        ),
        ('need = "optional"', 'need = "conditional"', "requirements[16]", "give both or neither"),
        ('kinds = ["image"]', 'kinds = ["gambar"]', "requirements[6].kinds[0]", "'pdf' or 'image'"),
        ('kinds = ["image"]', "kinds = []", "requirements[6].kinds", "at least 1"),
        ("valid_until = 2024-01-12", "valid_until = 2024-13-12", None, "no valid TOML"),
        (
            "valid_until = 2024-01-12",
            "valid_until = 2024-01-12\nvalid_from = 2024-01-12",
            "requirements[8]",
            "must be later than valid_from",
        ),
        ('late_fields = ["nomor",', "late_fields = [", "late_fields", "not whole without 'nomor'"),
        ('registration_series = "REG-SIKRO"', 'registration_series = "SIKRO"', "registration_series", "counted apart"),
        ('desk = "counter"', 'desk = "loket"', "roles[0].desk", "'counter'"),
        ("max_age_months = 3", "max_age_months = 3.5", "requirements[4].max_age_months", "valid integer"),
        (
            '"perubahan_data", "duplikat"]',
            '"ganti", "duplikat"]',
            "requirements[6].application_types[4]",
            "no application type",
        ),
        ('code = "expiry"', 'code = "akhir"', "requirements[3].fields[1].code", "'expiry'"),
        ('code = "expiry"', 'code = "number"', "requirements[3].fields[1].code", "stands here twice"),
        ('requirement = "npwp"', 'requirement = "pajak"', "return_reasons[37].requirement", "no requirement 'pajak'"),
        ('licence_code = "SIKRO"', 'licence_code = "sikro"', "licence_code", "match pattern"),
        ('label = "KTP"', 'label = ""', "requirements[1].label", "at least 1 character"),
        ("working_days = 1\ninput", "working_days = 1\nminutes = 5\ninput", "steps[6]", "exactly one of minutes"),
    ],
)
def test_a_slip_is_refused_with_file_line_key_and_how_to_mend(
    folder: Path, old: str, new: str, key: str | None, says: str
) -> None:
    line = edit(folder / "sop.toml", old, new)
    faults = [fault for fault in refused(folder) if says in fault.message]
    assert len(faults) == 1
    assert faults[0].pointer.startswith("sikro/sop.toml:")
    assert key is None or faults[0].message.startswith(f"{key}: ")
    assert faults[0].message.endswith(".")
    told = int(faults[0].pointer.rpartition(":")[2])
    # A rule over a whole row is told at the row's first line, all else at the very line.
    assert told == line or (key is not None and key.endswith("]") and line - 15 < told < line)


@pytest.mark.parametrize(
    ("old", "key", "at"),
    [
        ('signatory = "kepala_dinas"\n', "signatory", 1),
        ('sop_number = "SOP/DPMPTSP-NP/04"\n', "sop_number", 1),
        ('rule = "earlier"\n', "validity.rule", "[validity]"),
        ('label = "KTP"\n', "requirements[1].label", 'code = "ktp"'),
    ],
)
def test_a_missing_key_is_told_at_its_table(folder: Path, old: str, key: str, at: int | str) -> None:
    path = folder / "sop.toml"
    edit(path, old, "")
    lines = path.read_text("utf-8").splitlines()
    table = at if isinstance(at, int) else lines.index(at) + (1 if at.startswith("[") else 0)
    fault = next(fault for fault in refused(folder) if fault.code == "missing")
    assert (fault.pointer, fault.message) == (f"sikro/sop.toml:{table}", f"{key}: is missing: add it.")


def test_all_slips_are_told_at_once(folder: Path) -> None:
    edit(folder / "sop.toml", "minutes = 35", "minutes = -35")
    edit(folder / "sop.toml", "max_places = 3", "max_place = 3")
    assert sorted(fault.code for fault in refused(folder)) == ["extra_forbidden", "greater_than_equal", "missing"]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("{{ holder.name }}", "{{ holder.name }", None, "braces do not match"),
        ("{{ holder.name }}", "{% if holder.name %}", None, "braces do not match"),
        ('title = "SURAT', 'title = 7\nheading = "SURAT', "title", 'write "7"'),
    ],
)
def test_a_wording_that_sets_no_letter_is_refused(folder: Path, old: str, new: str, key: str | None, says: str) -> None:
    path = folder / "wording.toml"
    path.write_text(
        "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")), "utf-8"
    )
    line = edit(path, old, new)
    (fault,) = refused(folder)
    assert fault.pointer == f"sikro/wording.toml:{line}"
    assert says in fault.message
    assert key is None or fault.message.startswith(f"{key}: ")


@pytest.mark.parametrize("name", ["sop.toml", "wording.toml", "layout.typ"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert [(fault.pointer, fault.message) for fault in refused(folder)] == [
        (f"sikro/{name}:1", "the file is missing: put it there.")
    ]


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = = 2\n", 2), ('a = 1\n\nb = """\n', 4), ("a = 1\na = 2\n", 2)])
def test_what_is_no_toml_is_told_with_its_line(folder: Path, text: str, line: int) -> None:
    (folder / "wording.toml").write_text(text)
    (fault,) = refused(folder)
    assert (fault.pointer, fault.code) == (f"sikro/wording.toml:{line}", "toml")


def test_what_is_no_text_is_told(folder: Path) -> None:
    (folder / "layout.typ").write_bytes(b"\xff\xfe\x00")
    (fault,) = refused(folder)
    assert fault.pointer == "sikro/layout.typ:1"
    assert "UTF-8" in fault.message


def test_a_rule_that_changed_may_return_with_other_dates(folder: Path) -> None:
    again = '[[requirements]]\ncode = "rekomendasi_profesi"\nlabel = "Rekomendasi IROPIN"\nneed = "optional"\n'
    edit(
        folder / "sop.toml",
        '[[requirements]]\ncode = "npwp"',
        f'{again}valid_from = 2024-01-12\n\n[[requirements]]\ncode = "npwp"',
    )
    assert len(load_licence(folder).sop.requirements) == 18


def test_the_hash_is_of_content_not_of_spelling(folder: Path) -> None:
    before = load_licence(folder).sha256
    path = folder / "sop.toml"
    edit(path, "max_places = 3", "max_places   =   3 # tiga")
    edit(path, 'kinds = ["image"]', 'kinds = [\n  "image",\n]')
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_licence(folder).sha256 == before


def test_a_default_written_out_is_the_same_content(folder: Path) -> None:
    before = load_licence(folder).sha256
    edit(folder / "sop.toml", 'label = "KTP"', 'label = "KTP"\ncopies = 1')
    assert load_licence(folder).sha256 == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sop.toml", "promise_working_days = 2", "promise_working_days = 3"),
        ("sop.toml", "KTP belum ada.", "KTP tidak ada."),
        ("wording.toml", "title =", "titel ="),
        ("layout.typ", "\n", "\n\n"),
    ],
)
def test_other_content_has_another_hash(folder: Path, name: str, old: str, new: str) -> None:
    before = load_licence(folder).sha256
    edit(folder / name, old, new)
    assert load_licence(folder).sha256 != before


def test_a_snapshot_reads_back_as_the_same_sop() -> None:
    sop = load_licence(LICENCES / "sikro").sop
    assert Sop.model_validate(sop.model_dump(mode="json")) == sop
    assert Sop.model_validate_json(sop.model_dump_json()) == sop


def test_two_licences_may_not_share_a_code_or_a_series(folder: Path) -> None:
    other = Path(shutil.copytree(folder, folder.parent / "zweite"))
    with pytest.raises(DefinitionError) as error:
        load_all(folder.parent)
    keys = [fault.message.partition(":")[0] for fault in error.value.faults]
    assert keys == ["licence_code", "number.series", "registration_series"]
    assert {fault.pointer.partition(":")[0] for fault in error.value.faults} == {"zweite/sop.toml"}
    edit(other / "sop.toml", 'licence_code = "SIKRO"', 'licence_code = "SIPO"')
    edit(other / "sop.toml", 'series = "SIKRO"', 'series = "SIPO"')
    edit(other / "sop.toml", 'registration_series = "REG-SIKRO"', 'registration_series = "REG-SIPO"')
    assert sorted(load_all(folder.parent)) == ["SIKRO", "SIPO"]


def test_a_folder_without_licences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"no folder here holds a sop\.toml"):
        load_all(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('desk = "counter"', 'desk = "kantin"', "hours[0].desk", "'counter'"),
        ('senin = ["12.00-13.00"]', 'senin = ["12:00-13:00"]', "hours[0]", "write hours as 08.00-15.00"),
        ('area_code = "1471"', 'area = "1471"', "area", "no known key"),
        ("valid_from = 2027-02-08", "valid_from = 2028-02-08", "hours[2]", "must be later than valid_from"),
    ],
)
def test_an_office_with_a_slip_is_refused(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    path = Path(shutil.copy(TEMPLATES / "office.toml", tmp_path / "office.toml"))
    line = edit(path, old, new)
    with pytest.raises(DefinitionError) as error:
        load_office(path)
    (fault,) = [fault for fault in error.value.faults if says in fault.message]
    assert fault.message.startswith(f"{key}: ")
    assert line - 10 < int(fault.pointer.rpartition(":")[2]) <= line


def test_an_office_that_contradicts_itself_is_refused_at_the_row(tmp_path: Path) -> None:
    path = Path(shutil.copy(TEMPLATES / "office.toml", tmp_path / "office.toml"))
    twice = '\n[[overrides]]\nday = 2026-12-24\nworked = true\nreason = "x"\n'
    path.write_text(path.read_text("utf-8") + twice * 2, "utf-8")
    with pytest.raises(DefinitionError) as error:
        load_office(path)
    (fault,) = error.value.faults
    assert fault.pointer.endswith(f"office.toml:{len(path.read_text('utf-8').splitlines()) - 2}")
    assert fault.message == "overrides[1].day: 2026-12-24 stands here twice: keep one."
