"""Which methods an address takes: the framework names only those of the first route that it finds there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


def leaves(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """The routes themselves, out of the routers that hold them."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from leaves(router.routes)


def methods_at(routes: Iterable[BaseRoute], path: str) -> set[str]:
    """What may be asked of an address, for `Allow`; nothing when there is no such address."""
    return own_methods_at(routes, path) or {
        method for route in leaves(routes) if route.path_regex.match(path) for method in route.methods or ()
    }


def own_methods_at(routes: Iterable[BaseRoute], path: str) -> set[str]:
    """The methods of routes that stand at exactly this address: `/search` beside `/{id}`, whose id it is not."""
    return {method for route in leaves(routes) if route.path == path for method in route.methods or ()}
