"""Who says what a thing shows, as far as that is known: a dataset, the value itself, or only who may have written it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request

from nhip.console.common import installation_of, rights_of, title_of
from nhip.console.things.showing import DATASET, Shown
from nhip.datasets.store import list_datasets
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.security.parties.store import list_parties
from nhip.security.programs.model import Credential
from nhip.security.programs.service import list_keys
from nhip.things.reading import read_mapping
from nhip.things.store import Holder, find_holder
from nhip.things.words import city_context
from nhip.web.i18n import language, translate

SIMULATED = "urn:nhip:simulated"
_WRITE = "graph.write"
_SEES_KEYS = "party.read"
_USED = timedelta(minutes=5)
"""When a key was last used is known to within so long."""
_MOST = 20


class Voice(msgspec.Struct, frozen=True):
    """Who says a value; `href` leads there. Without text it is not known."""

    text: str = ""
    href: str = ""


class Said(msgspec.Struct, frozen=True):
    """Who says each value that is shown, in its order; the dataset behind the thing; who may have written the others."""

    voices: list[Voice]
    holder: Holder | None
    keys: list[Credential]
    """Keys in force that may write, and were used since; none where whoever asks may not see keys."""
    sees_keys: bool

    @property
    def unknown(self) -> bool:
        """Whether of some value it is not known who says it."""
        return any(not one.text for one in self.voices)


async def said_by(request: Request[Any, Any, Any], id: str, told: list[Shown]) -> Said:
    """Who says what is `told` of a thing."""
    sees_keys = rights_of(request).anywhere(_SEES_KEYS)
    async with installation_of(request).db.read() as tx:
        holder = await find_holder(tx, id)
        titles = {f"{DATASET}{one.name}": (one.name, title_of(one)) for one in await list_datasets(tx)}
        keys = await _keys(request, tx) if sees_keys else []
    own = next((one for one in told if one.iri == city_context().expand("source") and one.value), None)
    voices = [_voice(one, holder, titles, own) for one in told]
    since = [one.modified for one, voice in zip(told, voices, strict=True) if one.modified and not voice.text]
    first = min(since, default=None)
    able = [one for one in keys if _WRITE in one.scopes and one.last_used_at and first]
    used = [one for one in able if one.last_used_at and first and one.last_used_at >= first - _USED]
    return Said(voices, holder, used[:_MOST], sees_keys)


async def _keys(request: Request[Any, Any, Any], tx: Connection) -> list[Credential]:
    """Keys in force of programs that whoever asks may see."""
    programs = await list_parties(tx, ("service",), within=rights_of(request).organisations(_SEES_KEYS))
    seen = {one.id for one in programs}
    return [one for one in await list_keys(tx) if one.party_id in seen]


def _voice(one: Shown, holder: Holder | None, titles: dict[str, tuple[str, str]], own: Shown | None) -> Voice:
    """What the value itself says goes first; then the dataset, of what it gives and nobody wrote after it; then what the thing
    says of itself (`own`), of what was not written after that."""
    if one.by:
        return _named(one.by, titles)
    if holder is not None and _gives(holder, one):
        title = holder.title_en if language() == "en" and holder.title_en else holder.title
        return Voice(title, f"/console/datasets/{holder.name}")
    if own is not None and not own.value.startswith(DATASET) and _by_then(one.modified, own.modified):
        return _named(own.value, titles)
    return Voice()


def _by_then(written: datetime | None, then: datetime | None) -> bool:
    return written is not None and then is not None and written <= then


def _named(source: str, titles: dict[str, tuple[str, str]]) -> Voice:
    if source == SIMULATED:
        return Voice(translate(_("a simulator")))
    if source in titles:
        name, title = titles[source]
        return Voice(title, f"/console/datasets/{name}")
    return Voice(source)


def _gives(holder: Holder, one: Shown) -> bool:
    """Whether the dataset gives a value, which was not written after the graph came in step with it."""
    names = [*read_mapping(holder.mapping).names(), "source", "sourceVersion"]
    given = not one.dataset and one.iri in {city_context().expand(name) for name in names}
    return given and _by_then(one.modified, holder.held_at)
