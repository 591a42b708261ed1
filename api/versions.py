"""ETag and If-Match: an act names the version of the case that was looked at."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

from api.refusals import MalformedRequest, PreconditionRequired

ETAG_FORM = r'^"([1-9][0-9]{0,8})"$'
_ETAG = re.compile(ETAG_FORM)


def etag_of(version: int) -> str:
    """`"7"` for version 7."""
    return f'"{version}"'


async def version_looked_at(
    if_match: Annotated[
        str | None, Header(description="ETag of the application as you looked at it.", examples=['"3"'])
    ] = None,
) -> int:
    """The version in If-Match; raises PreconditionRequired without one, MalformedRequest for anything but an ETag."""
    if if_match is None:
        raise PreconditionRequired("Say which version you looked at: send If-Match with the ETag of your last GET.")
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise MalformedRequest('If-Match must be one ETag as GET gave it, for example "3" with its quotation marks.')
    return int(found[1])


LookedAt = Annotated[int, Depends(version_looked_at)]
