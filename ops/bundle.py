"""`python -m ops.bundle`: the two style sheets the browser loads, cut from kept libraries and our own lines.

A public page takes few components and must weigh little on a slow line; a staff page takes more. Rules are picked by
component (the block of their class), so the result depends on nothing but the sources and the lists here.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "api" / "static"
FONT = "fonts/plus-jakarta-sans.woff2"

_PUBLIC = """
    govuk-link govuk-list govuk-body govuk-body-m govuk-body-s govuk-body-l
    govuk-heading-xl govuk-heading-l govuk-heading-m govuk-heading-s govuk-caption-l govuk-caption-m
    govuk-width-container govuk-main-wrapper govuk-grid-row govuk-grid-column-two-thirds govuk-grid-column-one-third
    govuk-grid-column-one-half govuk-grid-column-full govuk-template govuk-visually-hidden govuk-skip-link
    govuk-button govuk-button-group govuk-back-link govuk-breadcrumbs govuk-details govuk-error-message
    govuk-error-summary govuk-fieldset govuk-form-group govuk-hint govuk-input govuk-inset-text govuk-label
    govuk-notification-banner govuk-panel govuk-radios govuk-checkboxes govuk-select govuk-summary-list govuk-tag
    govuk-task-list govuk-textarea govuk-date-input govuk-table govuk-section-break govuk-file-upload
    govuk-warning-text govuk-password-input
"""
_STAFF = """
    govuk-grid-column-one-quarter govuk-grid-column-three-quarters govuk-summary-card govuk-tabs govuk-pagination
    govuk-character-count govuk-body-lead govuk-caption-xl
    moj-timeline moj-identity-bar moj-side-navigation moj-filter moj-filter-layout moj-filter-tags moj-badge
"""
PUBLIC = frozenset(_PUBLIC.split())
STAFF = PUBLIC | frozenset(_STAFF.split())
UTILITIES = re.compile(
    r"govuk-!-(margin-(top|bottom)-[0469]|width-(full|one-half|one-third|two-thirds)|font-weight-bold)"
)
UNUSED = re.compile(
    r"govuk-frontend-supported|js-enabled|govuk-(button|link|tag|breadcrumbs|back-link|body|radios|checkboxes)--(inverse|start|muted"
    r"|text-colour|no-visited-state|collapse-on-mobile)|govuk-button__start-icon|govuk-input__(prefix|suffix|wrapper)"
    r"|govuk-tag--(magenta|orange|purple|pink|teal|light-blue|turquoise)|govuk-hint--inverse|__documents|document-(item|icon|link)"
    r"|moj-filter__(close|tag|selected|legend)|moj-filter-tags|input--extra-letter-spacing|__legend--xl|govuk-label--xl"
    r"|radios--inline-|govuk-summary-list--no-border|govuk-panel--interruption|::-moz-focus-inner"
)
_DROPPED = re.compile(
    r"-webkit-font-smoothing|-moz-osx-font-smoothing|-webkit-text-decoration|-webkit-box-decoration|--govuk-frontend-version"
)


_OLD = re.compile(r"print|not \(text-wrap|supports \(-ms-ime-align|screen\\0|supports \(-moz")
"""At-rules that are left out: printing is ours, the others help browsers that nobody has any more."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands in a sheet; `inner` holds the rules of an at-rule, else `body` its declarations."""

    prelude: str
    body: str = ""
    inner: tuple[Rule, ...] = ()


def parse(css: str) -> tuple[Rule, ...]:
    """The rules of a sheet without comments, in order."""
    return tuple(_rules(re.sub(r"/\*.*?\*/", "", css, flags=re.S)))


def _rules(css: str) -> Iterator[Rule]:
    at = 0
    while (opened := css.find("{", at)) >= 0:
        prelude = css[at:opened].rsplit(";", 1)[-1].strip()
        closed = _closing(css, opened)
        content = css[opened + 1 : closed]
        nested = prelude.startswith(("@media", "@supports"))
        yield Rule(prelude, inner=tuple(_rules(content))) if nested else Rule(prelude, content)
        at = closed + 1


