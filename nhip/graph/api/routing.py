"""Which operation answers where: a tree of path segments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec

from nhip.graph.api.answers import Answer
from nhip.graph.api.media import PLAIN
from nhip.graph.api.request import Call

READ, WRITE = "graph.read", "graph.write"
ANY = "*"
"""A segment of any text: an identifier or a name."""
Handler = Callable[[Call], Awaitable[Answer]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An operation: who may, which parameters it knows, in which media types it answers."""

    handler: Handler
    permission: str = READ
    params: frozenset[str] = frozenset()
    offered: tuple[str, ...] = PLAIN
    makes_tenant: bool = False
    """Creating something makes a tenant that is not there yet (5.5.10)."""
    any_tenant: bool = False
    """The tenant need not exist."""
    by_token: bool = False
    """A token of its own lets in, not an account."""


Resource = dict[str, Route]
"""HTTP method -> operation."""
_HERE = ""
_OURS = frozenset({_HERE, ANY})
"""Segments that mean something in the tree, and in an address are text as any other."""
_tree: dict[str, Any] = {}


def add(path: str, method: str, route: Route) -> None:
    """Put an operation at `path`, written as `entities/*/attrs`."""
    node = _tree
    for part in path.split("/"):
        node = node.setdefault(part, {})
    node.setdefault(_HERE, {})[method] = route


def routes() -> Iterator[tuple[str, str, Route]]:
    """Every operation: its path as it was put, method, route."""
    yield from _below(_tree, ())


def _below(node: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str, Route]]:
    for part, below in node.items():
        if part == _HERE:
            yield from (("/".join(path), method, route) for method, route in below.items())
        else:
            yield from _below(below, (*path, part))


def find(parts: list[str]) -> tuple[Resource | None, list[str]]:
    """What is at a path, and the texts that stood where any text may; (None, …) when there is nothing."""
    node = _tree
    texts: list[str] = []
    for part in parts:
        below = node.get(part) if part not in _OURS else None
        if below is None:
            below = node.get(ANY)
            if below is None:
                return None, texts
            texts.append(part)
        node = below
    return node.get(_HERE), texts


def identifier_missing(parts: list[str], method: str) -> bool:
    """Whether the method is one of what would follow if the address did not end here, without an identifier."""
    node = _tree
    for part in parts:
        node = node.get(part) or node.get(ANY) or {}
    return method in node.get(ANY, {}).get(_HERE, {})
