"""Rescale fonts to 1000 units per em: `python templates/fonts/rescale.py FONT...` rewrites each file in place."""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

UNITS_PER_EM = 1000


def rescale(path: Path) -> bool:
    """Rewrite `path` with 1000 units per em; False when it had them already."""
    font = TTFont(path)
    if font["head"].unitsPerEm == UNITS_PER_EM:
        return False
    scale_upem(font, UNITS_PER_EM)
    font.save(path)
    return True


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, "rescaled" if rescale(Path(name)) else "kept")
