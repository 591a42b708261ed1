"""Fills number, date, validity, QR and typed code after the head's signature, in one incremental update.

Appearances are drawn here with the font that the blanko holds: a viewer never has to make one, and NeedAppearances is
never set, as PDF/A (ISO 19005-2, 6.4.1) asks.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from models.rules.errors import PermanentFailure
from models.rules.letter import LateFacts
from models.rules.typed_code import code_of, grouped
from workers.adapters.letter import marks, phrases, qr
from workers.adapters.letter.appender import Appender
from workers.adapters.letter.late_font import FONT_KEY, LateFont

QR_FIELD = "qr"


def late_values(late: LateFacts) -> dict[str, str]:
    """The text of each late text field, by field name."""
    return {
        "nomor": late.number,
        "tanggal": phrases.long_date(late.signed_on),
        "berlaku": phrases.long_date(late.valid_until),
        "kode": grouped(code_of(late.token)),
    }


def fill(signed: bytes, late: LateFacts, base_url: str, key: Ed25519PrivateKey, font: LateFont) -> bytes:
    """`signed` plus one update with the late fields that the blanko has. Raises PermanentFailure."""
    values = late_values(late) | {QR_FIELD: qr.content(base_url, late, key)}
    try:
        writer = Appender.on(signed)
        font_reference = embedded_font(writer)
        for name, field in text_fields(writer).items():
            _fill_field(writer, field, name, values[name], font, font_reference)
    except (misc.PdfError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise PermanentFailure(f"The letter can not be filled: {error!r}") from error
    return writer.appended()


def embedded_font(writer: IncrementalPdfFileWriter) -> generic.IndirectObject:
    """The late font in the form's resources."""
    reference = writer.root["/AcroForm"]["/DR"]["/Font"].raw_get(FONT_KEY)
    assert isinstance(reference, generic.IndirectObject)
    return reference


def text_fields(writer: IncrementalPdfFileWriter) -> Mapping[str, generic.DictionaryObject]:
    """The form's text fields by name."""
    fields = [reference.get_object() for reference in writer.root["/AcroForm"]["/Fields"]]
    return {str(field["/T"]): field for field in fields if field["/FT"] == "/Tx"}


def field_size(field: generic.DictionaryObject) -> tuple[float, float]:
    """Width and height in points."""
    left, bottom, right, top = (float(number) for number in field["/Rect"])
    return right - left, top - bottom


def appearance(
    width: float, height: float, drawing: bytes, font: generic.IndirectObject | None
) -> generic.StreamObject:
    """A form XObject of that size."""
    resources = {}
    if font is not None:
        resources[pdf_name("/Font")] = generic.DictionaryObject({pdf_name(FONT_KEY): font})
    box = [generic.FloatObject(round(number, 3)) for number in (0, 0, width, height)]
    head = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject(box),
        pdf_name("/Resources"): generic.DictionaryObject(resources),
        pdf_name("/Filter"): pdf_name("/FlateDecode"),
    }
    return generic.StreamObject(head, encoded_data=zlib.compress(drawing, 6))


def set_appearance(
    writer: IncrementalPdfFileWriter, field: generic.DictionaryObject, stream: generic.StreamObject
) -> None:
    """Give `field` the new appearance and mark it as changed."""
    reference = writer.add_object(stream)
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): reference})
    writer.update_container(field)


def _fill_field(
    writer: IncrementalPdfFileWriter,
    field: generic.DictionaryObject,
    name: str,
    value: str,
    font: LateFont,
    reference: generic.IndirectObject,
) -> None:
    width, height = field_size(field)
    if name == QR_FIELD:
        stream = appearance(width, height, marks.squares(qr.modules(value), width, height), None)
    else:
        size = float(str(field["/DA"]).split()[1])
        text = marks.late_text(font, width, height, value, size, int(field["/Q"]))
        stream = appearance(width, height, text, reference)
    field[pdf_name("/V")] = generic.pdf_string(value)
    set_appearance(writer, field, stream)
