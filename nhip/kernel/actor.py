"""Who acts now: set at the edge (a request, a command, a job), read by whatever records or decides."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """A party at work. `party` None is Nhịp itself or whoever runs its command line; `via` is how (`session`, `key`, `job`…)."""

    party: uuid.UUID | None = None
    name: str = "nhip"
    organisation: str = ""
    """Code of the organisation that the party acts for."""
    via: str = "system"
    address: str = ""
    """Network address that the request came from."""


SYSTEM = Actor()
_acting: ContextVar[Actor] = ContextVar("acting", default=SYSTEM)


def acting() -> Actor:
    """Who acts in this task; the system where nobody was named."""
    return _acting.get()


def begin_acting(actor: Actor) -> None:
    """The rest of this task is done by `actor`: for requests, each of which is a task of its own."""
    _acting.set(actor)


@contextmanager
def act_as(actor: Actor) -> Iterator[None]:
    """Everything inside the block is done by `actor`."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)
