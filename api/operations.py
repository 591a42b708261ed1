"""What an operation may answer, read off what its route depends on, so that the description can not forget it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.actors import actor_needed, caller_of, office_of, staff_needed
from api.addresses import leaves
from api.idempotency import key_of
from api.versions import version_looked_at

SAFE = frozenset({"GET", "HEAD"})
ASKS_ITSELF = frozenset({"getMe", "createBatch"})
"""These want somebody, and say so in their own words."""
GUESSED = frozenset({"signIn", "initialLetter", "signLetter", "openPile"})
"""Secrets are typed here: wrong ones make the next try wait."""
BY_LINK = frozenset(
    {
        *("getMe", "openApplication", "listApplications", "getApplication", "describeApplicant", "submitApplication"),
        *("withdrawApplication", "getReceipt", "putDocument", "removeDocument", "getOriginal", "getCleanCopy"),
        "getLicenceFile",
    }
)
"""What the bearer of an application's link may do."""
BY_PERSON = frozenset(
    {
        *("getPile", "openPile", "initialLetter", "signLetter", "verifyApplication", "returnApplication"),
        *("rejectApplication", "sendBackApplication", "amendApplication", "handOverLicence", "voidNumber"),
    }
)
"""What no system does, whatever its key says."""
SIGNED = frozenset({"createBatch"})
"""What a key may have to sign (`api.signatures`)."""

LOCATED = frozenset(
    {"openApplication", "initialLetter", "signLetter", "openPile", "createBatch", "commitBatch", "addWebhook"}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A route as the description tells it."""

    name: str
    safe: bool
    calls: frozenset[Callable[..., Any]]
    has_path: bool
    has_query: bool
    has_body: bool
    in_pages: bool

    @property
    def knows_caller(self) -> bool:
        """Whether it looks who asks."""
        return caller_of in self.calls

    @property
    def wants_somebody(self) -> bool:
        """Whether nobody is refused."""
        return self.for_staff or actor_needed in self.calls or self.name in ASKS_ITSELF

    @property
    def for_staff(self) -> bool:
        return staff_needed in self.calls

    @property
    def makes(self) -> bool:
        """Whether it needs an Idempotency-Key."""
        return key_of in self.calls

    @property
    def guarded(self) -> bool:
        """Whether it needs If-Match."""
        return version_looked_at in self.calls

    @property
    def for_systems(self) -> bool:
        """Whether the key of another system may open it."""
        return self.knows_caller and not self.for_staff and self.name not in BY_PERSON


def operations(routes: Iterable[BaseRoute]) -> dict[str, Operation]:
    """Every described operation by its name."""
    found = (_operation(route) for route in leaves(routes) if route.include_in_schema)
    return {one.name: one for one in found}


def _operation(route: APIRoute) -> Operation:
    tree = list(_tree(route.dependant))
    return Operation(
        name=str(route.operation_id),
        safe=set(route.methods or ()) <= SAFE,
        calls=frozenset(one.call for one in tree if one.call is not None),
        has_path=any(one.path_params for one in tree),
        has_query=any(one.query_params for one in tree),
        has_body=route.body_field is not None or "requestBody" in (route.openapi_extra or {}),
        in_pages=any(one.alias == "cursor" for part in tree for one in part.query_params),
    )


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _tree(one)


def statuses(operation: Operation) -> set[str]:
    """The refusals that it may answer."""
    return {status for status, holds in _refusals(operation).items() if holds}


def _refusals(one: Operation) -> dict[str, bool]:
    writes = one.makes or one.guarded
    return {
        "400": one.has_body or writes or one.in_pages,
        "401": one.knows_caller or one.name == "signIn",
        "403": one.wants_somebody or not one.safe,
        "404": one.has_path or one.name in {"openApplication", "createBatch"},
        # An applicant hears that the licence waits for the hand-over.
        "409": (not one.safe and one.wants_somebody) or one.makes or one.name == "getLicenceFile",
        "412": one.guarded,
        "413": one.has_body,
        "415": one.has_body,
        "422": (not one.safe and one.has_path) or one.has_body or one.has_query,
        "428": one.guarded,
        "429": one.knows_caller or one.name in GUESSED,
        "503": office_of in one.calls,
    }
