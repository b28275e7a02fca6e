"""What may happen to a publication: proposed, decided, released version by version, withdrawn, recalled."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import msgspec

from nhip.datasets.harvested import Origin, find_origin
from nhip.datasets.health import EVERYBODY, NAMES, share, unshare
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_version_in_force, get_dataset, list_virtue_history
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.kernel.actor import acting
from nhip.kernel.text import fold, sort_key
from nhip.kernel.time import now, today
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal import store
from nhip.portal.dcat.service import describe
from nhip.portal.errors import (
    ColumnUnknown,
    GateClosed,
    NothingToPublish,
    NothingWaits,
    NotProposed,
    NotPublished,
    ProposalChanged,
    Recalled,
    ReleaseNotFound,
    SameEyes,
    Withdrawn,
)
from nhip.portal.examining import put_examination
from nhip.portal.gate.findings import COLUMN_GONE, RECALLED_BEFORE, closed
from nhip.portal.gate.policy import policy_at
from nhip.portal.licences import get_licence
from nhip.portal.model import (
    TOPIC,
    WHOLE,
    Credit,
    Entry,
    GateReport,
    Proposal,
    Publication,
    Release,
    Shaping,
    Suspicion,
    Treatment,
)
from nhip.portal.releases import OpenTable, contract_of, keep_release, open_table, remove_release


async def propose(
    installation: Installation,
    dataset: Dataset,
    *,
    licence: str,
    basis: str,
    treatment: Treatment,
    keywords: list[str],
    contact: str,
    cadence: str = "",
    shaping: Shaping = WHOLE,
) -> GateReport:
    """Propose to publish a dataset, or a change of what is published, which stays as it is until somebody decides.

    Gives what the gate says of it as it would be. Raises NothingToPublish, LicenceUnknown, ColumnUnknown.
    """
    get_licence(licence)
    table = await preview(installation, dataset, treatment, shaping)
    table.file.unlink(missing_ok=True)
    async with installation.db.tx() as tx:
        values = {"licence": licence, "basis": basis, "keywords": keywords, "contact": contact, "cadence": cadence}
        await store.propose(tx, dataset.id, treatment=treatment, shaping=shaping, gate=table.report, **values)
        await store.insert_decision(tx, dataset.id, "proposed", basis=basis, gate=table.report)
        await note(tx, Event(kind="publication.proposed", what=f"dataset:{dataset.name}", why=basis))
    return table.report


async def preview(
    installation: Installation, dataset: Dataset, treatment: Treatment, shaping: Shaping = WHOLE
) -> OpenTable:
    """The table as it would be open, and what the gate says; the caller removes its file.

    Raises NothingToPublish, ColumnUnknown.
    """
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, dataset.id)  # its version may have changed since the caller read it
        version = await find_version_in_force(tx, dataset)
        if version is None:
            raise NothingToPublish(name=dataset.name)
        contract = await contract_of(tx, dataset, version)
        former = await store.find_given_out(tx, dataset.id)
    return await open_table(installation, version, contract, treatment, shaping, former)


async def publish(
    installation: Installation, dataset: Dataset, note_: str = "", *, proposal_id: uuid.UUID | None = None
) -> Release:
    """Decide that a dataset is open as it was proposed, and release its version in force. `proposal_id`: what was looked at.

    Raises NotProposed, NothingWaits, ProposalChanged, SameEyes, GateClosed.
    """
    async with installation.db.read() as tx:
        proposal = await find_waiting(tx, dataset, proposal_id)
        dataset = await get_dataset(tx, dataset.id)
        version = await find_version_in_force(tx, dataset)
    require_other_eyes(proposal, dataset)
    if version is None:
        raise NothingToPublish(name=dataset.name)
    release, report = await _made(installation, dataset, version, proposal.treatment, proposal.shaping)
    if release is None:
        raise GateClosed(why="; ".join(report.blocks))
    async with installation.db.tx() as tx:
        if not await store.accept(tx, proposal):
            raise NothingWaits(name=dataset.name)
        await store.insert_decision(tx, dataset.id, "published", basis=proposal.basis, note=note_, gate=report)
        await _put(tx, dataset, release)
        told = {"no": release.no, "digest": release.digest, "licence": proposal.licence}
        await note(tx, Event(kind="publication.decided", what=f"dataset:{dataset.name}", why=proposal.basis, data=told))
    return release


async def find_waiting(tx: Connection, dataset: Dataset, proposal_id: uuid.UUID | None = None) -> Proposal:
    """The proposal that waits for its decision. Raises NotProposed, NothingWaits, ProposalChanged."""
    proposal = await store.find_proposal(tx, dataset.id)
    if proposal is None:
        raise NotProposed(name=dataset.name)
    if proposal.state != "waiting":
        raise NothingWaits(name=dataset.name)
    if proposal_id is not None and proposal_id != proposal.id:
        raise ProposalChanged(name=dataset.name)
    return proposal


def require_other_eyes(proposal: Proposal, dataset: Dataset) -> None:
    """Raises SameEyes when whoever acts proposed it, and the policy in force asks for four eyes."""
    mine = proposal.by_party is not None and proposal.by_party == acting().party
    if mine and policy_at(today()).four_eyes:
        raise SameEyes(name=dataset.name)


async def turn_down(tx: Connection, dataset: Dataset, why: str, *, proposal_id: uuid.UUID | None = None) -> None:
    """Give a proposal back to its agency with the reason; what was open before stays open. Raises as find_waiting."""
    proposal = await find_waiting(tx, dataset, proposal_id)
    if not await store.turn_down(tx, proposal, why):
        raise NothingWaits(name=dataset.name)
    await store.insert_decision(tx, dataset.id, "returned", note=why)
    await note(tx, Event(kind="publication.returned", what=f"dataset:{dataset.name}", why=why))


async def look_through(tx: Connection, dataset: Dataset, said: str) -> None:
    """Note that somebody looked through what is open and found it right. Raises NotPublished."""
    publication = await store.find_publication(tx, dataset.id)
    if publication is None or publication.state != "published":
        raise NotPublished(name=dataset.name)
    await store.insert_decision(tx, dataset.id, "reviewed", note=said)
    await note(tx, Event(kind="publication.reviewed", what=f"dataset:{dataset.name}", why=said))


async def release_due(installation: Installation) -> list[str]:
    """Release every published dataset whose version in force is newer than its last release; gives their names.

    A version that the gate refuses leaves the release before it in force and is shown to its agency.
    """
    async with installation.db.read() as tx:
        names = await store.list_due(tx)
    for name in names:
        async with installation.db.read() as tx:
            dataset = await get_dataset(tx, name)
            publication = await store.find_publication(tx, dataset.id)
            version = await find_version_in_force(tx, dataset)
        if publication is None or version is None:
            continue
        release, report = await _made(installation, dataset, version, publication.treatment, publication.shaping)
        async with installation.db.tx() as tx:
            if release is None:
                await store.put_refusal(tx, dataset.id, version.no, report)
                told = {"no": version.no, "blocks": report.blocks}
                await note(tx, Event(kind="publication.refused", what=f"dataset:{name}", data=told))
            else:
                await _put(tx, dataset, release)
                told = {"no": release.no, "digest": release.digest}
                await note(tx, Event(kind="publication.released", what=f"dataset:{name}", data=told))
    return names


async def _made(
    installation: Installation, dataset: Dataset, version: Version, treatment: Treatment, shaping: Shaping
) -> tuple[Release | None, GateReport]:
    async with installation.db.read() as tx:
        contract = await contract_of(tx, dataset, version)
        recalled = await store.list_recalled_digests(tx, dataset.id)
        former = await store.find_given_out(tx, dataset.id)
    try:
        table = await open_table(installation, version, contract, treatment, shaping, former)
    except ColumnUnknown as error:
        return None, GateReport(open=False, blocks=[COLUMN_GONE], suspicions=[_gone(error)])
    try:
        if not table.report.open:
            return None, table.report
        release = await keep_release(installation, version, table, but=recalled)
        return release, table.report if release else closed(table.report, RECALLED_BEFORE)
    finally:
        table.file.unlink(missing_ok=True)


def _gone(error: ColumnUnknown) -> Suspicion:
    return Suspicion(column=str(error.values.get("column", "")), what="gone", cells=0)


async def _put(tx: Connection, dataset: Dataset, release: Release) -> None:
    await store.put_release(tx, release)
    await put_examination(tx, release, release.gate, "clear")
    await refresh_entry(tx, dataset)
    await announce(tx, TOPIC)


async def refresh_entry(tx: Connection, dataset: Dataset) -> Entry | None:
    """Make the catalogue's entry anew from the newest release that was not recalled; without one there is no entry."""
    publication = await store.find_publication(tx, dataset.id)
    releases = [r for r in await store.list_releases(tx, dataset.id) if r.recalled_at is None]
    if publication is None or publication.state != "published" or not releases:
        await store.delete_entry(tx, dataset.id)
        await unshare(tx, dataset, EVERYBODY)
        return None
    await share(tx, dataset, EVERYBODY)
    entry = await _entry(tx, dataset, publication, releases)
    names = f"{entry.title} {entry.title_en} {entry.name}"
    about = " ".join((*entry.keywords, entry.agency_name, entry.agency_name_en, entry.theme))
    rest = " ".join((entry.description, *(f"{c.title} {c.title_en} {c.name}" for c in entry.columns)))
    texts = tuple(f"{text.lower()} {fold(text)}" for text in (names, about, rest))
    folded = fold(f"{names} {about}")[:2_000]
    await store.put_entry(tx, entry, sort_key(entry.title), (texts[0], texts[1], texts[2]), folded)
    await describe(tx, entry)
    return entry


