"""What a contract would find in the data that are here, before it is put in force. Nothing is kept."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import msgspec

from nhip.datasets.assess import Assessment
from nhip.datasets.chain import list_chain
from nhip.datasets.contract.yaml import load
from nhip.datasets.deliveries import raw_name
from nhip.datasets.errors import NoVersionYet
from nhip.datasets.findings import Finding, FindingGroup, groups_of, read_findings
from nhip.datasets.model import Virtues
from nhip.datasets.personal import Sight, draft_sight
from nhip.datasets.records import ContractRecord, Dataset, DeliveryRecord
from nhip.datasets.store import find_contract, find_version_in_force, list_corrections, queries
from nhip.datasets.virtues import scores
from nhip.datasets.work import Work, work_through
from nhip.db.installation import Installation
from nhip.db.query import fetch_one
from nhip.kernel.time import now


class Preview(msgspec.Struct, frozen=True):
    """What the draft finds in the last delivery that could be read."""

    rows: int
    findings: int
    quarantined: int
    virtues: Virtues
    groups: list[FindingGroup]
    examples: list[Finding]


async def preview(installation: Installation, dataset: Dataset, yaml: str) -> Preview:
    """Work the dataset's last delivery through with the contract `yaml`, in a folder that is thrown away. Nothing personal is
    shown, by neither the draft nor the contract in force.

    Raises the contract's own errors, NoVersionYet when nothing was delivered, and whatever makes the delivery unusable.
    """
    load(yaml)
    async with installation.db.read() as tx:
        delivery = await fetch_one(tx, DeliveryRecord, queries.find_last_usable, dataset_id=dataset.id)
        if delivery is None:
            raise NoVersionYet(name=dataset.name)
        chain = await list_chain(tx, delivery)
        current = await find_version_in_force(tx, dataset)
        corrections = await list_corrections(tx, dataset)
        in_force = await find_contract(tx, dataset)
    sight = draft_sight(yaml, in_force.yaml if in_force else "", dataset.name)
    draft = ContractRecord(dataset_id=dataset.id, no=0, yaml=yaml, digest="", note="", made_at=now(), made_by="")
    installation.work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="preview-", dir=installation.work))
    try:
        work = Work(
            settings=installation.settings,
            folder=folder,
            raw=installation.objects.path(raw_name(delivery.sha256)),
            dataset=dataset,
            delivery=delivery,
            before=chain[:-1],
            contract=draft,
            previous=current,
            previous_path=None,
            corrections=corrections,
            references={},
            find=installation.objects.path,
        )
        return await asyncio.to_thread(_look, installation, work, sight)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _look(installation: Installation, work: Work, sight: Sight) -> Preview:
    products = work_through(work, lambda _step: None)
    assessment: Assessment = products.assessment
    path = assessment.findings_path
    return Preview(
        rows=assessment.rows,
        findings=assessment.findings,
        quarantined=assessment.quarantined,
        virtues=scores(assessment.tally),
        groups=groups_of(installation.settings, path, sight),
        examples=read_findings(installation.settings, path, sight, {}, 0, 20).findings,
    )
