"""RFC 9457: every refusal is problem+json with a page of its own, a sentence that mends it, and a trace id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.addresses import methods_at, own_methods_at
from api.problem_table import KINDS, Kind, kind_of, kind_of_status
from api.refusals import TooManyAttempts
from models.rules.errors import Fault, ParafError
from models.services.batch_intake import SameFile
from models.services.client_rates import TooManyRequests
from models.services.tracing import TRACEPARENT

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
log = structlog.get_logger()


class ProblemItem(BaseModel):
    """One value that is wrong: `pointer` into the body (RFC 6901), or `parameter` for query, path and headers."""

    pointer: str | None = Field(default=None, examples=["/holder/nik"])
    parameter: str | None = Field(default=None, examples=["limit"])
    message: str
    code: str


class Problem(BaseModel):
    """Why a request was refused. `type` is a page that explains; `detail` says how to mend it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/stale-version",
                    "title": "The case changed since you looked",
                    "status": 412,
                    "detail": "The case changed since you looked at it (you saw version 3, it is now 4): reload it.",
                    "code": "stale-version",
                    "errors": [],
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemItem]
    trace_id: str


def trace_id() -> str:
    """The trace of this request, 32 hexadecimal digits."""
    parts = TRACEPARENT.get().split("-")
    return parts[1] if len(parts) == 4 else ""


def body_of(kind: Kind, detail: str, errors: Iterable[ProblemItem] = ()) -> dict[str, Any]:
    """The problem as JSON."""
    return {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": kind.code,
        "errors": [item.model_dump(exclude_none=True) for item in errors],
        "trace_id": trace_id(),
    }


def answer(
    kind: Kind, detail: str, errors: Iterable[ProblemItem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The problem as a response, with what its status asks for in the headers."""
    extra = dict(headers or {})
    if kind.status == 503:
        extra.setdefault("Retry-After", str(RETRY_SECONDS))
    if kind.code == "request-in-flight":
        extra.setdefault("Retry-After", "1")
    if kind.status == 401:
        extra.setdefault("WWW-Authenticate", "Bearer")
    content = Problem.model_validate(body_of(kind, detail, errors)).model_dump_json(exclude_none=True)
    return Response(content, kind.status, extra, MEDIA_TYPE)


def of_error(error: ParafError) -> Response:
    """An error of ours as a response; what broke inside is logged and not told."""
    kind = kind_of(error)
    if kind.status >= 500:
        log.error("request_failed", error=error.code, reason=str(error))
        return answer(kind, kind.mend)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttempts | TooManyRequests) else {}
    if isinstance(error, SameFile):
        headers["Link"] = f'</v1/batches/{error.first}>; rel="original"'
    return answer(kind, str(error), items_of(error.faults), headers)


def problem_of(error: ParafError) -> dict[str, Any]:
    """An error of ours as the problem inside another answer (a letter of a pile)."""
    return body_of(kind_of(error), str(error), items_of(error.faults))


def items_of(faults: Sequence[Fault]) -> list[ProblemItem]:
    """Faults of ours as problem items."""
    return [ProblemItem(pointer=fault.pointer, message=fault.message, code=fault.code) for fault in faults]


def of_validation(error: RequestValidationError, methods: Iterable[str] = ()) -> Response:
    """What pydantic refused, without the values that it refused; `methods` are those of an address of its own."""
    details = error.errors()
    if any(item["type"] == "json_invalid" for item in details):
        return answer(KINDS["malformed-request"], "The body is no well-formed JSON: correct it and send it again.")
    if any(item["loc"][:1] == ("path",) for item in details):
        if methods:
            return of_http(HTTPException(405), methods)
        return answer(KINDS["not-found"], "There is nothing at this address: an id in it is none of ours.")
    if any(item["loc"] == ("body",) and item["type"] in {"model_attributes_type", "dict_type"} for item in details):
        return answer(KINDS["unsupported-media-type"], "Send a JSON object with `Content-Type: application/json`.")
    detail = "Some values can not be taken: see errors, correct them and send the request again."
    return answer(KINDS["invalid-input"], detail, [_item(item) for item in details])


def _item(found: Mapping[str, Any]) -> ProblemItem:
    where, *place = found["loc"]
    message, code = str(found["msg"]), str(found["type"])
    if where == "body":
        return ProblemItem(pointer="".join(f"/{_escaped(str(part))}" for part in place), message=message, code=code)
    return ProblemItem(parameter=".".join(str(part) for part in place), message=message, code=code)


def _escaped(part: str) -> str:
    # A key that is no Unicode text would else break the answer that names it.
    readable = part[:100].encode(errors="replace").decode()
    return readable.replace("~", "~0").replace("/", "~1")


def of_http(error: HTTPException, methods: Iterable[str] = ()) -> Response:
    """What the framework itself refused; `methods` are all that the address takes."""
    kind = kind_of_status(error.status_code)
    details = {404: "There is nothing at this address.", 405: "This address does not take this method; see Allow."}
    allow = {"Allow": ", ".join(sorted(methods))} if error.status_code == 405 and methods else {}
    return answer(kind, details.get(error.status_code, kind.mend), headers={**(error.headers or {}), **allow})


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""

    async def ours(_: Request, error: Exception) -> Response:
        return of_error(error) if isinstance(error, ParafError) else broken(error)

    async def invalid(request: Request, error: Exception) -> Response:
        methods = own_methods_at(app.routes, request.url.path)
        return of_validation(error, methods) if isinstance(error, RequestValidationError) else broken(error)

    async def http(request: Request, error: Exception) -> Response:
        methods = methods_at(app.routes, request.url.path)
        return of_http(error, methods) if isinstance(error, HTTPException) else broken(error)

    async def away(_: Request, error: Exception) -> Response:
        log.error("database_away", error=type(error).__name__)
        return answer(KINDS["database-away"], KINDS["database-away"].mend)

    async def unfit(_: Request, error: Exception) -> Response:
        log.warning("value_refused", error=type(error).__name__)
        return answer(KINDS["invalid-input"], "A value holds characters or a size that can not be stored; correct it.")

    async def wall(_: Request, error: Exception) -> Response:
        log.warning("database_refused", error=type(error).__name__, constraint=_constraint(error))
        return answer(KINDS["wrong-stage"], "The database refuses this act on the case as it is: reload it.")

    app.add_exception_handler(ParafError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(OperationalError, away)
    app.add_exception_handler(PoolTimeout, away)
    app.add_exception_handler(IntegrityError, wall)
    app.add_exception_handler(DataError, unfit)


def _constraint(error: Exception) -> str:
    return getattr(getattr(getattr(error, "orig", None), "diag", None), "constraint_name", "") or ""


def broken(error: Exception) -> Response:
    """A bug: the trace id is all that is told."""
    log.error("request_broke", error=type(error).__name__, exc_info=error)
    return answer(KINDS["internal"], KINDS["internal"].mend)