async def _entry(tx: Connection, dataset: Dataset, publication: Publication, releases: list[Release]) -> Entry:
    newest, first = releases[0], releases[-1]
    history, origin = await list_virtue_history(tx, dataset), await find_origin(tx, dataset.id)
    virtues = {name: getattr(history[-1], name) for name in NAMES} if history else {}
    geographic = {"latitude", "longitude", "geometry"} & {c.kind for c in newest.columns}
    return Entry(
        dataset_id=dataset.id,
        name=dataset.name,
        title=dataset.title,
        title_en=dataset.title_en,
        description=dataset.description,
        agency_code=dataset.agency_code,
        agency_name=dataset.agency_name,
        agency_name_en=dataset.agency_name_en,
        theme=dataset.theme,
        keywords=publication.keywords,
        formats=["csv", "xlsx", "json", "parquet", *(["geojson"] if geographic else [])],
        places=[],
        licence=publication.licence,
        contact=publication.contact,
        cadence=publication.cadence,
        release_no=newest.no,
        row_count=newest.row_count,
        bytes=newest.bytes,
        columns=newest.columns,
        virtues=virtues,
        score=0,
        issued=publication.first_published_at or first.made_at,
        modified=newest.made_at,
        as_of=newest.as_of,
        credit=_credit(origin) if origin else None,
    )


