"""What a page loads beside itself: files with their hash in the address, compressed beforehand, kept for a year."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).resolve().parents[1] / "static"
MOUNT = "/static"
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
_COMPRESSED = {".css", ".js", ".svg", ".txt"}
_PACKED = {".br", ".gz"}
_HIDDEN = "source"


@dataclass(frozen=True)
class Asset:
    """One file: its address carries the first 12 hex digits of its SHA-256."""

    name: str
    path: Path

    @cached_property
    def content(self) -> bytes:
        """The bytes as they are on disk, read once."""
        return self.path.read_bytes()

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of the SHA-256."""
        return hashlib.sha256(self.content).hexdigest()[:12]

    @property
    def url(self) -> str:
        """The address to write into a page."""
        return f"{MOUNT}/{self.name}?v={self.version}"

    @cached_property
    def encodings(self) -> Mapping[str, bytes]:
        """The compressed forms, best first: `.br` and `.gz` beside the file, else gzip made here."""
        if self.path.suffix not in _COMPRESSED:
            return {}
        beside = {code: self._beside(ending) for code, ending in (("br", ".br"), ("gzip", ".gz"))}
        found = {code: content for code, content in beside.items() if content is not None}
        return found if "gzip" in found else {**found, "gzip": gzip.compress(self.content, 9, mtime=0)}

    def _beside(self, ending: str) -> bytes | None:
        packed = self.path.with_name(self.path.name + ending)
        return packed.read_bytes() if packed.is_file() else None


class Assets:
    """An ASGI application for `/static`. Sources of styles are not given out; `extra` adds files from elsewhere."""

    def __init__(self, folder: Path = STATIC, extra: Mapping[str, Path] | None = None) -> None:
        paths = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
        shown = {name: path for name, path in paths.items() if _shown(name)}
        self._assets = {name: Asset(name, path) for name, path in {**shown, **(extra or {})}.items()}

    def url(self, name: str) -> str:
        """The address of a file by its name under `static`; raises KeyError for an unknown one."""
        return self._assets[name].url

    def find(self, name: str) -> Asset | None:
        """The file of that name, None when there is none."""
        return self._assets.get(name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers GET and HEAD of one file; raises HTTPException 404 and 405 for the application to word."""
        name = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(MOUNT).lstrip("/")
        asset = self._assets.get(name)
        if asset is None:
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        await _answer(asset, Headers(scope=scope), QueryParams(scope["query_string"]))(scope, receive, send)


def _shown(name: str) -> bool:
    return not name.startswith(f"{_HIDDEN}/") and Path(name).suffix not in _PACKED


def _answer(asset: Asset, asked: Headers, query: QueryParams) -> Response:
    encoding, content = _encoded(asset, asked.get("accept-encoding", ""))
    tag = f'"{asset.version}{"-" + encoding if encoding else ""}"'
    headers = {
        "ETag": tag,
        "Cache-Control": FOREVER if query.get("v") == asset.version else ASK_AGAIN,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if tag in re.split(r"\s*,\s*", asked.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(content, headers=headers, media_type=_TYPES.get(asset.path.suffix, "application/octet-stream"))


def _encoded(asset: Asset, accepted: str) -> tuple[str, bytes]:
    """The best form that the asker takes; a weight of 0 refuses one."""
    refused = re.findall(r"([a-z*]+)\s*;\s*q=0(?:\.0*)?(?=\s*(?:,|$))", accepted)
    taken = set(re.findall(r"[a-z*]+", re.sub(r";\s*q=[\d.]+", "", accepted))) - set(refused)
    for code, content in asset.encodings.items():
        if code in taken:
            return code, content
    return "", asset.content
