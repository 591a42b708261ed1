"""`/survei/{token}`: nine questions after the hand-over, without a name, for who wants to answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import Sent, number_of, see_other, text_of
from api.pages.forms import Form, typed
from api.pages.guesses import too_many_guesses
from api.pages.rendering import page
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, InvalidInput, NotFound
from models.services.survey import ELEMENTS, Invitation, answer_survey, invitation

router = APIRouter(prefix="/survei", include_in_schema=False)
QUESTIONS = (
    ("persyaratan", "Apakah persyaratan sesuai dengan jenis pelayanannya?", "sesuai"),
    ("prosedur", "Apakah prosedur pelayanan kami mudah?", "mudah"),
    ("waktu", "Apakah pelayanan kami cepat?", "cepat"),
    ("biaya", "Apakah biayanya wajar? Layanan yang gratis: pilih sangat wajar.", "wajar"),
    ("produk", "Apakah surat izin yang Anda terima sesuai dengan yang dijanjikan?", "sesuai"),
    ("kompetensi", "Apakah petugas kami mampu melayani Anda?", "mampu"),
    ("perilaku", "Apakah petugas kami sopan dan ramah?", "sopan dan ramah"),
    ("pengaduan", "Apakah pengaduan dan saran ditangani dengan baik?", "baik"),
    ("sarana", "Apakah sarana dan prasarana kami baik?", "baik"),
)
MARKS = ((4, "Sangat {}"), (3, "{}"), (2, "Kurang {}"), (1, "Tidak {}"))


@router.get("/{token}")
def ask(token: str, request: Request, office: Office) -> HTMLResponse:
    """The questions, or thanks when they were answered."""
    return _page(request, office, token, Form())


@router.post("/{token}")
def answer(token: str, request: Request, sent: Sent, office: Office) -> Response:
    """Keep nine marks."""
    marks = {element: mark for element in ELEMENTS if (mark := number_of(sent, element)) is not None}
    try:
        answer_survey(office.db, office.clock, token, marks, text_of(sent, "remark"))
    except InvalidInput as error:
        return _page(request, office, token, typed(sent).refused(error), 422)
    except AlreadyDone:
        return see_other(f"/survei/{token}")
    except NotFound:
        too_many_guesses(office, request, "survey")
        raise
    return see_other(f"/survei/{token}")


def _page(request: Request, office: ApiOffice, token: str, form: Form, status: int = 200) -> HTMLResponse:
    found = _invitation(request, office, token)
    questions = [(code, text, [(mark, _words(form_, word)) for mark, form_ in MARKS]) for code, text, word in QUESTIONS]
    context = {"form": form, "questions": questions, "answered": found.answered, "token": token}
    return page(request, "public/survey.html", context, status=status)


def _words(form: str, word: str) -> str:
    return form.format(word).capitalize()


def _invitation(request: Request, office: ApiOffice, token: str) -> Invitation:
    try:
        with office.db.transaction() as session:
            return invitation(session, token)
    except NotFound:
        too_many_guesses(office, request, "survey")
        raise
