"""Errors of the page shell itself."""

from __future__ import annotations

from typing import Any

from nhip.errors import BadInput, Forbidden, NhipError, NotFound


class PageNotFound(NotFound):
    """There is no page at this address. It may have been moved, or the link is incomplete."""


class MethodNotAllowed(NhipError):
    """This address does not answer {method} requests."""

    status = 405


class SignInNeeded(NhipError):
    """Sign in to see this page."""

    status = 401


class Detour(NhipError):
    """Something else comes first."""

    status = 403

    def lead(self, request: Any) -> Any:
        """The response that leads a person to what comes first; None for the error's own page."""
        return None


class OtherOrigin(Forbidden):
    """This request came from another website, so it was not carried out. Open the page here and try again."""


class OtherHost(NhipError):
    """Nhịp does not answer under this name. Open it by its own address; the administrator can add names (setting hosts)."""

    status = 421


class TooLarge(NhipError):
    """What was sent is larger than this address accepts."""

    status = 413


class TooMany(NhipError):
    """Too many requests in a short time. Wait {seconds} seconds and try again."""

    status = 429


class Incomplete(BadInput):
    """The request cannot be read: {what}."""


class Unexpected(NhipError):
    """Something went wrong on our side. What had been saved is safe. If it happens again, send this to the administrator:
    {reference}"""
