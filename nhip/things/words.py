"""The city's vocabulary: the @context that things of datasets are named in, and where it stands."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.model import Context

FILE = Path(__file__).with_name("context.jsonld")
PATH = "/things/context.jsonld"
"""Its address on this installation; open to all, as words are no data."""


@cache
def city_context(address: str = "") -> Context:
    """The compiled @context; `address` is that of the installation, for answers that name it."""
    told = json.loads(FILE.read_text(encoding="utf-8"))["@context"]
    return compile_context([told], f"{address}{PATH}", frozenset())
