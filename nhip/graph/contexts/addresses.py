"""Addresses of the @contexts that brokers of this kind serve."""

from __future__ import annotations

from nhip.kernel import ids

PATH = "/ngsi-ld/v1/jsonldContexts/"
_URN = "urn:ngsi-ld:Context:"


def new_id() -> str:
    """A local identifier, unlike that of any other broker."""
    return f"{_URN}{ids.new_id()}"


def local_id(url: str) -> str | None:
    """The identifier at the end of an address of this kind; whether it is one of ours, the store knows."""
    _before, path, identifier = url.rpartition(PATH)
    return identifier if path and identifier.startswith(_URN) else None
