"""Addresses of @contexts: those that brokers of this kind serve, and the header that names one."""

from __future__ import annotations

from functools import lru_cache

from nhip.kernel import ids

PATH = "/ngsi-ld/v1/jsonldContexts/"
RELATION = "http://www.w3.org/ns/json-ld#context"
_URN = "urn:ngsi-ld:Context:"


def new_id() -> str:
    """A local identifier, unlike that of any other broker."""
    return f"{_URN}{ids.new_id()}"


def local_id(url: str) -> str | None:
    """The identifier at the end of an address of this kind; whether it is one of ours, the store knows."""
    _before, path, identifier = url.rpartition(PATH)
    return identifier if path and identifier.startswith(_URN) else None


@lru_cache(maxsize=512)
def context_link(url: str) -> bytes:
    """The Link header that tells of the @context of a body that does not hold it (CIM 009, 6.3.5)."""
    safe = url.replace("<", "%3C").replace(">", "%3E").replace("\r", "").replace("\n", "")
    return f'<{safe}>; rel="{RELATION}"; type="application/ld+json"'.encode()
