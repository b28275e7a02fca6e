"""How a request proves who asks: basic, bearer, a header, a query key. Nothing here can be printed by accident."""

from __future__ import annotations

import base64
from typing import Protocol

import httpx


class Credentials(Protocol):
    """Adds proof to a request. `present` is False when there is nothing to protect."""

    present: bool

    def applied(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        """The address and headers with the proof in them."""
        ...


class NoCredentials:
    """Anybody may read."""

    present = False

    def applied(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        return url, headers


class HeaderCredentials:
    """A secret header, e.g. `Authorization` or `X-API-Key`."""

    present = True

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def __repr__(self) -> str:
        return f"HeaderCredentials({self.name!r}, ***)"

    def applied(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        return url, {**headers, self.name: self._value}


class QueryCredentials:
    """A secret parameter of the address, e.g. `?api_key=`."""

    present = True

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def __repr__(self) -> str:
        return f"QueryCredentials({self.name!r}, ***)"

    def applied(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        return url.copy_set_param(self.name, self._value), headers


def basic(username: str, password: str) -> HeaderCredentials:
    """HTTP Basic (RFC 7617), UTF-8."""
    return HeaderCredentials("Authorization", "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())


def bearer(token: str) -> HeaderCredentials:
    """Bearer token (RFC 6750)."""
    return HeaderCredentials("Authorization", f"Bearer {token}")
