"""Entities as JSON in the plain view, kept while they are asked for again and again.

What is kept is found by the document itself and the context, not by the entity's identifier: it can never be out of date, and
needs telling of no change.
"""

from __future__ import annotations

from collections.abc import Iterable

from nhip.graph.contexts.model import Context
from nhip.graph.document.render import render_one
from nhip.graph.model import Stored

_MOST = 20_000
_LARGEST = 4096
"""Longer documents are not kept, so that the whole stays below some ten megabytes in practice."""
_EXPIRES = b'"expiresAt":'
_kept: dict[tuple[object, bytes], bytes] = {}


def entity_json(row: Stored, context: Context) -> bytes:
    """An entity as it rests: normalised, without system attributes."""
    key = (context.key, row.doc)
    found = _kept.get(key)
    if found is None:
        found = render_one(row, context)
        if len(row.doc) <= _LARGEST and _EXPIRES not in row.doc:
            if len(_kept) >= _MOST:
                del _kept[next(iter(_kept))]
            _kept[key] = found
    return found


def entities_json(rows: Iterable[Stored], context: Context) -> bytes:
    """A JSON array of entities as they rest."""
    key = context.key
    return b"[" + b",".join([_kept.get((key, row.doc)) or entity_json(row, context) for row in rows]) + b"]"
