"""What takes most of a short test's time, made once a process or cheaper; nothing that a test may see is another.

- Litestar reads the signatures of all handlers whenever an application is made (0.3 s). `assembled` keeps the first application
  of a set of routes and gives copies that share the routes and have state, lifespan, stores, events and layers of their own.
- Static files are packed and templates compiled once for each application. `cache` and `Compiled` keep what came of the same
  bytes.
- A password costs 0.2 s and 64 MiB on purpose. Here it is argon2id at its least; tests of that cost ask for `whole_hashing`.

The plugin of pytest puts them in place (`lighten`); Nhịp itself, and every process that a test starts, does without.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial, partialmethod
from types import CodeType
from typing import Any

import jinja2
from argon2 import PasswordHasher, Type
from argon2.low_level import hash_secret_raw
from jinja2.bccache import Bucket
from litestar import Litestar
from litestar.datastructures import State
from litestar.events import SimpleEventEmitter
from litestar.stores.registry import StoreRegistry

from nhip.security import passwords
from nhip.web import app as web_app
from nhip.web import render, static

_HASHING = ("_hasher", "_hash_code")
_whole = {name: getattr(passwords, name) for name in _HASHING}
_light = {
    "_hasher": PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    "_hash_code": partial(hash_secret_raw, time_cost=1, memory_cost=8, parallelism=1, hash_len=32, type=Type.ID),
}
_first: dict[tuple[int, ...], tuple[Litestar, tuple[Any, ...]]] = {}


def lighten() -> None:
    """Put all of it in place, for the rest of the process."""
    if vars(web_app)["Litestar"] is assembled:
        return
    vars(web_app)["Litestar"] = assembled
    vars(static)["_static_file"] = cache(static._static_file)
    render.Pages.__init__ = partialmethod(_remembering, render.Pages.__init__, Compiled())  # type: ignore[assignment]
    _hash_as(_light)


@contextmanager
def whole_hashing() -> Iterator[None]:
    """Passwords at the cost that they have everywhere else."""
    _hash_as(_whole)
    yield
    _hash_as(_light)


def _hash_as(how: dict[str, Any]) -> None:
    vars(passwords).update(how)
    passwords._nobody.cache_clear()


def assembled(
    *, route_handlers: list[Any], guards: list[Any], lifespan: list[Any], state: State, **other: Any
) -> Litestar:
    """As `Litestar(...)` with these arguments."""
    if other.get("dependencies") or other.get("openapi_config") is not None:
        return Litestar(route_handlers=route_handlers, guards=guards, lifespan=lifespan, state=state, **other)
    deciding = (
        *route_handlers,
        *guards,
        other["exception_handlers"],
    )  # kept: a number is a thing's while the thing lives
    key = tuple(map(id, deciding))
    if key not in _first:
        _first[key] = Litestar(route_handlers=route_handlers, guards=guards, **other), deciding
    return _copied(_first[key][0], lifespan, state)


def _copied(first: Litestar, lifespan: list[Any], state: State) -> Litestar:
    app = copy.copy(first)
    app.state = state
    app.stores = StoreRegistry()
    app.event_emitter = SimpleEventEmitter(listeners=[])
    app._lifespan_managers = list(lifespan)
    app.asgi_router = copy.copy(first.asgi_router)
    app.asgi_router.app = app
    app.asgi_handler = app._create_asgi_handler()
    return app


def _remembering(pages: render.Pages, make: Callable[..., None], compiled: Compiled, *given: Any, **named: Any) -> None:
    make(pages, *given, **named)
    pages.environment.bytecode_cache = compiled


class Compiled(jinja2.BytecodeCache):
    """Templates' code by place and content; Jinja itself compares the content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code
