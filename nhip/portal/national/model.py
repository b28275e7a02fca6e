"""The nouns of registering: the national portal as it is set, and what it holds of us."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec

Way = Literal["ckan", "dcat"]
"""ckan: CKAN's Action API. dcat: each dataset as a graph by the SPARQL 1.1 Graph Store HTTP Protocol."""
State = Literal["registered", "waiting", "refused", "withdrawn", "withdrawing"]


class National(msgspec.Struct, frozen=True, kw_only=True):
    """Where we register. `organisation`: our name there; `prefix` goes before the names of our datasets, so that they are
    nobody else's. `failures`: times in a row that the other side was away."""

    url: str
    way: Way
    organisation: str
    prefix: str
    enabled: bool
    has_key: bool
    failures: int
    problem: dict[str, Any] | None
    away_since: datetime | None
    answered_at: datetime | None
    next_try_at: datetime | None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be told of one dataset; `gone`: that it is no longer open."""

    dataset_id: uuid.UUID
    name: str
    title: str
    mark: str
    remote_id: str
    attempts: int
    gone: bool


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """How one dataset stands with the national portal."""

    dataset_id: uuid.UUID
    name: str
    title: str
    remote_id: str
    state: State
    sent_at: datetime | None
    withdrawn_at: datetime | None
    attempts: int
    next_try_at: datetime | None
    problem: dict[str, Any] | None


class Count(msgspec.Struct, frozen=True):
    """How many datasets are in a state."""

    state: State
    number: int
