"""What an action is handed, and how it is told to the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from nhip.db import Connection
from nhip.portal.ckan.params import Params
from nhip.portal.model import Release
from nhip.portal.rows.warm import Warm


class Asked(msgspec.Struct, frozen=True):
    """One call: a reading transaction, what was sent, our public address, the name of the city, the readers of rows."""

    tx: Connection
    params: Params
    root: str
    city: str
    warm: Warm


class Later(msgspec.Struct, frozen=True):
    """An answer with rows of `release` that is finished after the transaction was given back, as it takes DuckDB and perhaps
    seconds."""

    finish: Callable[[], Awaitable[Any]]
    release: Release


RecordsFormat = Literal["objects", "lists", "csv", "tsv"]
Action = Callable[[Asked], Awaitable[Any]]
