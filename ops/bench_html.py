"""The letter in HTML: the same words, fonts, emblem and photo, set like layout.typ; for the benchmark only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

STYLE = """
@page { size: A4; margin: 13mm 20mm 10mm }
body { font: 9.4pt/1.25 Bonum; margin: 0 }
h1 { font-size: 11.5pt; text-align: center; margin: 3mm 0 1mm }
table { border-collapse: collapse; width: 100% }
td { vertical-align: top; padding: 0.4mm 0 }
ol { margin: 0; padding-left: 5mm }
.kop { border-bottom: 2pt double black; text-align: center }
.kop b { font-size: 13.2pt } .kop small { font-size: 7.8pt }
.rows { margin-left: 6mm; width: 160mm } .rows td:first-child { width: 52mm }
.statement td:first-child { width: 28mm } .colon { width: 3mm }
.photo { width: 40mm } .photo img { width: 40mm; height: 60mm; object-fit: cover; border: 0.6pt solid #5a5a5a }
.signature { width: 78mm } .signature p { margin: 2mm 0 16mm; font-weight: bold }
.signature u { font-weight: bold }
.paraf td { border: 0.4pt solid #8c8c8c; font-size: 6.4pt; text-align: center; width: 33% } .mark { height: 9mm }
.footer { border-top: 0.5pt solid #0b3d2e; font-size: 6.8pt; text-align: center; margin-top: 3mm }
"""


def letter_html(content: dict[str, Any], templates: Path, photo: bytes) -> str:
    """A whole page from `wording.letter_content`; `photo` is a JPEG."""
    parts = [
        _letterhead(content, templates),
        f"<h1>{escape(content['title'])}</h1><center>{escape(content['number_label'])}</center>",
        *(_statement(one) for one in content["statements"]),
        f"<center><b>{escape(content['decision'])}</b></center>",
        _rows(content["rows"]),
        f"<p>{escape(content['conditions_label'])}</p>{_list(content['conditions'])}",
        _closing(content, b64encode(photo).decode()),
        f"<div class=footer>{_lines(content['footer'])}</div>",
    ]
    head = f"<title>{escape(content['document_title'])}</title><style>{_faces(templates)}{STYLE}</style>"
    return f"<!doctype html><html lang=id>{head}<body>{''.join(parts)}"


def _faces(templates: Path) -> str:
    faces = (("regular", 400), ("bold", 700))
    return "".join(
        f"@font-face {{ font-family: Bonum; font-weight: {weight}; "
        f"src: url(file://{templates}/fonts/texgyrebonum-{name}.otf) }}"
        for name, weight in faces
    )


def _letterhead(content: dict[str, Any], templates: Path) -> str:
    head = content["letterhead"]
    emblem = f"<img alt='{escape(content['emblem_alt'])}' src='file://{templates}/emblem/emblem.svg' height=94>"
    office = _lines(head["office"].split("\n"))
    words = f"{escape(head['government'])}<br><b>{office}</b><br><small>{_lines(head['address'])}</small>"
    return f"<table class=kop><tr><td>{emblem}</td><td>{words}</td></tr></table>"


def _statement(one: dict[str, Any]) -> str:
    items = one["items"]
    body = escape(items[0]) if len(items) == 1 else _list(items)
    return (
        f"<table class=statement><tr><td>{escape(one['label'])}</td><td class=colon>:</td><td>{body}</td></tr></table>"
    )


def _rows(rows: Iterable[dict[str, Any]]) -> str:
    lines = (
        f"<tr><td>{escape(row['label'])}</td><td class=colon>:</td><td>{escape(row.get('value', ''))}</td></tr>"
        for row in rows
    )
    return f"<table class=rows>{''.join(lines)}</table>"


def _closing(content: dict[str, Any], photo: str) -> str:
    head, issue = content["head"], content["issue"]
    portrait = f"<img alt='{escape(content['photo_alt'])}' src='data:image/jpeg;base64,{photo}'>"
    signature = (
        f"{escape(issue['place_label'])} : {escape(issue['place'])}<br>{escape(issue['date_label'])} :"
        f"<p>{escape(head['title'])}</p><u>{escape(head['name'])}</u><br>{_lines(head['lines'])}"
    )
    first = f"<tr><td class=photo>{portrait}</td><td></td><td class=signature>{signature}</td></tr>"
    copies = f"{escape(content['carbon_label'])}{_list(content['carbon_copies'])}"
    second = f"<tr><td colspan=2>{copies}</td><td>{_initials(content['initiallers'])}</td></tr>"
    return f"<table>{first}{second}</table>"


def _initials(cells: list[dict[str, Any]]) -> str:
    titles, names = (_cells(one[key] for one in cells) for key in ("title", "name"))
    return f"<table class=paraf>{titles}<tr class=mark>{'<td></td>' * len(cells)}</tr>{names}</table>"


def _cells(texts: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


def _list(items: Iterable[str]) -> str:
    return "<ol>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ol>"


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(escape(line) for line in lines)
