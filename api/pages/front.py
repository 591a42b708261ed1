"""The pages before the desks: public, applicants', front office. One router of many."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from api.pages import applicant_link, apply, apply_files, check_letter, loket, public, serah, sop_page, survey, track

router = APIRouter()
for module in (public, apply_files, apply, track, check_letter, loket, serah, survey, sop_page):
    router.include_router(module.router)


def install(app: FastAPI) -> None:
    """What those pages need of the application."""
    applicant_link.install(app)
    public.install(app)
    sop_page.install(app)
