"""What is refused before any application sees it."""

from __future__ import annotations

from nhip.errors import NhipError


class NotHttp(NhipError):
    """This is no HTTP/1.1 request that can be read safely: {what}."""

    status = 400


class TooSlow(NhipError):
    """The request did not arrive within {seconds} s."""

    status = 408


class AddressTooLong(NhipError):
    """The address of the request is longer than {bytes} bytes."""

    status = 414


class HeadTooLarge(NhipError):
    """The head of the request has more than {headers} headers or {bytes} bytes."""

    status = 431


class UnknownCoding(NhipError):
    """This transfer coding cannot be read: {what}."""

    status = 501


class TooMuchAtOnce(NhipError):
    """More is being asked at once than can be answered. Try again in {seconds} s."""

    status = 503


class UnknownVersion(NhipError):
    """This version of HTTP is not spoken here: {what}."""

    status = 505
