"""What an upload is, told from its first bytes; its name must not claim the other kind."""

from __future__ import annotations

from models.rules.errors import InvalidInput, ParafError

HEAD = 1024
PDF = "application/pdf"
_PICTURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    *((4, b"ftyp" + brand, "image/heic") for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")),
)
_PICTURE_NAMES = frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "hif", "tif", "tiff", "bmp", "dib"}
)
_OTHER_NAMES = frozenset({
    "exe", "com", "bat", "cmd", "msi", "scr", "js", "vbs", "ps1", "sh", "jar", "apk", "html", "htm", "xhtml", "svg",
    "xml", "php", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "odt", "ods", "rtf", "txt", "csv", "zip",
    "rar", "7z", "gz", "tar", "iso", "gif", "avif", "mp4", "mov", "avi", "mp3", "wav",
})  # fmt: skip
_KINDS = {"pdf": "pdf", **dict.fromkeys(_PICTURE_NAMES, "image"), **dict.fromkeys(_OTHER_NAMES, "other")}
_SPOKEN = {"application/pdf": "PDF", "image": "gambar"}
_TAKEN = "Simpan sebagai PDF, JPEG atau PNG, lalu unggah lagi."


class UnsupportedFile(ParafError):
    """A file that is no PDF or picture, or whose name and content are at odds."""

    code = "unsupported-file"


def media_type_of(head: bytes, name: str) -> str:
    """The media type of a file that begins with `head`. Raises InvalidInput for an empty one, UnsupportedFile else."""
    if not head:
        raise InvalidInput("Berkas kosong (0 bita). Pindai atau foto ulang dokumennya, lalu unggah lagi.")
    found = _picture(head) or (PDF if b"%PDF-" in head[:HEAD] else "")
    if not found:
        raise UnsupportedFile(f"Berkas ini bukan PDF atau gambar. {_TAKEN}")
    _refuse_other_name(name, found)
    return found


def _picture(head: bytes) -> str:
    for offset, magic, media_type in _PICTURES:
        if head[offset : offset + len(magic)] == magic and (media_type != "image/webp" or head[:4] == b"RIFF"):
            return media_type
    return ""


def _refuse_other_name(name: str, found: str) -> None:
    """A picture under another picture's name is everyday (phones, messengers) and harmless; a changed kind is not."""
    suffix = name.rpartition(".")[2].lower() if "." in name.strip(".") else ""
    kind = "pdf" if found == PDF else "image"
    # "KTP 12.03.2024" and "STR dr. Rina" claim nothing: what stands after the last point is a name only if it is known.
    claimed = _KINDS.get(suffix, "")
    if claimed and claimed != kind:
        spoken = "PDF" if kind == "pdf" else "gambar"
        raise UnsupportedFile(
            f"Nama berkas berakhiran .{suffix[:10]}, tetapi isinya {spoken}."
            " Simpan ulang dengan nama yang sesuai isinya, lalu unggah lagi."
        )


def safe_name(name: str) -> str:
    """The name as people know it, without folders and control characters, at most 120 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable()).strip()[-120:] or "berkas"
