"""How an entity rests: the document without system attributes, and these apart, so that the usual answer never takes them out.

`sys` is {"c": createdAt, "m": modifiedAt of the entity, "d": another modifiedAt, "a": {IRI: [[createdAt, modifiedAt,
{sub-attributes}?] or 0, ...]}}. What came to be with the entity and was never touched since is left out (0 for an instance); or,
where there is a "d", never touched since then, when all of it was replaced: a new entity needs two times in all, one that
is written anew as a whole three.
"""

from __future__ import annotations

from typing import Any

import orjson

from nhip.graph.model import SYSTEM, Doc, Instance

_FRESH = 0
_SYSTEM = frozenset(SYSTEM)


def pack(full: Doc) -> tuple[bytes, bytes]:
    """The two parts of a document with system attributes, as JSON."""
    made = full["createdAt"]
    doc: Doc = {}
    apart: dict[str, Any] = {}
    for key, value in full.items():
        if ":" in key:
            doc[key], times = _parted(value, made)
            if times is not None:
                apart[key] = times
        elif key not in _SYSTEM:
            doc[key] = value
    sys = {"c": made, "m": full["modifiedAt"]}
    return orjson.dumps(doc), orjson.dumps({**sys, "a": apart} if apart else sys)


def unpack(doc: bytes, sys: bytes | None = None) -> Doc:
    """The document that `pack` took apart; without `sys` it has no system attributes."""
    full: Doc = orjson.loads(doc)
    if sys is not None:
        times = orjson.loads(sys)
        made, apart = times["c"], times.get("a", {})
        rest = times.get("d", made)
        for key, value in full.items():
            if ":" in key:
                _join(value, apart.get(key), made, rest)
        full["createdAt"] = made
        full["modifiedAt"] = times["m"]
    return full


def _parted(instances: list[Instance], made: str) -> tuple[list[Instance], list[Any] | None]:
    """Instances without their times, and the times, None when all are those of the entity's creation."""
    plain = []
    times: list[Any] = []
    fresh = True
    for instance in instances:
        one: Instance = {}
        subs: dict[str, Any] = {}
        for key, value in instance.items():
            if ":" in key:
                one[key], inner = _parted(value, made)
                if inner is not None:
                    subs[key] = inner
            elif key not in _SYSTEM:
                one[key] = value
        plain.append(one)
        created, modified = instance["createdAt"], instance["modifiedAt"]
        if created == made and modified == made and not subs:
            times.append(_FRESH)
        else:
            times.append([created, modified, subs] if subs else [created, modified])
            fresh = False
    return plain, None if fresh else times


def _join(instances: list[Instance], times: list[Any] | None, made: str, rest: str) -> None:
    for place, instance in enumerate(instances):
        own: Any = times[place] if times is not None else _FRESH
        subs = own[2] if own and len(own) > 2 else None
        for key, value in instance.items():
            if ":" in key:
                _join(value, subs.get(key) if subs else None, made, rest)
        instance["createdAt"], instance["modifiedAt"] = (own[0], own[1]) if own else (made, rest)
