"""The invented people obey the rules of NIK and NIP, and stay the same."""

from __future__ import annotations

import json
from datetime import date

import pytest

from models.rules.nik import parse_nik
from models.rules.nip import parse_nip
from models.services.inputs import HolderInput
from ops.samples.people import OFFICE_PEOPLE, SamplePerson, applicant, build_nik, holder_data, representative

SEEDS = range(300)


def test_the_same_seed_is_the_same_person() -> None:
    assert applicant(7) == applicant(7)
    assert applicant(7) != applicant(8)


@pytest.mark.parametrize(
    ("sex", "expected"),
    [("L", "1471030508909012"), ("P", "1471034508909012")],
)
def test_a_nik_holds_area_birth_date_and_sex(sex: str, expected: str) -> None:
    assert build_nik(3, date(1990, 8, 5), sex, 9012) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_an_applicants_nik_agrees_with_birth_date_and_sex(seed: int) -> None:
    a = applicant(seed)
    nik = parse_nik(a.nik)
    assert (nik.city_code, nik.sex) == ("14.71", a.sex)
    assert nik.born_on(a.birth_date)
    assert a.nik[12] == "9"


def test_niks_and_registrations_differ_between_people() -> None:
    people = [applicant(seed) for seed in range(12_000)]
    assert len({a.nik for a in people}) == 12_000
    assert len({a.str_number for a in people}) == 12_000


def test_both_sexes_and_both_kinds_of_registration_occur() -> None:
    people = [applicant(seed) for seed in SEEDS]
    assert {a.sex for a in people} == {"L", "P"}
    assert {a.str_valid_until is None for a in people} == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_addresses_of_sample_people_reach_nobody(seed: int) -> None:
    a = applicant(seed)
    assert a.email.endswith("@example.invalid")
    assert a.phone.startswith("0812-0000-")


def test_a_registration_never_ends_before_the_application() -> None:
    on = date(2031, 5, 1)
    ends = [applicant(seed, on=on).str_valid_until for seed in SEEDS]
    assert all(end is None or end > on for end in ends)


def test_the_representative_is_someone_else() -> None:
    a = applicant(3)
    assert representative(a).nik != a.nik


def test_every_role_of_the_office_is_filled_by_one_person() -> None:
    roles = [role for person in OFFICE_PEOPLE for role in person.roles]
    assert sorted(roles) == [
        "admin",
        "ahli_madya",
        "ahli_muda",
        "back_office",
        "front_office",
        "kepala_dinas",
        "operator",
        "sekretaris",
    ]
    assert len({person.username for person in OFFICE_PEOPLE}) == len(OFFICE_PEOPLE)


def test_the_head_is_the_official_named_in_the_sop() -> None:
    (head,) = [person for person in OFFICE_PEOPLE if "kepala_dinas" in person.roles]
    assert (head.name, head.nip) == ("Akmal Khairi, S.Th.I., M.H.", "197704172003121004")


@pytest.mark.parametrize("person", [p for p in OFFICE_PEOPLE if p.nip], ids=lambda p: p.username)
def test_a_nip_is_well_formed_and_its_holder_was_of_age(person: SamplePerson) -> None:
    nip = parse_nip(person.nip)
    assert 18 <= nip.appointed_year - nip.birth_date.year <= 40


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_applicant_fills_in_is_accepted_as_it_stands(seed: int) -> None:
    a = applicant(seed)
    taken = HolderInput.model_validate_json(json.dumps(holder_data(a)))
    assert (taken.nik, taken.birth_date, taken.sex) == (a.nik, a.birth_date, a.sex)
    assert taken.str_valid_until == a.str_valid_until
