"""Making the open form of a version: the treatment, then the gate, then an immutable Parquet object."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
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
from nhip.kernel.time import now, today
from nhip.portal.gate.service import examine, people_in
from nhip.portal.model import WHOLE, GateReport, OpenColumn, Release, Shaping, Treatment
from nhip.portal.shaping import require_columns, shaped, shaped_columns, weight_of
from nhip.portal.treatment import fields_of, open_columns, select_list, settled


class OpenTable(msgspec.Struct, frozen=True, kw_only=True):
    """A version after treatment, not yet let out: `file` is Parquet in the work folder, to be removed by whoever made it."""

    file: Path
    rows: int
    columns: list[OpenColumn]
    acts: Treatment
    report: GateReport
    shaping: Shaping


async def contract_of(tx: Connection, dataset: Dataset, version: Version) -> Contract | None:
    """The contract that a version was made with."""
    record = await find_contract(tx, dataset, version.contract_no)
    return load(record.yaml) if record else None


async def open_table(
    installation: Installation,
    version: Version,
    contract: Contract | None,
    treatment: Treatment,
    shaping: Shaping = WHOLE,
    former: Release | None = None,
) -> OpenTable:
    """Treat a version and hold what comes out before the gate, beside the release open until now. Raises ColumnUnknown."""
    before = parquet_of(installation, former.object) if former else ""
    return await asyncio.to_thread(_open_table, installation, version, contract, treatment, shaping, before)


def source_of(installation: Installation, version: Version) -> str:
    """SQL of a version as a table."""
    return parquet_of(installation, version.object)


def parquet_of(installation: Installation, name: str) -> str:
    """SQL of a Parquet object as a table."""
    return f"read_parquet({literal(str(installation.objects.path(name)))})"


def _open_table(
    installation: Installation,
    version: Version,
    contract: Contract | None,
    treatment: Treatment,
    shaping: Shaping,
    former: str,
) -> OpenTable:
    kinds = {column["name"]: column["type"] for column in version.manifest["columns"]}
    protection = protection_of(contract) if contract else Protection()
    acts = settled(treatment, kinds, protection)
    columns, fields = open_columns(acts, kinds, contract), fields_of(kinds, contract)
    require_columns(shaping, columns)
    installation.work.mkdir(parents=True, exist_ok=True)
    file = installation.work / f"open-{new_id()}.parquet"
    chosen = ", ".join([ROW, *select_list(acts, kinds)])
    treated = f"(select {chosen} from {source_of(installation, version)})"
    with session(installation.settings) as con:
        quasi: list[str] = []
        if shaping.fewest and not shaping.by:
            quasi = people_in(con, treated, columns, fields, protection, contract, shaping).of("quasi")
        query = shaped(treated, shaping, columns, quasi, ROW)
        con.execute(f"copy ({query}) to {literal(str(file))} (format parquet, compression zstd)")
        made, whole = shaped_columns(shaping, columns), f"read_parquet({literal(str(file))})"
        report = examine(con, whole, made, contract, fields, shaping, weight_of(shaping), former)
        row = con.execute(f"select count(*) from {whole}").fetchone()
    rows = int(row[0]) if row else 0
    return OpenTable(file=file, rows=rows, columns=made, acts=acts, report=report, shaping=shaping)


async def keep_release(
    installation: Installation, version: Version, table: OpenTable, but: Collection[str] = ()
) -> Release | None:
    """Put the table into the object store under its digest, unless that is among `but`; the row about it is the caller's."""
    return await asyncio.to_thread(_keep, installation, version, table, but)


def remove_release(installation: Installation, name: str) -> None:
    """Delete the bytes of a recalled release for good, and the files that were made from them."""
    installation.objects.remove(name, today(), "recall")
    for file in (installation.work / "geojson").glob(f"*-{Path(name).stem[:32]}.geojson"):
        file.unlink(missing_ok=True)


def _keep(installation: Installation, version: Version, table: OpenTable, but: Collection[str]) -> Release | None:
    with table.file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest in but:
        return None
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
