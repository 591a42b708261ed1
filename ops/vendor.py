"""`python -m ops.vendor`: fetch what the screens are made of, at pinned versions, and build what the browser loads.

Each package comes by `npm pack` and is refused when its SHA-256 differs. The results are committed, so that neither a
network nor Node is needed to run or to test; run this after a version here, or a style in `api/static/source`, changes.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from ops.bundle import build

STATIC = Path(__file__).resolve().parents[1] / "api" / "static"
FONT = "files/plus-jakarta-sans-latin-wght-normal.woff2"
WEIGHTS = (400, 700)
LETTERS = (*range(0x20, 0x7F), *range(0xA0, 0x100), 0x2010, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D,
           0x2022, 0x2026, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212)  # fmt: skip
"""Latin-1, dashes, quotes and arrows: what Indonesian names and our screens use."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package: `files` maps a path inside it to one in `api/static`."""

    name: str
    version: str
    sha256: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "govuk-frontend",
        "6.6.0",
        "52c4eb554e54d8a6e4ba801e9da5ec3a5b930fd2f117a39677f0b6296e954751",
        {"dist/govuk/govuk-frontend.min.css": "source/govuk-frontend.css"},
    ),
    Package(
        "@ministryofjustice/frontend",
        "11.1.0",
        "9ec6ccf0739cefee1fdc663ca61387204dcf3fd9bfcfafa8b9159d993f38984b",
        {"moj/moj-frontend.min.css": "source/moj-frontend.css"},
    ),
    Package(
        "htmx.org",
        "4.0.1",
        "5fba65616ca148a86d377e9771bcada7f35faee3558651feb929eea425e13b3c",
        {
            "dist/htmx.min.js": "js/htmx.min.js",
            "dist/ext/hx-sse.min.js": "js/hx-sse.min.js",
            "LICENSE": "licences/htmx.txt",
        },
    ),
    Package(
        "@fontsource-variable/plus-jakarta-sans",
        "5.3.0",
        "271d7863880f0de211d9d44534e16907fba50cf6d47245de1938ff392ab5a30a",
        {FONT: "fonts/plus-jakarta-sans.woff2", "LICENSE": "licences/plus-jakarta-sans.txt"},
    ),
)


def main() -> None:
    """Fetch, check, strip, build."""
    for package in PACKAGES:
        for path, content in _fetched(package).items():
            target = STATIC / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_fitted(path, content))
        print(f"{package.name} {package.version}", file=sys.stderr)
    for path, size in build(STATIC).items():
        print(f"{path} {size}", file=sys.stderr)


def _fetched(package: Package) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{package.name}@{package.version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (archive,) = Path(folder).glob("*.tgz")
        return dict(_checked(package, archive))


def _checked(package: Package, archive: Path) -> list[tuple[str, bytes]]:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        sys.exit(
            f"{package.name} {package.version} has SHA-256 {found}, expected is {package.sha256}: nothing was taken"
        )
    with tarfile.open(archive) as tar:
        return [(target, _member(tar, f"package/{path}")) for path, target in package.files.items()]


def _member(tar: tarfile.TarFile, path: str) -> bytes:
    member = tar.extractfile(path)
    if member is None:
        sys.exit(f"{path} is no file")
    return member.read()


def _fitted(path: str, content: bytes) -> bytes:
    if path.endswith(".css"):
        return without_foreign_font(content.decode()).encode()
    if path.endswith(".woff2"):
        return _subset(content)
    return content.rstrip() + b"\n"


def without_foreign_font(css: str) -> str:
    """The style without GDS Transport, which only GOV.UK may use: neither its faces nor its name."""
    css = re.sub(r"/\*!.*?\*/", "", css, flags=re.S)
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    return re.sub(r"font-family:GDS Transport,[^;}]*;?", "", css)


def _subset(content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "font.woff2"
        path.write_bytes(content)
        narrowed = cast(TTFont, instancer.instantiateVariableFont(TTFont(path), {"wght": WEIGHTS}))
        narrowed.save(path)
        font = TTFont(path)
        options = subset.Options()
        options.layout_features = ["kern", "tnum"]
        options.hinting = False
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=LETTERS)
        chosen.subset(font)
        font.flavor = "woff2"
        font.save(path)
        return path.read_bytes()


if __name__ == "__main__":
    main()
