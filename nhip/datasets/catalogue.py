"""Agencies, datasets and their contracts: making them and changing them."""

from __future__ import annotations

import hashlib
import re

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import load as load_contract
from nhip.datasets.errors import BadName
from nhip.datasets.happened import happened
from nhip.datasets.records import Agency, ContractRecord, Dataset
from nhip.datasets.store import find_contract, get_agency, get_dataset, queries
from nhip.db import Connection
from nhip.db.query import execute, fetch_one
from nhip.kernel.ids import new_id
from nhip.kernel.text import canonical, sort_key
from nhip.kernel.time import now
from nhip.security.parties.store import find_by_code, put_organisation

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,98}")


async def put_agency(tx: Connection, code: str, name: str, name_en: str = "") -> Agency:
    """Make the agency `code`, or change its names; it is an organisation among the parties too."""
    names = {"name": canonical(name), "name_en": name_en}
    known = await find_by_code(tx, code)
    party = await put_organisation(tx, new_id(), code, **names)
    agency = await fetch_one(tx, Agency, queries.put_agency, id=party.id, code=code, sort=sort_key(name), **names)
    assert agency is not None
    await happened(tx, "agency.changed" if known else "agency.made", f"agency:{code}")
    return agency


async def put_dataset(
    tx: Connection,
    name: str,
    agency_code: str,
    title: str,
    *,
    title_en: str = "",
    description: str = "",
    theme: str = "",
) -> Dataset:
    """Make the dataset `name`, or give the one that has the name. Raises BadName, AgencyNotFound."""
    if not _NAME.fullmatch(name):
        raise BadName(name=name)
    agency = await get_agency(tx, agency_code)
    texts = {"title": canonical(title), "title_en": title_en, "description": description, "theme": theme}
    values = {"id": new_id(), "name": name, "agency_id": agency.id, "sort": sort_key(title), "made_at": now()}
    if await execute(tx, queries.insert_dataset, **values, **texts):
        await happened(tx, "dataset.made", f"dataset:{name}", agency=agency_code)
    return await get_dataset(tx, name)


async def put_contract(tx: Connection, dataset: Dataset, yaml: str, *, who: str, note: str = "") -> ContractRecord:
    """Put `yaml` (ODCS 3.1) in force as the dataset's contract; the same text again changes nothing.

    Raises the contract's own errors when the text cannot be used.
    """
    contract = load_contract(yaml)
    await tx.execute(queries.lock_dataset, {"id": dataset.id})
    dataset = await get_dataset(tx, dataset.id)
    digest = hashlib.sha256(yaml.encode()).hexdigest()
    current = await find_contract(tx, dataset)
    if current is not None and current.digest == digest:
        return current
    no = (current.no if current else 0) + 1
    made = {"dataset_id": dataset.id, "no": no, "yaml": yaml, "digest": digest, "note": note}
    await execute(tx, queries.insert_contract, **made, made_at=now(), made_by=who)
    await _describe(tx, dataset, contract, no)
    await happened(tx, "contract.changed", f"dataset:{dataset.name}", no=no, digest=digest)
    record = await find_contract(tx, await get_dataset(tx, dataset.id))
    assert record is not None
    return record


async def _describe(tx: Connection, dataset: Dataset, contract: Contract, no: int) -> None:
    title = contract.title or dataset.title
    texts = {"title": title, "title_en": contract.title_en or dataset.title_en, "sort": sort_key(title)}
    description = contract.description or dataset.description
    await execute(tx, queries.point_contract, id=dataset.id, no=no, description=description, **texts)
