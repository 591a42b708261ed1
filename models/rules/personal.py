"""Personal values as an applicant writes them: made uniform, or refused with how to mend them."""

from __future__ import annotations

import re
import unicodedata

from models.rules.errors import Fault, InvalidInput

STR_LENGTH = 40
NAME_LENGTH = 120

_STR = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./\-]*")
_EMAIL = re.compile(r"[^@\s<>\",;:]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_PHONE_JUNK = re.compile(r"[\s.\-()]+")
_PHONE = re.compile(r"\+62[2-9][0-9]{6,11}")
_SPACES = re.compile(r"\s+")


def normal_name(text: str, pointer: str = "/name") -> str:
    """A person's name with single spaces; titles are allowed. Raises InvalidInput when empty, too long or no name."""
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if not name:
        raise _refused(pointer, "Nama belum diisi. Tulis nama sesuai KTP.", "name-missing")
    if len(name) > NAME_LENGTH:
        raise _refused(pointer, f"Nama terlalu panjang. Tulis paling banyak {NAME_LENGTH} huruf.", "name-length")
    if not any(letter.isalpha() for letter in name) or not all(_printable(letter) for letter in name):
        raise _refused(pointer, "Nama memuat tanda yang tidak dikenal. Tulis dengan huruf sesuai KTP.", "name-letters")
    return name


def same_place(one: str, other: str) -> bool:
    """Whether two names of a workplace are the same to a reader: capitals, spaces and points tell nothing apart."""
    return _place_key(one) == _place_key(other)


def _place_key(name: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def normal_str_number(text: str, pointer: str = "/str_number") -> str:
    """An STR number, upper case, single spaces, at most 40 characters; raises InvalidInput otherwise."""
    number = _SPACES.sub(" ", text).strip().upper()
    if not number:
        raise _refused(pointer, "Nomor STR belum diisi. Salin dari STR.", "str-missing")
    if len(number) > STR_LENGTH:
        raise _refused(pointer, f"Nomor STR paling banyak {STR_LENGTH} huruf dan angka. Salin dari STR.", "str-length")
    if not _STR.fullmatch(number):
        raise _refused(
            pointer, "Nomor STR hanya memuat huruf, angka, spasi, titik, garis. Salin dari STR.", "str-letters"
        )
    return number


def normal_phone(text: str, pointer: str = "/phone") -> str:
    """`+62812...` from 0812..., 62812... or +62 812...; raises InvalidInput when it is no number in Indonesia."""
    digits = _PHONE_JUNK.sub("", text)
    international = re.sub(r"^(?:\+?62|0)", "+62", digits)
    if not _PHONE.fullmatch(international):
        raise _refused(pointer, "Nomor telepon tidak dikenal. Tulis seperti 0812 3456 7890.", "phone")
    return international


def normal_email(text: str, pointer: str = "/email") -> str:
    """An e-mail address with the domain in lower case; raises InvalidInput when it is none."""
    address = text.strip()
    if not _EMAIL.fullmatch(address) or ".." in address:
        raise _refused(pointer, "Alamat e-mail tidak dikenal. Tulis seperti nama@contoh.id.", "email")
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.lower()}"


def _printable(letter: str) -> bool:
    return letter.isprintable() and letter not in "<>{}[]|\\^~`=@#$%*_"


def _refused(pointer: str, message: str, code: str) -> InvalidInput:
    return InvalidInput(message, faults=[Fault(pointer, message, code)])
