"""The API's own pages: Swagger UI from our own files, and a page for each kind of problem."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.problem_table import KINDS
from models.rules.errors import NotFound

STATIC = Path(__file__).resolve().parents[1] / "static"
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_PAGES = Environment(loader=PackageLoader("api", "doc_pages"), autoescape=True, undefined=StrictUndefined)
router = APIRouter(include_in_schema=False)


def _page(name: str, **values: object) -> HTMLResponse:
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "public, max-age=300"}
    return HTMLResponse(_PAGES.get_template(name).render(**values), headers=headers)


@router.get("/docs")
def docs() -> HTMLResponse:
    """Swagger UI over /openapi.json."""
    return _page("docs.html")


@router.get("/problems")
def all_problems() -> HTMLResponse:
    """Every kind of problem."""
    return _page("problems.html", kinds=list(KINDS.values()))


@router.get("/problems/{code}")
def one_problem(code: str) -> HTMLResponse:
    """What a problem's `type` points at."""
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound("There is no problem of this kind; see /problems.")
    return _page("problem.html", kind=kind)
