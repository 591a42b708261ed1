"""An opened key stays for one pile and for a moment, and is the same key."""

from __future__ import annotations

from uuid import UUID

import pytest

from models.rules.errors import WrongPassphrase
from ops.children import wait_until
from ops.letter import PASSPHRASE, SampleOffice
from workers.adapters.letter.key_ring import PILES, KeyRing

PILE, NEXT = UUID(int=1), UUID(int=2)


@pytest.fixture
def material(office: SampleOffice) -> bytes:
    return office.credentials[0].material


def test_letters_of_one_pile_are_signed_with_one_opened_key(material: bytes) -> None:
    ring = KeyRing()
    ring.turn_to(PILE)
    first = ring.open(material, PASSPHRASE)
    ring.turn_to(PILE)
    assert ring.open(material, PASSPHRASE) is first


def test_piles_whose_letters_take_turns_have_a_key_each(office: SampleOffice) -> None:
    ring, keys = KeyRing(), {}
    for pile, credential in zip((PILE, NEXT), office.credentials, strict=False):
        ring.turn_to(pile)
        keys[pile] = (credential.material, ring.open(credential.material, PASSPHRASE))
    for pile, (material, key) in keys.items():
        ring.turn_to(pile)
        assert ring.open(material, PASSPHRASE) is key


def test_a_key_is_never_used_for_another_pile(material: bytes) -> None:
    ring = KeyRing()
    ring.turn_to(PILE)
    first = ring.open(material, PASSPHRASE)
    ring.turn_to(NEXT)
    assert ring.open(material, PASSPHRASE) is not first


def test_of_many_piles_the_oldest_key_is_let_go(material: bytes) -> None:
    ring = KeyRing()
    ring.turn_to(PILE)
    first = ring.open(material, PASSPHRASE)
    for number in range(2, PILES + 2):
        ring.turn_to(UUID(int=number))
        last = ring.open(material, PASSPHRASE)
    assert ring.open(material, PASSPHRASE) is last
    ring.turn_to(PILE)
    assert ring.open(material, PASSPHRASE) is not first


def test_after_the_last_letter_and_outside_piles_nothing_is_kept(material: bytes) -> None:
    ring = KeyRing()
    ring.open(material, PASSPHRASE)
    assert not ring.holds_key
    ring.turn_to(PILE)
    ring.open(material, PASSPHRASE)
    ring.let_go(PILE)
    assert not ring.holds_key
    assert ring.open(material, PASSPHRASE) is not ring.open(material, PASSPHRASE)
    assert not ring.holds_key


def test_another_officials_key_takes_its_place(office: SampleOffice, material: bytes) -> None:
    ring = KeyRing()
    ring.turn_to(PILE)
    first = ring.open(material, PASSPHRASE)
    other = ring.open(office.credentials[1].material, PASSPHRASE)
    assert other.certificate != first.certificate
    assert ring.open(material, PASSPHRASE) is not first


def test_a_wrong_passphrase_opens_nothing_though_the_key_is_held(material: bytes) -> None:
    ring = KeyRing()
    ring.turn_to(PILE)
    ring.open(material, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        ring.open(material, PASSPHRASE + "x")


def test_a_key_that_nothing_asks_for_is_let_go_after_a_moment(material: bytes) -> None:
    ring = KeyRing(keep_seconds=0.01)
    ring.turn_to(PILE)
    first = ring.open(material, PASSPHRASE)
    assert wait_until(lambda: not ring.holds_key, 20)
    assert ring.open(material, PASSPHRASE) is not first
