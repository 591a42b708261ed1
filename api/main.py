"""The application: `uvicorn api.main:create_app --factory` serves the office that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from api import logs, openapi, problems
from api.deprecation import Deprecations
from api.limits import RateHeaders
from api.pages import (
    admin,
    admin_audit,
    admin_calendar,
    admin_definitions,
    admin_keys,
    admin_people,
    batch,
    case,
    case_acts,
    dashboard,
    desk,
    front,
    gallery,
    images,
    inbox,
    issuance,
    my_security,
    numbers,
    ops,
    register,
    rendering,
    review,
    search,
    second_step,
    sign_in,
    single_sign_on,
    step_up,
)
from api.pages.refusal_pages import RefusalPages
from api.readiness import readiness_of
from api.routes import (
    acts,
    applications,
    batches,
    docs,
    documents,
    health,
    keys,
    letters,
    licences,
    piles,
    session,
    webhooks,
)
from api.security import BodyLimit, SameSiteOnly, SecurityHeaders
from api.tracing import Tracing
from api.wiring import ApiOffice, open_office
from workers.settings import Settings

ROUTERS = (session, licences, applications, documents, acts, piles, batches, webhooks, letters, keys, health, docs)
PAGE_ROUTERS: tuple[Any, ...] = (
    *(sign_in, second_step, single_sign_on, my_security, step_up),
    *(admin, admin_people, admin_keys, admin_calendar, admin_definitions, admin_audit),
    *(inbox, images, review, case, case_acts, front),
    *(numbers, issuance, register, search, dashboard, batch, ops),
)


class _App(FastAPI):
    """FastAPI with our own description of the API."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if not self.openapi_schema:
            self.openapi_schema = openapi.describe(self)
        return self.openapi_schema


def create_app() -> FastAPI:
    """The application of the office that `PARAF_*` names. Raises when the settings are refused."""
    settings = Settings()
    logs.configure(settings)
    return build_app(open_office(settings))


def build_app(office: ApiOffice) -> FastAPI:
    """The application of this office."""
    settings = office.settings
    app = bare_app(
        [
            Middleware(SecurityHeaders, https=office.https),
            Middleware(RateHeaders),
            Middleware(Deprecations),
            Middleware(RefusalPages),
            Middleware(Tracing),
            Middleware(SameSiteOnly, public_url=settings.public_url),
            Middleware(BodyLimit, upload_bytes=settings.upload_max_bytes, batch_bytes=settings.batch_max_bytes),
        ],
        settings.templates_dir,
    )
    app.router.lifespan_context = _open_until_closed
    app.state.office = office
    if settings.environment == "development":
        app.include_router(gallery.router)
    app.state.readiness = readiness_of(office)
    return app


@asynccontextmanager
async def _open_until_closed(app: FastAPI) -> AsyncIterator[None]:
    """Nothing is opened before it is needed; connections and the cage are let go at the end."""
    yield
    app.state.office.close()


def bare_app(middleware: list[Middleware] | None = None, templates: Path | None = None) -> FastAPI:
    """Routes without an office: enough to describe the API."""
    app = _App(title="Paraf", version=openapi.VERSION, docs_url=None, redoc_url=None, middleware=middleware)
    problems.install(app)
    desk.install(app)
    front.install(app)
    for module in (*ROUTERS, *PAGE_ROUTERS):
        app.include_router(module.router)
    rendering.install(app, templates)
    return app
