"""What sectors bring into an installation: their agencies, datasets and contracts, and their demo deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.contract.yaml import load
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.store import get_dataset, list_agencies
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.sector import DatasetPlan, Sector


def folder_of(sector: Sector) -> Path:
    """Folder of the sector's package."""
    return Path(str(import_module(sector.package).__file__)).parent


async def prepare_sectors(installation: Installation, sectors: Sequence[Sector]) -> None:
    """Make the agencies and datasets that the sectors plan, and put their contracts in force where there is none yet."""
    async with installation.db.tx() as tx:
        for sector in sectors:
            for plan in sector.datasets:
                await _prepare(tx, sector, plan)


async def _prepare(tx: Connection, sector: Sector, plan: DatasetPlan) -> None:
    known = {agency.code for agency in await list_agencies(tx)}
    if plan.agency_code not in known:
        await put_agency(tx, plan.agency_code, plan.agency_name)
    yaml = (folder_of(sector) / "contracts" / plan.contract).read_text(encoding="utf-8")
    title = load(yaml).title or sector.title
    dataset = await put_dataset(tx, plan.name, plan.agency_code, title, theme=plan.theme)
    if dataset.contract_no is None:
        await put_contract(tx, dataset, yaml, who=f"sector {sector.name}")


async def deliver_demo(installation: Installation, sector: Sector) -> int:
    """Deliver the demo file of each dataset and work it through; gives how many deliveries there were."""
    count = 0
    for plan in sector.datasets:
        if not plan.demo:
            continue
        async with installation.db.read() as tx:
            dataset = await get_dataset(tx, plan.name)
        file = folder_of(sector) / "demo" / plan.demo
        who = f"nhip sector demo {sector.name}"
        receipt = await receive(installation, dataset.id, file, filename=file.name, who=who, later=False)
        await process(installation, receipt.delivery.id)
        count += 1
    return count
