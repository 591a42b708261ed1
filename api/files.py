"""How files leave the office: as downloads that no browser runs, guesses at or shows inside a page."""

from __future__ import annotations

from urllib.parse import quote

SANDBOX = "default-src 'none'; sandbox"


def download_headers(name: str, sha256: str) -> dict[str, str]:
    """Headers of one file; `name` may hold anything."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in name)[-80:]
    return {
        "Content-Disposition": f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "ETag": f'"{sha256}"',
    }
