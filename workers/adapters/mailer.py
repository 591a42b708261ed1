"""Messages in the office's words: `templates/mails/<kind>.txt` and `.html`, in a sandbox that knows no code."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.ports import MessageFacts
from models.rules.errors import PermanentFailure
from models.staff_ports import StaffFacts

SUBJECT: Final = "Subjek:"
"""The first line of every plain template begins with it."""


class JinjaMailRenderer:
    """A `MessageRenderer` and `StaffRenderer` over templates; a name that one misspells is refused, not left out."""

    def __init__(self, folder: Path) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def render(self, facts: MessageFacts | StaffFacts) -> tuple[str, str, str]:
        """Subject, plain text and HTML. Raises PermanentFailure that names the template."""
        first, _, text = self._filled(facts, "txt").partition("\n")
        if not first.startswith(SUBJECT):
            raise PermanentFailure(f"The mail template {facts.kind}.txt must begin with a line {SUBJECT!r}.")
        subject = " ".join(first.removeprefix(SUBJECT).split())
        return subject, text.strip() + "\n", self._filled(facts, "html", subject)

    def _filled(self, facts: MessageFacts | StaffFacts, ending: str, subject: str = "") -> str:
        name = f"{facts.kind}.{ending}"
        try:
            return self._environment.get_template(name).render(asdict(facts), subject=subject)
        # A template is a clerk's text: whatever it raises is a fault of that text.
        except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise PermanentFailure(f"The mail template {name} can not be filled: {error}") from error