def _closing(css: str, opened: int) -> int:
    depth = 0
    for found in re.finditer(r"[{}]", css[opened:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return opened + found.start()
    raise ValueError("a brace is not closed")


def pick(rules: tuple[Rule, ...], kept: frozenset[str]) -> tuple[Rule, ...]:
    """The rules whose every class belongs to a kept component."""
    return tuple(found for rule in rules if (found := _picked(rule, kept)) is not None)


def _picked(rule: Rule, kept: frozenset[str]) -> Rule | None:
    if rule.inner:
        inner = () if _OLD.search(rule.prelude) else pick(rule.inner, kept)
        return Rule(rule.prelude, inner=inner) if inner else None
    selectors = [one for one in _split(rule.prelude) if _wanted(one, kept)]
    body = _declarations(rule.body)
    return Rule(",".join(selectors), body) if selectors and body else None


def _split(selectors: str) -> list[str]:
    return re.split(r",(?![^(]*\))", selectors)


def _wanted(selector: str, kept: frozenset[str]) -> bool:
    if selector == ":root":
        return True
    names = [name.replace("\\", "") for name in re.findall(r"\.([a-zA-Z][\w\\!-]*)", selector)]
    return bool(names) and not UNUSED.search(selector) and all(_known(name, kept) for name in names)


def _known(name: str, kept: frozenset[str]) -> bool:
    return bool(UTILITIES.fullmatch(name)) or re.split(r"__|--", name)[0] in kept


def _declarations(body: str) -> str:
    parts = [part for part in body.split(";") if part and not _DROPPED.match(part) and "url(/assets" not in part]
    return re.sub(r"var\((--govuk-[a-z-]+),[^)]*\)", r"var(\1)", ";".join(parts))


def merged(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Neighbours with one prelude become one rule."""
    found: list[Rule] = []
    for rule in rules:
        last = found[-1] if found else None
        if last is not None and last.prelude == rule.prelude and bool(last.inner) == bool(rule.inner):
            body = ";".join(part for part in (last.body, rule.body) if part)
            found[-1] = Rule(rule.prelude, body, last.inner + rule.inner)
        else:
            found.append(rule)
    return tuple(Rule(rule.prelude, rule.body, merged(rule.inner)) for rule in found)


def text(rules: tuple[Rule, ...]) -> str:
    """The rules as a sheet."""
    return "".join(f"{rule.prelude}{{{text(rule.inner) if rule.inner else rule.body}}}" for rule in rules)


def squeezed(css: str) -> str:
    """Our own sheet without comments and needless white space."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"\s+", " ", css)
    return (
        re.sub(r"\s*([{};,])\s*|:\s+(?=[^{}]*})", lambda found: found.group(1) or ":", css).replace(";}", "}").strip()
    )


def sheets(static: Path) -> Mapping[str, str]:
    """Both style sheets by their path under `static`."""
    source = static / "source"
    # Both libraries define the same colours; once is enough.
    more = tuple(rule for rule in parse((source / "moj-frontend.css").read_text()) if rule.prelude != ":root")
    libraries = parse((source / "govuk-frontend.css").read_text()) + more
    version = hashlib.sha256((static / FONT).read_bytes()).hexdigest()[:12]
    own = {
        name: squeezed((source / f"{name}.css").read_text()).replace("FONT_VERSION", version)
        for name in ("paraf", "staff")
    }
    return {
        "css/public.css": text(merged(pick(libraries, PUBLIC))) + own["paraf"] + "\n",
        "css/staff.css": text(merged(pick(libraries, STAFF))) + own["paraf"] + own["staff"] + "\n",
    }


def build(static: Path = STATIC) -> dict[str, int]:
    """Write the sheets and the compressed form of all that the browser loads; returns compressed sizes by path."""
    import brotli  # only developers have it

    for name, css in sheets(static).items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(css)
    sizes = {}
    for path in sorted([*static.glob("css/*.css"), *static.glob("js/*.js")]):
        content = path.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        path.with_name(path.name + ".gz").write_bytes(packed)
        path.with_name(path.name + ".br").write_bytes(brotli.compress(content, quality=11))
        sizes[str(path.relative_to(static))] = len(packed)
    return sizes


if __name__ == "__main__":
    for name, size in build().items():
        print(f"{name} {size}", file=sys.stderr)
