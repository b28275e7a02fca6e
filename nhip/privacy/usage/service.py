"""Who used a person's data: single looks from the ledger, whole tables by whether the person is in them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from nhip.datasets.errors import DatasetNotFound, VersionNotFound
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import get_dataset, get_version, list_versions
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.objects import Gone
from nhip.errors import NotFound
from nhip.kernel.actor import acting
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.errors import BadPeriod
from nhip.privacy.people import citizen_columns, subjects_in
from nhip.privacy.processing import service as register
from nhip.privacy.usage import store
from nhip.privacy.usage.model import NewWithholding, Page, Usage
from nhip.privacy.usage.store import Seen, Title, Withheld
from nhip.security.parties.store import find_by_code
from nhip.web.i18n import language

MOST = 1_000
"""Most uses on one page, as in Estonia's contract."""


async def find_usages(
    installation: Installation,
    subject: bytes,
    *,
    since: datetime,
    until: datetime,
    offset: int = 0,
    limit: int = MOST,
    own: bool = False,
) -> Page:
    """A page of who used the person's data in [since, until), newest first.

    The asking itself is in the ledger before this returns; `own`: the person asks about themselves, which is no use by others and
    not told. Raises LedgerClosed, after which nothing may be told, and BadPeriod.
    """
    if since >= until or offset < 0 or not 1 <= limit <= MOST:
        raise BadPeriod(what=_("the beginning must lie before the end, and a page has 1 to 1000 lines"))
    async with installation.db.read() as tx:
        seen = [(one, True) for one in await store.list_looks(tx, subject, since, until)]
        seen += await _exports_with(installation, tx, subject, since, until)
        withheld = await store.list_withheld(tx, subject)
        told = [(s, sure) for s, sure in seen if not (s.body.data.get("own") or _is_withheld(s, withheld))]
        told.sort(key=lambda pair: -pair[0].seq)
        usages = await _in_words(tx, told[offset : offset + limit])
    async with installation.db.tx() as tx:
        asked = {"since": since.isoformat(), "until": until.isoformat(), "told": len(told), "own": own}
        await note(tx, Event(kind="usage.asked", what=f"party:{acting().party or ''}", data=asked, subjects=(subject,)))
    return Page(len(told), usages)


async def _exports_with(
    installation: Installation, tx: Connection, subject: bytes, since: datetime, until: datetime
) -> list[tuple[Seen, bool]]:
    """Exports of tables that the person is in; False beside those of which that cannot be told any more."""
    known: dict[tuple[str, ...], bool | None] = {}
    found = []
    for seen in await store.list_exports(tx, since, until):
        key = (_dataset_of(seen), *(str(seen.body.data.get(name, "")) for name in ("version", "delivery", "part")))
        if key not in known:
            known[key] = await _is_in(installation, tx, subject, seen)
        if known[key] is not False:
            found.append((seen, known[key] is True))
    return found


async def _is_in(installation: Installation, tx: Connection, subject: bytes, seen: Seen) -> bool | None:
    """Whether the person is in what was handed out; None where nobody can tell (raw bytes of which no version was made)."""
    try:
        dataset = await get_dataset(tx, _dataset_of(seen))
    except DatasetNotFound:
        return None
    versions = await _versions_of(tx, dataset, seen.body.data)
    if not versions:
        return None if await citizen_columns(tx, dataset) else False
    whole, unknown = seen.body.data.get("part") != "version", False
    for version in versions:
        columns = await citizen_columns(tx, dataset, version.contract_no)
        try:
            if columns and subject in await subjects_in(installation, version, columns, kept_out=whole):
                return True
        except Gone:  # the people of versions that had been handed out were kept
            if await store.was_member(tx, subject, dataset.id, version.no):
                return True
        except NotFound:
            unknown = True
    return None if unknown else False


async def _versions_of(tx: Connection, dataset: Dataset, told: dict[str, Any]) -> list[Version]:
    """The version that was handed out, or those that were made from the raw bytes that were."""
    no, delivery = told.get("version"), told.get("delivery")
    if isinstance(no, int):
        try:
            return [await get_version(tx, dataset, no)]
        except VersionNotFound:
            return []
    return [v for v in await list_versions(tx, dataset) if delivery and str(v.delivery_id) == delivery]


def _dataset_of(seen: Seen) -> str:
    return seen.body.what.removeprefix("dataset:") if seen.body.what.startswith("dataset:") else ""


def _is_withheld(seen: Seen, withheld: list[Withheld]) -> bool:
    at, organisation = seen.body.moment, seen.body.actor.organisation
    return any(w.organisation == organisation and w.from_at <= at < w.until_at for w in withheld)


async def _in_words(tx: Connection, seen: list[tuple[Seen, bool]]) -> list[Usage]:
    bodies = [one.body for one, _sure in seen]
    processings = [str(body.data.get("processing", "")) for body in bodies]
    titles = await store.list_titles(
        tx,
        [_dataset_of(one) for one, _sure in seen],
        [body.actor.organisation for body in bodies],
        [body.actor.id or "" for body in bodies],
        processings,
    )
    bases = await _bases(tx, titles, processings)
    return [_usage(one, sure, titles, bases) for one, sure in seen]


async def _bases(
    tx: Connection, titles: dict[tuple[str, str], Title], processings: list[str]
) -> dict[str, tuple[str, str]]:
    """Title and legal basis of each processing, by its id."""
    found = {}
    for id_ in sorted({one for one in processings if ("processing", one) in titles}):
        processing = await register.get(tx, titles["processing", id_].title)
        articles = "; ".join(b.article or b.basis for b in processing.legal_basis)
        found[id_] = (processing.shown_title, articles)
    return found


def _usage(seen: Seen, sure: bool, titles: dict[tuple[str, str], Title], bases: dict[str, tuple[str, str]]) -> Usage:
    body, dataset = seen.body, _dataset_of(seen)
    role = titles.get(("role", body.actor.id or ""))
    processing, basis = bases.get(str(body.data.get("processing", "")), ("", ""))
    version = body.data.get("version")
    return Usage(
        seq=seen.seq,
        at=body.moment,
        kind=body.kind,
        organisation=body.actor.organisation,
        organisation_name=_named(titles.get(("organisation", body.actor.organisation))),
        role=role.title if role else "",
        via=body.actor.via,
        dataset=dataset,
        dataset_title=_named(titles.get(("dataset", dataset))),
        version=version if isinstance(version, int) else None,
        purpose=body.why,
        processing=processing,
        legal_basis=basis,
        sure=sure,
    )


def _named(title: Title | None) -> str:
    if title is None:
        return ""
    return title.title_en if language() == "en" and title.title_en else title.title


async def withhold(tx: Connection, new: NewWithholding) -> uuid.UUID:
    """Delay the telling of looks, as the law demands; nothing is ever deleted, everything is told from `release_at` on.

    Raises BadPeriod.
    """
    if await find_by_code(tx, new.organisation) is None:
        raise BadPeriod(what=_("the organisation is not known here"))
    if not new.from_at < new.until_at or new.release_at <= now():
        raise BadPeriod(what=_("the release must lie in the future, and the beginning before the end"))
    made = await store.insert_withholding(tx, new)
    told = {"organisation": new.organisation, "release_at": new.release_at.isoformat(), "document": new.document}
    await note(tx, Event(kind="usage.withheld", what=f"withholding:{made}", why=new.ground, data=told))
    return made
