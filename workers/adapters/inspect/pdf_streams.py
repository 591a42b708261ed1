"""Decodes every stream of a PDF in bounded steps: finds lost content and decompression bombs.

A reader draws what it can and stays silent about the rest, so only this shows that content is missing.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pikepdf import ObjectType, PdfError, Stream, StreamDecodeLevel

from workers.adapters.inspect import bounds
from workers.adapters.inspect.pdf_pictures import Picture, check_payload, picture_of
from workers.adapters.inspect.pdf_walk import kind
from workers.adapters.inspect.report import Refused

_STEP: Final = 1 << 20
_FLATE: Final = frozenset({"/FlateDecode", "/Fl"})
_ASCII: Final = frozenset({"/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"})
_SLOW: Final = frozenset({"/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"})
_PICTURES: Final = frozenset({
    "/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode",
})  # fmt: skip
_MAY_BE_LOST: Final = frozenset({"/Metadata", "/EmbeddedFile", "/XRef", "/ObjStm"})


class Lost(Exception):
    """A stream can not be decoded to its end."""


@dataclass(slots=True)
class Meter:
    """Counts decoded bytes of one file."""

    total: int = 0

    def count(self, size: int) -> None:
        """Raises Refused("bomb") when the whole passes its bound."""
        self.total += size
        if self.total > bounds.MAX_TOTAL_BYTES:
            raise Refused("bomb")


def filters(stream: Stream) -> list[str]:
    """Names of the filters, first to undo first. Raises Refused("bomb") for a chain that nobody needs."""
    value = stream.get("/Filter")
    names = [] if value is None else [str(v) for v in value] if kind(value) == ObjectType.array else [str(value)]
    if len(names) > bounds.MAX_FILTERS:
        raise Refused("bomb")
    return names


def _bounded(pieces: Iterable[bytes], limit: int, meter: Meter) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        meter.count(len(piece))
        if size > limit:
            raise Refused("bomb")
        yield piece


def _inflate(pieces: Iterable[bytes], strict: bool) -> Iterator[bytes]:
    """Inflate without ever holding more than a step; `strict` also refuses data without an end."""
    engine = zlib.decompressobj()
    fed = False
    for piece in pieces:
        rest = piece
        while rest and not engine.eof:
            fed = True
            try:
                out = engine.decompress(rest, _STEP)
            except zlib.error as error:
                if "incorrect data check" in str(error):
                    return  # the data was whole, its checksum is not: readers do not look at it
                raise Lost(str(error)) from error
            rest = engine.unconsumed_tail
            yield out
    if strict and fed and not engine.eof:
        raise Lost("no end")


def _ascii(data: bytes, name: str) -> bytes:
    packed = re.sub(rb"\s+", b"", data)
    try:
        if name in {"/ASCII85Decode", "/A85"}:
            return base64.a85decode(packed.split(b"~")[0].removeprefix(b"<~"))
        digits = packed.split(b">")[0]
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except ValueError as error:
        raise Lost(str(error)) from error


def _undo(pieces: Iterable[bytes], name: str, limit: int, meter: Meter, strict: bool) -> Iterator[bytes]:
    if name in _FLATE:
        return _bounded(_inflate(pieces, strict), limit, meter)
    if name in _ASCII:
        return iter([_ascii(b"".join(pieces), name)])
    return iter(pieces)  # /Crypt: qpdf has undone it already


def _decoded(stream: Stream, names: list[str], limit: int, meter: Meter, strict: bool) -> Iterator[bytes]:
    pieces: Iterator[bytes] = iter([stream.read_raw_bytes()])
    for name in names:
        pieces = _undo(pieces, name, limit, meter, strict)
    return pieces


def payload_of(stream: Stream, names: list[str]) -> bytes:
    """The data of a stream that `check_streams` has passed, with these filters undone; b"" if it is lost."""
    if not _SLOW.isdisjoint(names):
        return b""
    try:
        return b"".join(_decoded(stream, names, bounds.MAX_STREAM_BYTES, Meter(), strict=False))
    except Lost:
        return b""


def _decode_slowly(stream: Stream, meter: Meter) -> int:
    """LZW and run lengths through qpdf, whole in memory: the cage's own limit holds them."""
    try:
        size = len(stream.read_bytes(StreamDecodeLevel.generalized))
    except PdfError as error:
        raise Lost(str(error)) from error
    meter.count(size)
    return size


def _limit(picture: Picture | None) -> int:
    return max(bounds.MAX_STREAM_BYTES, 2 * picture.size if picture else 0)


def _check_data(stream: Stream, names: list[str], picture: Picture | None, meter: Meter, strict: bool) -> None:
    if _SLOW.isdisjoint(names):
        pieces = _decoded(stream, names, _limit(picture), meter, strict)
        size = sum(len(piece) for piece in pieces)
    else:
        size = _decode_slowly(stream, meter)
    if picture and size < picture.least:
        raise Lost("picture data too short")


def _check_picture_data(stream: Stream, names: list[str], picture: Picture, meter: Meter, strict: bool) -> None:
    """Pictures with a format of their own: what stands before it is undone, then its header is read."""
    if not _SLOW.isdisjoint(names):
        raise Refused("bomb")
    payload = b"".join(_decoded(stream, names[:-1], bounds.MAX_STREAM_BYTES, meter, strict))
    if not check_payload(picture, names[-1], payload):
        raise Lost("picture data damaged")


def _check_stream(stream: Stream, meter: Meter, strict: bool) -> None:
    names = filters(stream)
    picture = picture_of(stream) if str(stream.get("/Subtype")) == "/Image" else None
    own_format = [name for name in names if name in _PICTURES]
    if not own_format:
        _check_data(stream, names, picture, meter, strict)
    elif picture is None or own_format != names[-1:]:
        raise Refused("bomb")  # a picture format outside a picture only serves to blow up
    else:
        _check_picture_data(stream, names, picture, meter, strict)


def _may_be_lost(stream: Stream) -> bool:
    return str(stream.get("/Type", "")) in _MAY_BE_LOST


def check_streams(streams: Iterable[Any], rebuilt: bool) -> None:
    """Raises Refused when content is lost or swells beyond all use.

    In a file whose structure had to be rebuilt, data without an end counts as lost; elsewhere some producers
    never write it.
    """
    meter = Meter()
    for stream in streams:
        try:
            _check_stream(stream, meter, rebuilt)
        except Lost as error:
            if not _may_be_lost(stream):
                raise Refused("content-lost") from error
