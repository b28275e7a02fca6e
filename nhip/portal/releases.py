"""Making the open form of a version: the treatment, then the gate, then an immutable Parquet object."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import msgspec

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import load
from nhip.datasets.engine import literal, session
from nhip.datasets.model import ROW
from nhip.datasets.personal import Protection, protection_of
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_contract
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.portal.gate.service import examine
from nhip.portal.model import GateReport, OpenColumn, Release, Treatment
from nhip.portal.treatment import open_columns, select_list, settled


class OpenTable(msgspec.Struct, frozen=True, kw_only=True):
    """A version after treatment, not yet let out: `file` is Parquet in the work folder, to be removed by whoever made it."""

    file: Path
    rows: int
    columns: list[OpenColumn]
    acts: Treatment
    report: GateReport


async def contract_of(tx: Connection, dataset: Dataset, version: Version) -> Contract | None:
    """The contract that a version was made with."""
    record = await find_contract(tx, dataset, version.contract_no)
    return load(record.yaml) if record else None


async def open_table(
    installation: Installation, version: Version, contract: Contract | None, treatment: Treatment
) -> OpenTable:
    """Treat a version and hold what comes out before the gate. Raises ColumnUnknown."""
    return await asyncio.to_thread(_open_table, installation, version, contract, treatment)


def _open_table(
    installation: Installation, version: Version, contract: Contract | None, treatment: Treatment
) -> OpenTable:
    kinds = {column["name"]: column["type"] for column in version.manifest["columns"]}
    acts = settled(treatment, kinds, protection_of(contract) if contract else Protection())
    columns = open_columns(acts, kinds, contract)
    installation.work.mkdir(parents=True, exist_ok=True)
    file = installation.work / f"open-{new_id()}.parquet"
    source = f"read_parquet({literal(str(installation.objects.path(version.object)))})"
    chosen = ", ".join(select_list(acts, kinds)) or "1 as nothing"
    with session(installation.settings) as con:
        con.execute(
            f"copy (select {chosen} from {source} order by {ROW}) to {literal(str(file))} (format parquet, compression zstd)"
        )
        report = examine(con, f"read_parquet({literal(str(file))})", columns, contract)
        row = con.execute(f"select count(*) from read_parquet({literal(str(file))})").fetchone()
    return OpenTable(file=file, rows=int(row[0]) if row else 0, columns=columns, acts=acts, report=report)


async def keep_release(installation: Installation, version: Version, table: OpenTable) -> Release:
    """Put the table into the object store under its digest; the row about it is the caller's."""
    return await asyncio.to_thread(_keep, installation, version, table)


def _keep(installation: Installation, version: Version, table: OpenTable) -> Release:
    with table.file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = f"open/{digest[:2]}/{digest}.parquet"
    installation.objects.put(name, table.file)
    return Release(
        dataset_id=version.dataset_id,
        no=version.no,
        object=name,
        digest=digest,
        row_count=table.rows,
        bytes=table.file.stat().st_size,
        columns=table.columns,
        gate=table.report,
        as_of=version.as_of,
        made_at=now(),
    )
