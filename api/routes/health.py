"""Is the process alive, and does what it stands on answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.readiness import Readiness
from api.shapes import Live, Ready

router = APIRouter(tags=["health"])


@router.get("/livez", operation_id="getLiveness", summary="The process answers")
async def livez() -> Live:
    """Asks nothing of anybody else."""
    return Live(status="ok")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Database, vault and broker answer",
    responses={503: {"model": Ready, "description": "Database or vault can not be reached"}},
)
def readyz(request: Request, response: Response) -> Ready:
    """503 when database or vault is away; without the broker the office goes on and work waits."""
    readiness: Readiness = request.app.state.readiness
    found = readiness.look()
    if found.status == "away":
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return found
