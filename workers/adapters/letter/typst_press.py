"""One Typst compiler, kept: 4 ms a letter instead of 12 with a new one each time."""

from __future__ import annotations

import json
import shutil
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import typst
from pikepdf import Pdf

from models.rules.errors import PermanentFailure

STANDARDS: list[Any] = ["a-2a", "ua-1"]
# How many times a letter may be set tighter before it is refused.
FACTS = "letter.json"
TIGHTEST = 10


@dataclass(frozen=True, slots=True)
class Assets:
    """What a letter takes beside its definition: a folder of fonts and the emblem (SVG)."""

    fonts: Path
    emblem: Path

    @staticmethod
    def below(templates: Path) -> Assets:
        """The assets in the templates folder."""
        return Assets(templates / "fonts", templates / "emblem" / "emblem.svg")


class Typesetter:
    """Sets JSON with a Typst layout into a tagged PDF; safe for threads, one letter at a time.

    Make it after a fork: Typst's own threads do not survive one.
    """

    def __init__(self, assets: Assets) -> None:
        self._lock = threading.Lock()
        # Typst reads files below a root only; the photo and the facts are given to it there.
        self._root = Path(mkdtemp(prefix="paraf-letter-"))
        weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        self._emblem = assets.emblem.read_bytes()
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(assets.fonts)])
        self._compiler = typst.Compiler(root=str(self._root), font_paths=fonts)

    def pdf(self, layout: str, content: dict[str, Any], photo: bytes | None) -> bytes:
        """The letter as PDF/A-2a and PDF/UA-1, dated by `content["date"]`, on one page.

        The layout is given `tightness`, from 0 up to 10, until the letter fits. Raises PermanentFailure when it never
        does, or when Typst refuses the layout. (Measuring in the layout itself costs three times as much.)
        """
        with self._lock, self._papers(photo):
            for tightness in range(TIGHTEST + 1):
                made = self._set(layout, content | {"tightness": tightness})
                if _pages(made) == 1:
                    return made
            raise PermanentFailure(f"The letter takes {_pages(made)} pages even when it is set tightest")

    def document(self, layout: str, content: dict[str, Any]) -> bytes:
        """Any number of pages, with the same standards. Raises PermanentFailure when Typst refuses the layout."""
        with self._lock, self._papers(None):
            return self._set(layout, content)

    def _set(self, layout: str, content: dict[str, Any]) -> bytes:
        (self._root / FACTS).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return self._compile(layout, date(*content["date"]))

    @contextmanager
    def _papers(self, photo: bytes | None) -> Iterator[None]:
        facts, portrait = self._root / FACTS, self._root / "photo.jpg"
        try:
            # Written each time: a cleaner of temporary folders may have been here.
            self._root.mkdir(mode=0o700, exist_ok=True)
            (self._root / "emblem.svg").write_bytes(self._emblem)
            if photo is not None:
                portrait.write_bytes(photo)
            yield
        finally:
            # Personal data does not lie about between two letters.
            facts.unlink(missing_ok=True)
            portrait.unlink(missing_ok=True)

    def _compile(self, layout: str, day: date) -> bytes:
        # Midnight in Jakarta of the letter's own date: the same facts give the same bytes.
        seconds = (day.toordinal() - date(1970, 1, 1).toordinal()) * 86_400 - 7 * 3_600
        try:
            made = self._compiler.compile(
                input=layout.encode(), format="pdf", pdf_standards=STANDARDS, timestamp=seconds
            )
        except typst.TypstError as error:
            raise PermanentFailure(f"Typst refuses the letter: {error.message} {' '.join(error.hints)}") from error
        if not isinstance(made, bytes):
            raise PermanentFailure("Typst made no PDF")
        return made


def _pages(pdf: bytes) -> int:
    with Pdf.open(BytesIO(pdf)) as document:
        return len(document.pages)
