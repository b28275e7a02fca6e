"""Access to the `portal` schema: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now, today
from nhip.portal.model import Decision, Entry, GateReport, Proposal, Publication, Release, Shaping, Treatment

queries = load(__file__)


class Tombstone(msgspec.Struct, frozen=True):
    """What is left of a withdrawn dataset."""

    name: str
    reason: str
    withdrawn_at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset stands that was ever proposed. `state`: published, withdrawn, or None while it was never open; `last`: what
    became of the last proposal (waiting, accepted, returned)."""

    dataset_id: uuid.UUID
    state: str | None
    cadence: str | None
    last: str
    proposed_by: str
    proposed_at: datetime
    decided_at: datetime | None
    refused_no: int | None
    refused_at: datetime | None
    release_no: int | None
    as_of: datetime | None
    version_no: int | None
    reviewed_at: datetime | None

    @property
    def is_refused(self) -> bool:
        """Whether the gate did not let the newest version out."""
        return self.refused_no is not None and self.refused_no == self.version_no


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A recalled release whose bytes are still there; `shared`: another release, which is given out, has the same."""

    dataset_id: uuid.UUID
    no: int
    object: str
    shared: bool


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody took a release; `party` is the name of whoever was signed in."""

    format: str
    at: datetime
    party_id: uuid.UUID | None
    party: str
    address: str
    agent: str


