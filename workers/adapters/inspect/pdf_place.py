"""Takes the camera's data out of the photos inside a PDF when it tells a place; the pixels stay as they are.

Apps on phones bind photos into PDFs with all that the camera noted beside them.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, Final

from pikepdf import Name, ObjectType, Stream
from PIL import Image, UnidentifiedImageError

from workers.adapters.inspect import segments
from workers.adapters.inspect.pdf_streams import filters, payload_of
from workers.adapters.inspect.pdf_walk import Walked, kind
from workers.adapters.inspect.report import Report

_PHOTOS: Final = frozenset({"/DCTDecode", "/DCT"})
_CAMERA: Final = (b"Exif\0", b"http://ns.adobe.com/", b"Photoshop 3.0")
_DICTIONARY: Final = ObjectType.dictionary
_PLACES: Final = 0x8825
_UNREADABLE: Final = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError,
    OverflowError, AttributeError, struct.error,
)  # fmt: skip


def _photo(stream: Stream) -> bytes | None:
    """The JPEG of a picture that carries a camera's data; most carry none, which one search tells."""
    names = filters(stream) if str(stream.get("/Subtype")) == "/Image" else []
    if not names or names[-1] not in _PHOTOS:
        return None
    data = payload_of(stream, names[:-1])
    return data if any(mark in data for mark in _CAMERA) else None


def _tells_place(photo: bytes) -> bool:
    if segments.hidden(segments.parts(photo)).place:
        return True
    try:
        with Image.open(BytesIO(photo), formats=["JPEG"]) as picture:
            return bool(picture.getexif().get_ifd(_PLACES))
    except _UNREADABLE:
        return True  # what can not be read is dropped as if it told the place


def _put(stream: Stream, photo: bytes) -> None:
    """`photo` under its own filter alone, with that filter's parameters."""
    parameters: Any = stream.get("/DecodeParms")
    if kind(parameters) == ObjectType.array:
        parameters = parameters[-1] if len(parameters) else None
    stream.write(photo, filter=Name.DCTDecode, decode_parms=parameters if kind(parameters) == _DICTIONARY else None)


def _notes_with_place(walked: Walked) -> list[Stream]:
    """XMP packets, of the document or of a picture, that tell a place."""
    packets = [stream for stream in walked.streams if str(stream.get("/Type")) == "/Metadata"]
    return [packet for packet in packets if segments.names_place(payload_of(packet, filters(packet)))]


def _photos(walked: Walked) -> list[tuple[Stream, bytes]]:
    return [(stream, photo) for stream in walked.streams if (photo := _photo(stream)) is not None]


def note_places(walked: Walked, report: Report) -> None:
    """Say that the file tells where its photos were taken, which has to be removed."""
    if any(_tells_place(photo) for _, photo in _photos(walked)) or _notes_with_place(walked):
        report.add("location-removed")


def drop_camera_data(walked: Walked) -> None:
    """For a file that is written anew in any case: all that cameras noted beside their pixels."""
    for stream, photo in _photos(walked):
        _put(stream, segments.stripped(segments.parts(photo)))
    for packet in _notes_with_place(walked):
        packet.write(b"")
