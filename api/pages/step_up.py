"""Step-up on a page: the secret or the passkey that a form carries, wrong tries counted and told at their field.

A form has the field `passphrase`; a passkey's script fills `token` and `answer` instead, after asking here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from starlette.datastructures import FormData

from api.actors import Office
from api.login_delay import count_attempt, forgive_attempt, of_passphrase
from api.pages.desk import Sent, SignedInDesk, text_of
from api.pages.forms import Form
from api.refusals import TooManyAttempts
from api.wiring import ApiOffice
from models.rules.errors import Fault, ParafError, WrongPassphrase
from models.rules.roles import Actor, person_of
from models.services import step_up
from models.services.step_up import Shown

router = APIRouter(include_in_schema=False)
LONGEST = 257


class StepRefused(ParafError):
    """The step-up did not hold: nothing has moved."""

    code = "wrong-passphrase"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@router.post("/langkah/passkey")
def challenge(desk: SignedInDesk, office: Office, sent: Sent) -> dict[str, str]:
    """A challenge for a passkey of one's own, good for the subject that the page shows and for nothing else."""
    token, options = step_up.ask_passkey(office.sign_in_room, desk.actor, text_of(sent, "subject")[:200])
    return {"token": token, "options": options}


def shown_in(sent: FormData) -> Shown:
    """What a form carries for the step-up."""
    secret = sent.get("passphrase", "")
    return Shown(str(secret)[:LONGEST], text_of(sent, "token"), text_of(sent, "answer"))


@contextmanager
def one_try(office: ApiOffice, actor: Actor, shown: Shown) -> Iterator[None]:
    """Around a use case that asks for a step-up; raises StepRefused when it does not hold.

    Counted as failed before it is made; forgiven when it was right, so wrong tries make the next one wait.
    """
    if not shown.secret and not shown.answer:
        raise StepRefused("Ketik kata sandi, atau pakai passkey.", 422)
    attempt = of_passphrase(person_of(actor))
    try:
        count_attempt(office, attempt)
        yield
    except TooManyAttempts as error:
        sentence = f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi."
        raise StepRefused(sentence, 429) from error
    except WrongPassphrase as error:
        raise StepRefused(str(error), 422) from error
    forgive_attempt(office, attempt)


def prove(office: ApiOffice, actor: Actor, subject: str, shown: Shown) -> None:
    """A step-up alone, before what follows. Raises StepRefused."""
    with one_try(office, actor, shown):
        step_up.prove(office.sign_in_room, actor, subject, shown)


def step_fault(form: Form, error: StepRefused) -> Form:
    """The form with what was wrong at the secret's field."""
    return Form(form.values, (Fault("/passphrase", str(error)),))
