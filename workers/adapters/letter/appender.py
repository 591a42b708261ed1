"""Incremental updates that write what was changed and nothing else."""

from __future__ import annotations

import hashlib
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

ID_LENGTH = 16


class Appender(IncrementalPdfFileWriter):
    """pyHanko's writer without its own traces: no rewritten metadata, no clock, no random file identifier.

    The letter's XMP stays as the officials saw it, and the same change to the same bytes gives the same bytes.
    """

    @classmethod
    def on(cls, pdf: bytes) -> Appender:
        """A writer that appends to `pdf`."""
        return cls(BytesIO(pdf))

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        first = prev.trailer["/ID"][0]
        stream = prev.stream
        stream.seek(0)
        changed = hashlib.sha256(stream.read()).digest()[:ID_LENGTH]
        parts = [generic.ByteStringObject(first.original_bytes), generic.ByteStringObject(changed)]
        return generic.ArrayObject(parts)

    def _update_meta(self) -> None:
        """Nothing: pyHanko would write its name and the present moment."""

    def appended(self) -> bytes:
        """The bytes with the update."""
        output = BytesIO()
        self.write(output)  # type: ignore[no-untyped-call]
        return output.getvalue()
