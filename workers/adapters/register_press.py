"""The register by Typst: landscape pages in the columns of the paper book, each head repeated, each page numbered."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.catalogue import load_office
from models.ports import RegisterBookFacts
from models.services.register_close import RegisterDayFacts
from workers.adapters.letter.typst_press import Assets, Typesetter


class TypstRegisterPress:
    """A `RegisterPress` that keeps one Typst compiler; `templates` is the templates folder. Make it after a fork."""

    def __init__(self, templates: Path) -> None:
        self._typesetter = Typesetter(Assets.below(templates))
        self._layout = (templates / "letters" / "register.typ").read_text(encoding="utf-8")
        self._day_layout = (templates / "letters" / "register_day.typ").read_text(encoding="utf-8")
        office = load_office(templates / "office.toml")
        self._letterhead = {
            "government": office.government,
            "office": office.name,
            "place": office.region,
            "emblem_alt": f"Lambang {office.region}",
        }

    def book(self, facts: RegisterBookFacts) -> bytes:
        """A PDF; the same facts give the same bytes."""
        return self._typesetter.document(self._layout, self._content(facts))

    def day(self, facts: RegisterDayFacts) -> bytes:
        """The page of a closed day; the same facts give the same bytes."""
        day = facts.day
        content = self._letterhead | {
            "title": f"Penutupan register {day.isoformat()}",
            "date": [day.year, day.month, day.day],
            **{name: value for name, value in asdict(facts).items() if name != "day"},
        }
        return self._typesetter.document(self._day_layout, content)

    def _content(self, facts: RegisterBookFacts) -> dict[str, Any]:
        day = facts.made_on
        return self._letterhead | {
            "title": f"Buku Register Perizinan {facts.year}, jilid {facts.volume}",
            "year": facts.year,
            "volume": facts.volume,
            "date": [day.year, day.month, day.day],
            "made": facts.made,
            "heads": list(facts.heads),
            "lines": [[[word for word in cell if word] for cell in line] for line in facts.lines],
            "void": list(facts.void),
            "summary": facts.summary,
        }
