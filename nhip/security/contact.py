"""`/.well-known/security.txt` (RFC 9116): whom somebody tells who finds a hole in this installation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from nhip.kernel.time import now
from nhip.security.permissions.catalogue import PUBLIC
from nhip.settings import Settings
from nhip.web.errors import PageNotFound

PATH = "/.well-known/security.txt"
VALID = timedelta(days=90)
"""From each reading: the file is made anew each time, and the standard asks for less than a year."""


@get(PATH, permission=PUBLIC, anonymous=True, include_in_schema=False, sync_to_thread=False)
def security_txt(request: Request[Any, Any, Any]) -> Response[str]:
    """The contact of the settings. Raises PageNotFound while none is set: a file without one is none."""
    settings: Settings = request.app.state.settings
    contacts = [contact.strip() for contact in settings.security_contact.split(",") if contact.strip()]
    if not contacts:
        raise PageNotFound(what=PATH)
    until = (now() + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [*(f"Contact: {contact}" for contact in contacts), f"Expires: {until.isoformat()}"]
    lines.append("Preferred-Languages: vi, en")
    if settings.base_url.startswith("https://"):
        lines.append(f"Canonical: {settings.base_url.rstrip('/')}{PATH}")
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type="text/plain", headers={"Cache-Control": "public, max-age=3600"})