async def _all(tx: Connection, kind: type[Any], query: Any, **values: Any) -> list[Any]:
    """Rows as structs whose JSON columns become structs, too."""
    cursor = await tx.execute(query, values)
    names = [column.name for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
    return [msgspec.convert(row, kind) for row in rows]


async def _one(tx: Connection, kind: type[Any], query: Any, **values: Any) -> Any:
    found = await _all(tx, kind, query, **values)
    return found[0] if found else None


async def find_publication(tx: Connection, dataset_id: uuid.UUID) -> Publication | None:
    """The decision about a dataset."""
    found: Publication | None = await _one(tx, Publication, queries.find_publication, dataset_id=dataset_id)
    return found


async def list_publications(tx: Connection, *states: str) -> list[Publication]:
    """Decisions in one of `states` (none named: all), the last proposed first."""
    return await _all(tx, Publication, queries.list_publications, states=list(states))


async def find_proposal(tx: Connection, dataset_id: uuid.UUID) -> Proposal | None:
    """The last proposal about a dataset, whatever became of it."""
    found: Proposal | None = await _one(tx, Proposal, queries.find_proposal, dataset_id=dataset_id)
    return found


async def propose(
    tx: Connection, dataset_id: uuid.UUID, *, treatment: Treatment, shaping: Shaping, gate: GateReport, **values: Any
) -> None:
    """Propose to publish, or a change; what waited is replaced. `values`: licence, basis, keywords, contact, cadence."""
    await execute(tx, queries.replace_proposal, dataset_id=dataset_id, by=acting().name, now=now())
    made = {"treatment": Jsonb(treatment), "shaping": Jsonb(shaping), "gate": Jsonb(msgspec.to_builtins(gate))}
    whose = {"id": new_id(), "by": acting().name, "party": acting().party, "now": now()}
    await execute(tx, queries.insert_proposal, dataset_id=dataset_id, **made, **whose, **values)


async def accept(tx: Connection, proposal: Proposal) -> bool:
    """The dataset is open as it was proposed; False when the proposal does not wait any more."""
    if not await _end(tx, proposal.id, "accepted", ""):
        return False
    await execute(tx, queries.decide, id=proposal.id, by=acting().name, now=now())
    return True


async def turn_down(tx: Connection, proposal: Proposal, why: str) -> bool:
    """The proposal is given back; False when it does not wait any more."""
    return await _end(tx, proposal.id, "returned", why)


async def _end(tx: Connection, proposal_id: uuid.UUID, state: str, why: str) -> bool:
    values = {"id": proposal_id, "state": state, "by": acting().name, "now": now(), "note": why}
    return await execute(tx, queries.end_proposal, **values) > 0


async def withdraw(tx: Connection, dataset_id: uuid.UUID, reason: str) -> None:
    """The dataset is no longer open."""
    await execute(tx, queries.withdraw, dataset_id=dataset_id, by=acting().name, now=now(), reason=reason)


async def insert_decision(
    tx: Connection, dataset_id: uuid.UUID, act: str, *, basis: str = "", note: str = "", gate: GateReport | None = None
) -> None:
    """Record a decision of whoever acts."""
    found = Jsonb(msgspec.to_builtins(gate) if gate else {})
    values = {
        "id": new_id(),
        "act": act,
        "by": acting().name,
        "now": now(),
        "basis": basis,
        "note": note,
        "gate": found,
    }
    await execute(tx, queries.insert_decision, dataset_id=dataset_id, **values)


async def list_decisions(tx: Connection, dataset_id: uuid.UUID) -> list[Decision]:
    """Decisions about a dataset, the newest first."""
    return await _all(tx, Decision, queries.list_decisions, dataset_id=dataset_id)


async def put_release(tx: Connection, release: Release) -> None:
    """Store an open release."""
    values = {
        n: getattr(release, n)
        for n in release.__struct_fields__
        if n not in ("recalled_at", "recall_reason", "removed_at")
    }
    values |= {"columns": Jsonb(msgspec.to_builtins(release.columns)), "gate": Jsonb(msgspec.to_builtins(release.gate))}
    await execute(tx, queries.put_release, **values)
    await execute(tx, queries.clear_refusal, dataset_id=release.dataset_id)


async def find_release(tx: Connection, dataset_id: uuid.UUID, no: int) -> Release | None:
    """One release, recalled or not."""
    found: Release | None = await _one(tx, Release, queries.find_release, dataset_id=dataset_id, no=no)
    return found


async def find_given_out(tx: Connection, dataset_id: uuid.UUID) -> Release | None:
    """The newest release that is not recalled: what people hold until the next one."""
    found: Release | None = await _one(tx, Release, queries.find_given_out, dataset_id=dataset_id)
    return found


async def list_releases(tx: Connection, dataset_id: uuid.UUID) -> list[Release]:
    """Releases of a dataset, the newest first."""
    return await _all(tx, Release, queries.list_releases, dataset_id=dataset_id)


async def recall_release(tx: Connection, dataset_id: uuid.UUID, no: int, reason: str) -> bool:
    """A release is no longer given out; whether it was until now."""
    return await execute(tx, queries.recall_release, dataset_id=dataset_id, no=no, reason=reason, now=now()) > 0


async def list_recalled_digests(tx: Connection, dataset_id: uuid.UUID) -> set[str]:
    """SHA-256 of everything that was recalled of a dataset."""
    rows = await (await tx.execute(queries.list_recalled_digests, {"dataset_id": dataset_id})).fetchall()
    return {str(row[0]) for row in rows}


async def list_to_remove(tx: Connection) -> list[Removal]:
    """Recalled releases whose bytes are still there."""
    return await _all(tx, Removal, queries.list_to_remove)


async def set_removed(tx: Connection, removal: Removal) -> None:
    """The bytes of a recalled release are gone."""
    await execute(tx, queries.set_removed, dataset_id=removal.dataset_id, no=removal.no, now=now())


async def put_refusal(tx: Connection, dataset_id: uuid.UUID, no: int, gate: GateReport) -> None:
    """The gate did not let version `no` out."""
    await execute(
        tx, queries.put_refusal, dataset_id=dataset_id, no=no, now=now(), gate=Jsonb(msgspec.to_builtins(gate))
    )


async def list_due(tx: Connection) -> list[str]:
    """Names of published datasets whose version in force waits to be released."""
    return [str(row[0]) for row in await (await tx.execute(queries.list_due)).fetchall()]


async def list_standings(tx: Connection, dataset_id: uuid.UUID | None = None) -> list[Standing]:
    """How every publication (or one) stands, the last proposed first; the caller narrows them to what may be seen."""
    return await _all(tx, Standing, queries.list_standings, dataset_id=dataset_id)


async def find_refusal(tx: Connection, dataset_id: uuid.UUID) -> GateReport | None:
    """Why the gate did not let the newest version out."""
    row = await (await tx.execute(queries.find_refusal, {"dataset_id": dataset_id})).fetchone()
    return msgspec.convert(row[0], GateReport) if row else None


async def list_downloads(tx: Connection, dataset_id: uuid.UUID, no: int, limit: int = 500) -> list[Download]:
    """Who took release `no`, the last first, at most `limit`."""
    return await _all(tx, Download, queries.list_downloads, dataset_id=dataset_id, no=no, limit=limit)


async def put_entry(tx: Connection, entry: Entry, sort: str, texts: tuple[str, str, str], folded: str) -> None:
    """What the catalogue says. `texts`: folded words by weight (title and name; keywords and agency; the rest)."""
    values = {n: getattr(entry, n) for n in entry.__struct_fields__ if n != "score"}
    values |= {"columns": Jsonb(msgspec.to_builtins(entry.columns)), "virtues": Jsonb(entry.virtues)}
    values["credit"] = Jsonb(msgspec.to_builtins(entry.credit)) if entry.credit else None
    first, second, third = texts
    found = {"sort": sort, "folded": folded, "first": first, "second": second, "third": third}
    await execute(tx, queries.put_entry, **values, **found)


async def delete_entry(tx: Connection, dataset_id: uuid.UUID) -> None:
    """The catalogue no longer names the dataset."""
    await execute(tx, queries.delete_entry, dataset_id=dataset_id)


async def set_score(tx: Connection, dataset_id: uuid.UUID, score: int) -> None:
    """Points of the MQA."""
    await execute(tx, queries.set_score, dataset_id=dataset_id, score=score)


async def find_entry(tx: Connection, name: str) -> Entry | None:
    """The entry of a published dataset."""
    found: Entry | None = await _one(tx, Entry, queries.find_entry, name=name)
    return found


async def find_tombstone(tx: Connection, name: str) -> Tombstone | None:
    """What is left of a dataset that was open once."""
    found: Tombstone | None = await _one(tx, Tombstone, queries.find_tombstone, name=name)
    return found


async def insert_download(tx: Connection, release: Release, fmt: str, agent: str) -> None:
    """Note that whoever acts took a release, and count the day's use."""
    who = acting()
    values = {"id": new_id(), "format": fmt, "party_id": who.party, "address": who.address, "agent": agent[:200]}
    await execute(tx, queries.insert_download, dataset_id=release.dataset_id, no=release.no, now=now(), **values)
    await execute(tx, queries.count_use, dataset_id=release.dataset_id, day=today())


async def forget_reads(tx: Connection, before: datetime) -> int:
    """Forget who read rows by a program on days before that of a moment; gives how many rows of the list that were."""
    return await execute(tx, queries.forget_reads, before=before)


async def forget_downloads(tx: Connection, before: datetime) -> int:
    """Forget who took what before a moment; gives how many."""
    return await execute(tx, queries.forget_downloads, before=before)
