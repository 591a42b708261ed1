"""What is judged and cleaned in PDFs; the files here are made by the tests, so they are opened in this process."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from models.ports import Inspection
from tests.workers.cage.makers import (
    MARKS,
    annotated,
    codes,
    document,
    encoded,
    for_a_certificate,
    new_pdf,
    one_page,
    raw_stream,
    saved,
    script,
    signed_pdf,
    with_camera_data,
)
from workers.adapters.inspect.verdict import inspect

pytestmark = pytest.mark.usefixtures("parsers")


def judged(data: bytes, name: str = "surat.pdf", profile: str = "document") -> Inspection:
    return inspect(data, name, profile)


def cleaned(found: Inspection) -> pikepdf.Pdf:
    assert found.answer == "repair", found.findings
    assert found.clean is not None
    return pikepdf.open(io.BytesIO(found.clean))


def everything(pdf: pikepdf.Pdf) -> str:
    """All objects as text, to see that a name is nowhere."""
    plain = io.BytesIO()
    pdf.save(plain, qdf=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return plain.getvalue().decode("latin-1")


def test_an_honest_pdf_is_kept_as_it_is() -> None:
    found = judged(saved(new_pdf([MARKS] * 3)))
    assert (found.answer, found.media_type, found.pages, found.clean) == ("accept", "application/pdf", 3, None)
    assert found.findings == ()


def test_fifty_pages_are_taken_and_no_more() -> None:
    assert judged(saved(new_pdf([MARKS] * 50))).answer == "accept"
    found = judged(saved(new_pdf([MARKS] * 51)))
    assert found.answer == "reject"
    assert "51" in found.findings[0].message
    assert "50" in found.findings[0].message


@pytest.mark.parametrize("action", ["JavaScript", "Launch", "SubmitForm", "ImportData", "GoToR", "GoToE"])
def test_an_action_on_opening_is_removed(action: str) -> None:
    pdf = new_pdf()
    pdf.Root.OpenAction = Dictionary(S=Name(f"/{action}"), F="a.exe", JS="app.alert(1)")
    found = judged(saved(pdf))
    assert codes(found.findings) == {"scripts-removed"}
    assert f"/{action}" not in everything(cleaned(found))


def test_going_to_a_page_on_opening_is_harmless() -> None:
    pdf = new_pdf()
    pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])
    assert judged(saved(pdf)).answer == "accept"


def test_scripts_are_found_wherever_they_are() -> None:
    pdf = new_pdf()
    annotated(pdf, A=script(), AA=Dictionary(E=script()))
    pdf.pages[0].obj.AA = Dictionary(O=script())
    pdf.Root.AA = Dictionary(WC=script())
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=["a", pdf.make_indirect(script())]))
    outline = pdf.make_indirect(Dictionary(Title="x", A=pdf.make_indirect(script())))
    pdf.Root.Outlines = Dictionary(First=outline, Last=outline, Count=1)
    field = pdf.make_indirect(Dictionary(FT=Name.Tx, T="a", AA=Dictionary(K=script("secret()"))))
    pdf.Root.AcroForm = Dictionary(Fields=[field])
    text = everything(cleaned(judged(saved(pdf))))
    assert not any(word in text for word in ("/JavaScript", "/JS", "/AA", "alert", "secret"))


def test_a_chain_of_actions_is_cut() -> None:
    pdf = new_pdf()
    annotated(pdf, A=Dictionary(S=Name.GoTo, D="x", Next=Array([script()])))
    text = everything(cleaned(judged(saved(pdf))))
    assert "/JavaScript" not in text
    assert "/GoTo" in text


def test_names_written_in_hexadecimal_do_not_hide_a_script() -> None:
    data = one_page(raw_stream(MARKS), b"/#41A<</O<</S/J#61vaScript/J#53(app.alert\\(1\\))>>>>")
    assert "alert" not in everything(cleaned(judged(data)))


@pytest.mark.parametrize(("address", "answer"), [("https://oss.go.id", "accept"), ("javascript:alert(1)", "repair")])
def test_links_lead_to_the_web_only(address: str, answer: str) -> None:
    pdf = new_pdf()
    annotated(pdf, A=Dictionary(S=Name.URI, URI=address))
    assert judged(saved(pdf)).answer == answer


def test_an_attachment_is_removed_and_named() -> None:
    pdf = new_pdf()
    pdf.attachments["rahasia.exe"] = b"MZ\x90"
    found = judged(saved(pdf))
    assert codes(found.findings) == {"attachments-removed"}
    assert "rahasia.exe" in found.findings[0].message
    assert "/EF" not in everything(cleaned(found))


def test_a_file_pinned_to_the_page_is_removed() -> None:
    pdf = new_pdf()
    content = pdf.make_stream(b"hello", Type=Name.EmbeddedFile)
    specification = Dictionary(Type=Name.Filespec, F="a.txt", EF=Dictionary(F=content))
    pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, FS=specification)])
    found = judged(saved(pdf))
    assert codes(found.findings) == {"attachments-removed"}
    assert "/FileAttachment" not in everything(cleaned(found))


def test_sound_and_film_are_removed() -> None:
    pdf = new_pdf()
    pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 9, 9])])
    found = judged(saved(pdf))
    assert codes(found.findings) == {"media-removed"}
    assert "/RichMedia" not in everything(cleaned(found))


def test_a_form_that_only_one_program_draws_is_refused() -> None:
    pdf = new_pdf()
    pdf.Root.NeedsRendering = True
    assert codes(judged(saved(pdf)).findings) == {"form-dynamic"}


def test_a_portfolio_is_refused() -> None:
    pdf = new_pdf()
    pdf.Root.Collection = Dictionary(View=Name.D)
    assert codes(judged(saved(pdf)).findings) == {"portfolio"}


def photo_pdf(photo: bytes, *, packed: bool = False) -> pikepdf.Pdf:
    """A page that shows a JPEG, as apps on phones bind them; `packed` deflates it once more."""
    pdf = new_pdf([b"q 595 0 0 842 0 0 cm /Im0 Do Q"])
    with Image.open(io.BytesIO(photo)) as picture:
        entries = {"Width": picture.width, "Height": picture.height, "BitsPerComponent": 8}
    image = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, ColorSpace=Name.DeviceRGB, **entries)
    names = Array([Name.FlateDecode, Name.DCTDecode]) if packed else Name.DCTDecode
    image.write(zlib.compress(photo) if packed else photo, filter=names)
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im0=image))
    return pdf


def bound_photo(pdf: pikepdf.Pdf) -> bytes:
    image = pdf.pages[0].obj.Resources.XObject.Im0
    assert image.Filter == Name.DCTDecode
    return image.read_raw_bytes()


@pytest.mark.parametrize("packed", [False, True])
def test_a_bound_photo_tells_no_place(packed: bool) -> None:
    photo = encoded(document(), "JPEG", exif=with_camera_data(place=True))
    found = judged(saved(photo_pdf(photo, packed=packed)))
    assert "location-removed" in codes(found.findings)
    with cleaned(found) as pdf:
        bare = bound_photo(pdf)
    assert b"Exif" not in bare
    with Image.open(io.BytesIO(bare)) as after, Image.open(io.BytesIO(photo)) as before:
        assert not after.getexif()
        assert after.tobytes() == before.tobytes()


def test_a_camera_that_tells_no_place_stays_unless_the_file_is_written_anew() -> None:
    photo = encoded(document(), "JPEG", exif=with_camera_data())
    pdf = photo_pdf(photo)
    assert judged(saved(pdf)).answer == "accept"
    pdf.Root.OpenAction = script()
    with cleaned(judged(saved(pdf))) as mended:
        assert b"Exif" not in bound_photo(mended)


def test_a_note_that_names_a_place_is_emptied() -> None:
    packet = raw_stream(b"<rdf:Description exif:GPSLatitude='0,30N'/>", b"/Type/Metadata/Subtype/XML")
    found = judged(one_page(raw_stream(MARKS), b"/Metadata 5 0 R", o5=packet))
    assert codes(found.findings) == {"location-removed"}
    assert "GPS" not in everything(cleaned(found))


def test_passwords() -> None:
    assert codes(judged(for_a_certificate()).findings) == {"protected"}
    both = pikepdf.Encryption(user="rahasia", owner="pemilik")
    assert codes(judged(saved(new_pdf(), encryption=both)).findings) == {"encrypted"}
    owner = pikepdf.Encryption(user="", owner="pemilik", allow=pikepdf.Permissions(extract=False))
    found = judged(saved(new_pdf(), encryption=owner))
    assert codes(found.findings) == {"restrictions-dropped"}
    assert not cleaned(found).is_encrypted


def test_a_signed_pdf_keeps_its_bytes() -> None:
    found = judged(signed_pdf())
    assert (found.answer, found.clean) == ("accept", None)
    assert codes(found.findings) == {"signed"}


def test_a_signature_does_not_protect_a_script() -> None:
    """The cleaned copy is for the eyes; the signed original stays in the vault."""
    found = judged(signed_pdf({"OpenAction": script()}))
    assert codes(found.findings) == {"scripts-removed", "signature-on-original"}
    assert "alert" not in everything(cleaned(found))


def test_a_signature_that_covers_nothing_is_none() -> None:
    data = signed_pdf().replace(b"/ByteRange [ 0 ", b"/ByteRange [ 1 ")
    assert "signed" not in codes(judged(data).findings)


def test_junk_around_the_document_is_cut_off() -> None:
    data = saved(new_pdf())
    for around in (b"log line\n" * 9 + data, data + b"\nHTTP/1.1 200 OK\n" * 9):
        found = judged(around)
        assert "junk-cut" in codes(found.findings)
        assert cleaned(found).pages[0] is not None


def test_a_lost_cross_reference_table_is_rebuilt() -> None:
    data = saved(new_pdf([MARKS, MARKS]), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    found = judged(data[: data.rindex(b"xref\n")])
    assert "rebuilt" in codes(found.findings)
    assert len(cleaned(found).pages) == 2


def test_half_a_pdf_is_refused() -> None:
    pdf = new_pdf([MARKS, b"0 0 1 rg " * 5000 + MARKS])
    data = saved(pdf, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert judged(data[: len(data) // 4]).answer == "reject"


@pytest.mark.parametrize("place", [5, 40, 100])
def test_a_damaged_content_stream_is_lost_content(place: int) -> None:
    packed = bytearray(zlib.compress(bytes(range(256)) * 40 + MARKS))
    packed[place : place + 30] = b"\xff" * 30
    data = one_page(raw_stream(bytes(packed), b"/Filter/FlateDecode"))
    assert codes(judged(data).findings) == {"content-lost"}


def test_a_wrong_checksum_loses_nothing() -> None:
    packed = zlib.compress(MARKS)[:-4] + b"\0\0\0\0"
    assert judged(one_page(raw_stream(packed, b"/Filter/FlateDecode"))).answer == "accept"


def test_a_damaged_thumbnail_of_metadata_is_no_reason_to_refuse() -> None:
    data = one_page(raw_stream(MARKS), o5=raw_stream(b"nonsense", b"/Type/Metadata/Subtype/XML/Filter/FlateDecode"))
    assert judged(data).answer == "accept"


def test_ascii_filters_are_undone() -> None:
    packed = zlib.compress(MARKS).hex().encode() + b">"
    assert judged(one_page(raw_stream(packed, b"/Filter[/ASCIIHexDecode/FlateDecode]"))).answer == "accept"
    broken = one_page(raw_stream(b"zz>", b"/Filter[/ASCIIHexDecode/FlateDecode]"))
    assert codes(judged(broken).findings) == {"content-lost"}


def jpeg_page(data: bytes) -> bytes:
    entries = (
        b"/Type/XObject/Subtype/Image/Width 900/Height 1200/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    )
    page = b"/Resources<</XObject<</I 5 0 R>>>>"
    return one_page(raw_stream(b"q 595 0 0 842 0 0 cm /I Do Q"), page, o5=raw_stream(data, entries))


def test_a_scan_as_jpeg_inside_a_pdf() -> None:
    scan = encoded(document(), "JPEG")
    assert judged(jpeg_page(scan)).answer == "accept"
    assert codes(judged(jpeg_page(scan[: len(scan) // 2])).findings) == {"content-lost"}
    assert codes(judged(jpeg_page(b"nothing of the kind")).findings) == {"content-lost"}


def test_all_blank_is_refused_and_some_blank_is_warned_of() -> None:
    assert codes(judged(saved(new_pdf([b"", b""]))).findings) == {"blank"}
    found = judged(saved(new_pdf([MARKS, b"", MARKS])))
    assert codes(found.findings) == {"blank-pages"}
    assert "Halaman 2 " in found.findings[0].message


def test_a_page_with_one_dot_is_nearly_blank() -> None:
    found = judged(saved(new_pdf([b"300 300 6 6 re f"])))
    assert found.answer == "accept"
    assert codes(found.findings) == {"nearly-blank"}


def test_a_black_page_is_too_dark() -> None:
    night = b"0.05 g 0 0 595 842 re f 0.3 g 100 100 200 200 re f"
    assert "dark" in codes(judged(saved(new_pdf([night]))).findings)


@pytest.mark.parametrize(
    ("size", "large"), [((595, 842), False), ((842, 595), False), ((609.4, 935.4), False), ((842, 1191), True)]
)
def test_pages_beyond_a4_and_f4_are_noted(size: tuple[float, float], large: bool) -> None:
    found = judged(saved(new_pdf(size=size)))
    assert found.answer == "accept"
    assert ("page-size" in codes(found.findings)) == large


def test_a_pdf_is_no_photo() -> None:
    found = judged(saved(new_pdf()), profile="photo")
    assert codes(found.findings) == {"photo-not-picture"}


def test_cleaning_is_deterministic() -> None:
    pdf = new_pdf()
    pdf.Root.OpenAction = script()
    data = saved(pdf)
    assert judged(data).clean == judged(data).clean


def test_a_clean_copy_is_clean() -> None:
    """Judged again, it is kept as it is."""
    pdf = new_pdf()
    pdf.Root.OpenAction = script()
    pdf.attachments["a.txt"] = b"hello"
    first = judged(b"junk\n" + saved(pdf))
    assert first.clean is not None
    again = judged(first.clean)
    assert (again.answer, again.findings) == ("accept", ())
