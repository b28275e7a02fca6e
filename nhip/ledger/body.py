"""From an event to the bytes that are hashed: canonical JSON with sorted keys, no blanks, UTF-8.

A body is made in two halves, because its time is only known when its turn in the ledger comes:
`{"actor":{…},"at":`, microseconds since 1970 UTC, `,"data":{…},"kind":…,"part":[1,1],"salt":…,"subjects":[…],"what":…,"why":…}`.
They are put together by hand, in the order of their keys: that is twice as quick as encoding a dictionary.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from nhip.kernel.actor import Actor
from nhip.kernel.i18n import _
from nhip.ledger.errors import EventRefused, UnknownKind
from nhip.ledger.kinds import KINDS
from nhip.ledger.model import Event

SUBJECTS_EACH = 100
"""Most subjects of one body, so that bodies stay below 10 kB; about more people there are several, `part` counts them."""
MAX_BYTES = 64 * 1024
"""Most characters of a body, without its subjects."""
MAX_NAME = 500
"""Most characters of `what`, which is indexed."""

_encoder = msgspec.json.Encoder(order="sorted", enc_hook=str)


class Draft(NamedTuple):
    """A body without its time: the text before and after it, and whose data it is about."""

    head: str
    tail: str
    subjects: tuple[bytes, ...]


def drafts(event: Event, actor: Actor) -> list[Draft]:
    """The bodies of `event`, mostly one. Raises UnknownKind, and EventRefused for what is too large or no subject."""
    if event.kind not in KINDS:
        raise UnknownKind(kind=event.kind)
    subjects = tuple(dict.fromkeys(bytes(s) for s in event.subjects))
    if any(len(subject) != 32 for subject in subjects):
        raise EventRefused(what=_("a subject is a keyed hash of 32 bytes"))
    if len(event.what) > MAX_NAME:
        raise EventRefused(what=_("the object's name is too long"))
    parts = [subjects[i : i + SUBJECTS_EACH] for i in range(0, len(subjects), SUBJECTS_EACH)] or [()]
    before = f',"data":{_json(event.data)},"kind":"{event.kind}","part":['
    after = f'"what":{_json(event.what)},"why":{_json(event.why)}}}'
    if len(before) + len(after) > MAX_BYTES:
        raise EventRefused(what=_("the event is larger than 64 KiB"))
    head = _head(actor)
    return [
        Draft(head, f'{before}{n},{len(parts)}],"salt":"{_salt()}","subjects":[{_hexes(part)}],{after}', part)
        for n, part in enumerate(parts, 1)
    ]


@lru_cache(maxsize=256)
def _head(actor: Actor) -> str:
    fields = {
        "address": actor.address,
        "id": actor.party,
        "name": actor.name,
        "organisation": actor.organisation,
        "via": actor.via,
    }
    return f'{{"actor":{_json(fields)},"at":'


def _salt() -> str:
    """16 random bytes, without which a leaf's hash would tell who can guess the rest whether a guess is right."""
    return os.urandom(16).hex()


def _hexes(subjects: tuple[bytes, ...]) -> str:
    return ",".join(f'"{subject.hex()}"' for subject in subjects)


def _json(value: Any) -> str:
    """Canonical JSON. NUL and lone surrogates, which PostgreSQL or UTF-8 cannot hold, become U+FFFD."""
    try:
        text = _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return _json(_plain(value))
    return _json(_plain(value)) if "\\u0000" in text and _plain(value) != value else text


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_plain(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
