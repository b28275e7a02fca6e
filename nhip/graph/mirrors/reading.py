"""What a peer sends, checked as what any stranger sends: entities of the types asked for, in the @context that we named."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
import orjson

from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import BadRequestData, GraphError
from nhip.graph.merging import is_null
from nhip.graph.mirrors.model import Mirror, Seen
from nhip.graph.model import ENTITY_MEMBERS, Doc
from nhip.graph.rows import instant
from nhip.kernel.i18n import _

MOST_TOLD = 5000
"""So many entities are taken of one notification."""
_LONGEST_ID = 2000


class Heard(msgspec.Struct, frozen=True):
    """What a peer said: what we take, and how many entities of it we do not."""

    seen: list[Seen]
    refused: int = 0


class Terms(msgspec.Struct, frozen=True):
    """What is followed, with names as IRIs."""

    context: Context
    types: frozenset[str]
    narrow: bool
    """Whether only some attributes are copied."""
    hints: bool
    """Whether notifications only say that something changed: those of all entities come then, as nobody tells that one does not
    fit a query any more."""


def terms_of(mirror: Mirror, context: Context) -> Terms:
    """What a mirror follows, in the @context that it names."""
    types = frozenset(context.expand(name) for name in mirror.types)
    return Terms(context, types, bool(mirror.attrs), bool(mirror.q or mirror.scope))


def read_notification(body: bytes, subscription: str, terms: Terms) -> Heard:
    """The entities of a notification (5.3.1). Raises BadRequestData for what is none of this subscription."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestData(what=_("a notification is JSON")) from error
    if not isinstance(told, dict) or told.get("type") != "Notification" or told.get("subscriptionId") != subscription:
        raise BadRequestData(what=_("this is no notification of our subscription"))
    data = told.get("data")
    if not isinstance(data, list) or len(data) > MOST_TOLD:
        raise BadRequestData(what="data")
    return read_entities(data, terms)


def read_entities(data: list[Any], terms: Terms, asked: int | None = None) -> Heard:
    """Entities in NGSI-LD's normalised form; `asked` is the step of the question they answer."""
    seen = []
    for one in data:
        try:
            seen.append(_read(one, terms, asked))
        except (GraphError, RecursionError):
            continue
    return Heard(seen, len(data) - len(seen))


def _read(given: Any, terms: Terms, asked: int | None) -> Seen:
    if not isinstance(given, dict) or not isinstance(given.get("id"), str) or len(given["id"]) > _LONGEST_ID:
        raise BadRequestData(what=_("an entity is a JSON object"))
    if asked is None and "deletedAt" in given:
        return _deleted(given, terms)
    doc = without_deleted(expand_entity(given, terms.context, nulls="everywhere"))
    if not terms.types.intersection(doc.get("type", ())):
        raise BadRequestData(what=_("an entity of a type that was not asked for"))
    if asked is None and (terms.hints or (terms.narrow and not any(":" in name for name in doc))):
        return Seen(doc["id"], None)  # whether it is still followed only the peer knows
    return Seen(doc["id"], doc, _moment(given.get("modifiedAt")), digest(doc), asked)


def _deleted(given: dict[str, Any], terms: Terms) -> Seen:
    types = given.get("type")
    names = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    if not is_uri(given["id"]) or not terms.types & {terms.context.expand(n) for n in names if isinstance(n, str)}:
        raise BadRequestData(what=_("an entity of a type that was not asked for"))
    return Seen(given["id"], None)


def _moment(given: Any) -> str:
    """The peer's modifiedAt, where it is an instant."""
    if not isinstance(given, str) or len(given) > 40:
        return ""
    try:
        instant(given)
    except ValueError:
        return ""
    return given


def without_deleted(doc: Doc) -> Doc:
    """A document without the attribute instances that say of themselves that they were deleted."""
    made: Doc = {}
    for name, value in doc.items():
        if name in ENTITY_MEMBERS:
            made[name] = value
        elif left := [one for one in value if not is_null(one)]:
            made[name] = left
    return made


def digest(doc: Doc) -> bytes:
    """Tells two states of an entity apart, whatever the order in which they are told."""
    same: Doc = {}
    for name, value in doc.items():
        if name in ENTITY_MEMBERS:
            same[name] = sorted(value) if isinstance(value, list) else value
        else:
            same[name] = sorted(value, key=lambda one: one.get("datasetId", ""))
    return blake2b(orjson.dumps(same, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
