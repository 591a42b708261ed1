"""Office prints of a letter that is not signed yet."""

from __future__ import annotations

from io import BytesIO

from pikepdf import Dictionary, Name, Pdf

from workers.adapters.letter.late_font import FONT_KEY

WATERMARK = b"KONSEP"
SIZE = 120
NOTE_SIZE = 8


class KonsepPress:
    """A `ConceptPress`."""

    def concept(self, blanko: bytes, copy_number: int) -> bytes:
        """`blanko` for paper; from the second print on it says which copy it is."""
        return concept_print(blanko, f"CETAK ULANG KE-{copy_number - 1}" if copy_number > 1 else "")


def concept_print(pdf: bytes, note: str = "") -> bytes:
    """`pdf` with the watermark KONSEP under its text and its form flattened: for paper, never for signature.

    `note` (letters of ASCII) stands small at the top of each page.
    """
    with Pdf.open(BytesIO(pdf)) as document:
        font = document.Root.AcroForm.DR.Font[FONT_KEY]
        document.flatten_annotations("print")
        if "/AcroForm" in document.Root:
            del document.Root.AcroForm
        for page in document.pages:
            resources = page.obj.get("/Resources", Dictionary())
            page.obj.Resources = resources
            fonts = resources.get("/Font", Dictionary())
            fonts[FONT_KEY] = font
            resources[Name.Font] = fonts
            width, height = (float(side) for side in page.mediabox[2:])
            page.contents_add(_drawing(width, height, note), prepend=True)
        target = BytesIO()
        document.save(target)
        return target.getvalue()


def _drawing(width: float, height: float, note: str) -> bytes:
    # An artifact (ISO 32000-1, 14.8.2.2): a screen reader passes it over. 0.64 0.77: 50 degrees, along the diagonal.
    turn = f"0.64 0.77 -0.77 0.64 {width * 0.24:.0f} {height * 0.25:.0f} Tm"
    text = f"BT 0.86 g {FONT_KEY} {SIZE} Tf {turn} ({WATERMARK.decode()}) Tj ET"
    if note:
        text += f" BT 0.4 g {FONT_KEY} {NOTE_SIZE} Tf 1 0 0 1 {width * 0.06:.0f} {height - 22:.0f} Tm ({note}) Tj ET"
    return f"/Artifact BMC q {text} Q EMC\n".encode()