def _credit(origin: Origin) -> Credit:
    told = {name: getattr(origin, name) for name in ("organisation", "title", "url", "licence")}
    return Credit(portal=origin.source, **told)


async def withdraw(tx: Connection, dataset: Dataset, reason: str) -> None:
    """The dataset is no longer open; its address says so for ever. Raises NotPublished."""
    publication = await store.find_publication(tx, dataset.id)
    if publication is None or publication.state != "published":
        raise NotPublished(name=dataset.name)
    await store.withdraw(tx, dataset.id, reason)
    await store.delete_entry(tx, dataset.id)
    await unshare(tx, dataset, EVERYBODY)
    await store.insert_decision(tx, dataset.id, "withdrawn", note=reason)
    await note(tx, Event(kind="publication.withdrawn", what=f"dataset:{dataset.name}", why=reason))
    await announce(tx, TOPIC)


async def recall(tx: Connection, dataset: Dataset, no: int, reason: str) -> None:
    """A release is no longer given out, and the one before it is in force again. Its bytes go with `remove_recalled`.

    Raises ReleaseNotFound.
    """
    if not await store.recall_release(tx, dataset.id, no, reason):
        raise ReleaseNotFound(name=dataset.name, no=no)
    await store.insert_decision(tx, dataset.id, "recalled", note=reason)
    await refresh_entry(tx, dataset)
    await note(tx, Event(kind="publication.recalled", what=f"dataset:{dataset.name}", why=reason, data={"no": no}))
    await announce(tx, TOPIC)


async def remove_recalled(installation: Installation) -> int:
    """Delete the bytes of recalled releases, and what was made from them; gives how many. Bytes that another release still
    gives out stay, as the treatment of that one was decided on."""
    async with installation.db.read() as tx:
        waiting = await store.list_to_remove(tx)
    for removal in waiting:
        if not removal.shared:
            await asyncio.to_thread(remove_release, installation, removal.object)
        async with installation.db.tx() as tx:
            await store.set_removed(tx, removal)
    return len(waiting)


async def forget_downloads(installation: Installation) -> int:
    """Forget who took what before the time that the policy in force names; without one nothing is forgotten."""
    months = policy_at(today()).months("downloads")
    if months is None:
        return 0
    async with installation.db.tx() as tx:
        before = now() - timedelta(days=months * 31)
        return await store.forget_downloads(tx, before) + await store.forget_reads(tx, before)


async def get_entry(tx: Connection, name: str) -> Entry:
    """An open dataset. Raises NotPublished for absent and closed alike, Withdrawn for one that was open once."""
    found = await store.find_entry(tx, name)
    if found is not None:
        return found
    tombstone = await store.find_tombstone(tx, name)
    if tombstone is not None:
        raise Withdrawn(name=name, why=tombstone.reason)
    raise NotPublished(name=name)


async def get_release(tx: Connection, entry: Entry, no: int | None = None) -> Release:
    """A release of an open dataset (default: the one in force). Raises ReleaseNotFound, Recalled."""
    found = await store.find_release(tx, entry.dataset_id, entry.release_no if no is None else no)
    if found is None:
        raise ReleaseNotFound(name=entry.name, no=no)
    if found.recalled_at is not None:
        raise Recalled(name=entry.name, no=found.no, why=found.recall_reason)
    return msgspec.structs.replace(found)
