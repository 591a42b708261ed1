"""One way to a page: `page(request, "kotak.html", {...})`, with the headers that every page carries."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages import forms, words
from api.pages.assets import MOUNT, Assets
from api.pages.formats import FILTERS
from models.catalogue import load_office
from models.rules.office import Office
from models.rules.roles import Actor

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, HX-Request, Cookie",
}
SMALL = 1000
"""Shorter pages than this gain nothing from compression."""
_NAMES = (
    "back-link breadcrumbs button character-count checkboxes date-input details error-message error-summary fieldset"
    " file-upload hint input inset-text label notification-banner pagination panel password-input radios select"
    " summary-list table tabs tag task-list textarea warning-text"
)
GOVUK = tuple(_NAMES.split())
"""The components of the library that templates have as globals: `govukDateInput({...})`."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, for its header: nobody, the bearer of a link, or a person with roles."""

    name: str = ""
    title: str = ""
    roles: frozenset[str] = frozenset()
    staff: bool = False


def visitor_of(actor: Actor | None, title: str = "") -> Visitor:
    """The header's view of an actor; an applicant by link stays nameless there."""
    if actor is None or actor.person_id is None:
        return Visitor()
    named = title or next((words.ROLES[role] for role in words.ROLES if role in actor.roles), "")
    return Visitor(actor.name, named, actor.roles, actor.is_staff)


class Pages:
    """The templates of one office, compiled once."""

    def __init__(self, office: Office, templates: Path = TEMPLATES, *, development: bool = False) -> None:
        self.office = office
        self.development = development
        self.assets = Assets(extra={"emblem.svg": _own(templates, "emblem") / "emblem.svg"})
        self.environment = environment(_own(templates, "pages"), self.assets, development=development)

    def render(self, template: str, context: Mapping[str, Any], *, visitor: Visitor, path: str = "/") -> str:
        """The page as HTML. Raises jinja2.UndefinedError for a name that the context lacks."""
        found = self.environment.get_template(template)
        nav = words.nav_of(visitor.roles, visitor.staff)
        return found.render(office=self.office, visitor=visitor, nav=nav, path=path, **context)


def _own(templates: Path, name: str) -> Path:
    return templates / name if (templates / name).is_dir() else TEMPLATES / name


def environment(folder: Path, assets: Assets, *, development: bool = False) -> jinja2.Environment:
    """Our templates are strict about every name; the library's macros count on lenient ones and get their own."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=development,
    )
    found.filters.update(FILTERS)
    found.filters["field_id"] = forms.field_id
    found.globals.update(_library())
    found.globals.update(asset=assets.url, query=query, blank=forms.Form(), clock_chip=words.clock_chip)
    found.globals.update(STAGES=words.STAGES, ROLES=words.ROLES)
    _gather_macros(found, folder)
    return found


def _library() -> dict[str, Callable[..., str]]:
    lenient = jinja2.Environment(
        loader=jinja2.PrefixLoader({"govuk_frontend_jinja": jinja2.PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {code: "govuk" + code.title().replace("-", "") for code in GOVUK}
    modules = {
        code: lenient.get_template(f"govuk_frontend_jinja/components/{code}/macro.html").module for code in GOVUK
    }
    return {name: getattr(modules[code], name) for code, name in names.items()}


def _gather_macros(found: jinja2.Environment, folder: Path) -> None:
    """Every macro of `macros/` under one name, `ui`, so that no page imports any."""
    macros = SimpleNamespace()
    found.globals["ui"] = macros
    for path in sorted((folder / "macros").glob("*.html")):
        module = found.get_template(f"macros/{path.name}").module
        for name, value in vars(module).items():
            if not name.startswith("_"):
                setattr(macros, name, value)


def query(params: Mapping[str, object], **changes: object) -> str:
    """`?a=1&b=2` of `params` with `changes`; None or "" drops a key, so a filter keeps the others."""
    merged = {**params, **changes}
    kept = {key: value for key, value in merged.items() if value not in (None, "", (), [])}
    return "?" + urlencode(kept, doseq=True)


def install(app: FastAPI, templates: Path | None = None, *, development: bool = False) -> Pages:
    """Give an application its pages: `app.state.pages`, and the files under `/static`. Raises DefinitionError.

    `templates` is the office's own folder; the pages are ours when it has none.
    """
    folder = templates or TEMPLATES
    pages = Pages(load_office(folder / "office.toml"), folder, development=development)
    app.state.pages = pages
    app.mount(MOUNT, pages.assets, name="static")
    return pages


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    actor: Actor | None = None,
    title: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page of `templates/pages` as an answer; `actor` and his post's `title` fill the header and the navigation."""
    pages: Pages = request.app.state.pages
    html = pages.render(template, context or {}, visitor=visitor_of(actor, title), path=request.url.path)
    return html_answer(html, request.headers, status, headers)


def html_answer(html: str, asked: Headers, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """HTML with what every page carries, compressed for who takes it.

    Compressing is safe here: no page holds a secret beside what its visitor typed (no token guards our forms).
    """
    carried = {**PAGE_HEADERS, **(headers or {})}
    if "gzip" not in asked.get("accept-encoding", "") or len(html) < SMALL:
        return HTMLResponse(html, status, carried)
    return HTMLResponse(gzip.compress(html.encode(), 5, mtime=0), status, {**carried, "Content-Encoding": "gzip"})


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page only."""
    return request.headers.get("hx-request") == "true"
