"""A zip's table of contents: what is let in, and a sentence for everything that is not."""

from __future__ import annotations

import io
import zipfile

import pytest

from models.rules.batch_zip import Limits, Member, members, unpacked_member
from models.rules.errors import InvalidInput
from tests.batch_files import as_zip, lying

LIMITS = Limits(1_000_000, 10_000_000)


def listed(data: bytes, limits: Limits = LIMITS) -> list[Member]:
    return list(members(lambda at, size: data[at : at + size], len(data), limits))


def unpacked(data: bytes, member: Member) -> bytes:
    return unpacked_member(lambda at, size: data[at : at + size], member, 1_000_000)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_file_comes_out_as_it_went_in(method: int) -> None:
    files = {"manifest.csv": b"key\n1\n", "a/ktp.pdf": b"%PDF" * 90, "b/\u00e9.pdf": b"x"}
    data = as_zip({**files, "__MACOSX/._a": b"junk", "a/.DS_Store": b"junk"}, method)
    assert {member.name: unpacked(data, member) for member in listed(data)} == files


def test_a_zip_with_a_comment_and_one_that_was_streamed_are_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(out), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"dari RS"
        with archive.open("a.pdf", "w", force_zip64=True) as entry:
            entry.write(b"%PDF" * 100)
    data = out.getvalue()
    assert [unpacked(data, member) for member in listed(data)] == [b"%PDF" * 100]


class _Unseekable(io.RawIOBase):
    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._target.write(bytes(data))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\windows\\x", "C:/x", "a\x07b", "x" * 400],
    ids=["up", "root", "inside", "backslash", "drive", "bell", "long"],
)
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="menunjuk ke luar ZIP"):
        listed(as_zip({name: b"x"}))


def test_a_link_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("ktp.pdf")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InvalidInput, match="tautan"):
        listed(out.getvalue())


def test_bombs_are_refused_before_anything_is_unpacked() -> None:
    with pytest.raises(InvalidInput, match="membesar tidak wajar"):
        listed(as_zip({"nol.pdf": b"\0" * 900_000}, zipfile.ZIP_DEFLATED))
    with pytest.raises(InvalidInput, match="membesar tidak wajar"):
        listed(as_zip({"a.pdf": b"a" * 60, "b.pdf": b"b" * 60}), Limits(1000, 100))
    with pytest.raises(InvalidInput, match="lebih besar dari"):
        listed(as_zip({"a.pdf": b"a" * 2000}), Limits(1000, 10_000))
    data = as_zip({"a.pdf": b"a" * 100, "b.pdf": b"b" * 100})
    with pytest.raises(InvalidInput, match="bertumpuk"):
        listed(lying(data, packed=10_000))


def test_a_file_that_grows_past_what_it_says_is_refused_when_it_is_unpacked() -> None:
    data = lying(as_zip({"a.pdf": b"abc" * 500}, zipfile.ZIP_DEFLATED), size=20)
    (member,) = listed(data)
    with pytest.raises(InvalidInput, match="rusak"):
        unpacked(data, member)


@pytest.mark.parametrize(
    ("fields", "sentence"), [({"flags": 1}, "kata sandi"), ({"method": 12}, "pemampatan")], ids=["locked", "bzip2"]
)
def test_what_we_can_not_open_is_told(fields: dict[str, int], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        listed(lying(as_zip({"a.pdf": b"abc"}), **fields))


@pytest.mark.parametrize("cut", [0, 3, 30, 60])
def test_a_torn_zip_is_told(cut: int) -> None:
    data = as_zip({"a.pdf": b"abc" * 10})
    with pytest.raises(InvalidInput, match="rusak"):
        listed(data[:cut] if cut else b"PK\x03\x04" + data[4:-22])


def test_no_bytes_at_all_make_it_fail_otherwise() -> None:
    data = bytearray(as_zip({"a.pdf": b"abc" * 10, "b/c.pdf": b"d"}, zipfile.ZIP_DEFLATED))
    told = 0
    for place in range(len(data)):
        changed = bytes(data[:place]) + bytes([data[place] ^ 0xFF]) + bytes(data[place + 1 :])
        try:
            for member in listed(changed):
                unpacked(changed, member)
        except InvalidInput:
            told += 1
    assert told > 40
