"""Entities as JSON in the plain view, kept while they are asked for again and again.

What is kept is found by the document itself and the context, not by the entity's identifier: it can never be out of date, and
needs telling of no change.
"""

from __future__ import annotations

from collections.abc import Iterable

from nhip.graph.contexts.model import Context
from nhip.graph.document.render import render_one
from nhip.graph.model import Stored

_MOST = 10_000
_LARGEST = 4096
"""Longer documents are not kept, so that the whole stays below some ten megabytes in practice."""
_EXPIRES = b'"expiresAt":'
Kept = dict[tuple[object, bytes], bytes]


class _Memo:
    """What was asked for of late: when `_MOST` are new, what was not asked for again since the last time goes."""

    def __init__(self) -> None:
        self.new: Kept = {}
        self.old: Kept = {}

    def find(self, key: tuple[object, bytes]) -> bytes | None:
        """What is kept, from now on among the new."""
        found = self.old.pop(key, None)
        if found is not None:
            self.put(key, found)
        return found

    def put(self, key: tuple[object, bytes], found: bytes) -> None:
        """Keep it."""
        if len(self.new) >= _MOST:
            self.old, self.new = self.new, {}
        self.new[key] = found


_memo = _Memo()


def entity_json(row: Stored, context: Context) -> bytes:
    """An entity as it rests: normalised, without system attributes."""
    key = (context.key, row.doc)
    found = _memo.new.get(key) or _memo.find(key)
    if found is None:
        found = render_one(row, context)
        if len(row.doc) <= _LARGEST and _EXPIRES not in row.doc:
            _memo.put(key, found)
    return found


def entities_json(rows: Iterable[Stored], context: Context) -> bytes:
    """A JSON array of entities as they rest."""
    key, kept = context.key, _memo.new
    return b"[" + b",".join([kept.get((key, row.doc)) or entity_json(row, context) for row in rows]) + b"]"
