"""What may happen to the register: a processing is made, changed, ended; datasets that nobody registered are gaps."""

from __future__ import annotations

import re

import msgspec
import psycopg

from nhip.datasets.errors import DatasetNotFound
from nhip.datasets.personal import protection_in
from nhip.datasets.store import find_contract, get_dataset, list_datasets
from nhip.db import Connection
from nhip.kernel.actor import acting
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import today
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.errors import ProcessingNotFound, ProcessingRefused, ProcessingTaken
from nhip.privacy.policy import PolicyUnknown, basis_on
from nhip.privacy.processing import store
from nhip.privacy.processing.model import Edition, Entry, Gap, Processing
from nhip.security.parties.store import find_by_code

NAME = r"(?!new$)[a-z0-9][a-z0-9-]{0,98}"


async def list_for_dataset(tx: Connection, dataset_name: str) -> list[Processing]:
    """The processings in force that cover a dataset, in Vietnamese order."""
    return await store.list_processings(tx, dataset_name)


async def list_all(tx: Connection, *, ended: bool = False) -> list[Processing]:
    """The register in Vietnamese order."""
    return await store.list_processings(tx, ended=ended)


async def get(tx: Connection, name: str) -> Processing:
    """A processing by its name. Raises ProcessingNotFound."""
    found = await store.find_processing(tx, name)
    if found is None:
        raise ProcessingNotFound(name=name)
    return found


async def list_editions(tx: Connection, processing: Processing) -> list[Edition]:
    """Everything that a processing ever said, newest first."""
    return await store.list_editions(tx, processing.id)


async def register(tx: Connection, name: str, entry: Entry) -> Processing:
    """Put a processing into the register. Raises ProcessingTaken, ProcessingRefused, DatasetNotFound."""
    if not re.fullmatch(NAME, name):
        raise ProcessingRefused(what=_("its name must be small letters, digits and hyphens"))
    await _judge(tx, entry)
    made = new_id()
    try:
        async with tx.transaction():
            await store.insert_processing(tx, made, name, entry)
    except psycopg.errors.UniqueViolation as error:
        raise ProcessingTaken(name=name) from error
    await store.insert_edition(tx, made, 1, entry, who=acting().name, note="")
    await note(tx, Event(kind="processing.made", what=f"processing:{name}", data={"datasets": list(entry.datasets)}))
    return await get(tx, name)


async def change(tx: Connection, processing: Processing, entry: Entry, why: str = "") -> Processing:
    """Let a processing say `entry` from now on; the same again changes nothing. Raises as `register`, ProcessingNotFound."""
    await _judge(tx, entry)
    no = await store.lock_processing(tx, processing.id)
    if no is None:
        raise ProcessingNotFound(name=processing.name)
    before = entry_of(await get(tx, processing.name))
    changed = [field for field in Entry.__struct_fields__ if getattr(before, field) != getattr(entry, field)]
    if not changed:
        return await get(tx, processing.name)
    await store.insert_edition(tx, processing.id, no + 1, entry, who=acting().name, note=why)
    await store.point_processing(tx, processing.id, no + 1, entry)
    told = {"fields": changed, "edition": no + 1}
    await note(tx, Event(kind="processing.changed", what=f"processing:{processing.name}", why=why, data=told))
    return await get(tx, processing.name)


async def end(tx: Connection, processing: Processing, why: str = "") -> None:
    """The processing is done no more; it stays in the register as ended."""
    if await store.end_processing(tx, processing.id):
        await note(tx, Event(kind="processing.ended", what=f"processing:{processing.name}", why=why))


def entry_of(processing: Processing) -> Entry:
    """What it says, without what the register adds."""
    return Entry(**{name: getattr(processing, name) for name in Entry.__struct_fields__})


async def _judge(tx: Connection, entry: Entry) -> None:
    if not entry.legal_basis:
        raise ProcessingRefused(what=_("it needs at least one legal basis"))
    for basis in entry.legal_basis:
        try:
            basis_on(basis.basis, today())
        except PolicyUnknown as error:
            raise ProcessingRefused(what=_("its legal basis is not one of the law's")) from error
    if await find_by_code(tx, entry.controller) is None:
        raise ProcessingRefused(what=_("the organisation that controls it is not known here"))
    for dataset in entry.datasets:
        await get_dataset(tx, dataset)


async def list_gaps(tx: Connection) -> list[Gap]:
    """Datasets whose contract has personal columns but no processing, in Vietnamese order."""
    covered = {name for processing in await store.list_processings(tx) for name in processing.datasets}
    found = []
    for dataset in await list_datasets(tx):
        columns = () if dataset.name in covered else await personal_columns(tx, dataset.name)
        if columns:
            found.append(Gap(dataset.name, dataset.title, dataset.agency_name, columns))
    return found


async def personal_columns(tx: Connection, dataset_name: str) -> tuple[str, ...]:
    """Names of the columns that hold personal data by a dataset's contract in force; none without a contract."""
    try:
        record = await find_contract(tx, await get_dataset(tx, dataset_name))
    except DatasetNotFound:
        return ()
    return tuple(sorted(protection_in(record.yaml).private)) if record else ()


def to_json(processings: list[Processing]) -> list[dict[str, object]]:
    """The register for programs: one object a processing, dates in ISO 8601."""
    return [msgspec.to_builtins(processing) for processing in processings]
