"""Publishing: one transaction that adds the version, moves the pointer, measures the virtues and raises alerts."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import msgspec

from nhip.datasets.catalogue import put_contract
from nhip.datasets.deliveries import sha256_of
from nhip.datasets.happened import happened
from nhip.datasets.health import record_virtues
from nhip.datasets.model import Problem
from nhip.datasets.records import Version
from nhip.datasets.store import find_version_in_force, get_dataset, get_version, move_delivery, queries
from nhip.datasets.versions import insert_version
from nhip.datasets.work import Products, Work
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.db.query import Jsonb, execute
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.time import now

_LONGEST = 500


class Outcome(msgspec.Struct, frozen=True):
    """How a delivery ended: its state (`published`, `unchanged`, `failed`), the version it made, the reason of a failure
    (`problem`: in English, `error`: to be said in any language)."""

    delivery_id: uuid.UUID
    state: str
    version: Version | None
    problem: str = ""
    error: NhipError | None = None


def object_name(file: Path) -> str:
    """Name of a result in the object store: its SHA-256."""
    digest = sha256_of(file)
    return f"version/{digest[:2]}/{digest}{file.suffix}"


def store_products(installation: Installation, products: Products) -> dict[str, str]:
    """Put the results into the object store and give their names by role; killed here, the same bytes are put again later."""
    names = {}
    for role, file in products.files().items():
        names[role] = object_name(file)
        installation.objects.put(names[role], file)
    return names


async def publish(installation: Installation, work: Work, products: Products, names: dict[str, str]) -> Outcome:
    """Make `products` the version in force, unless it equals the one in force; all or nothing."""
    async with installation.db.tx() as tx:
        await tx.execute(queries.lock_dataset, {"id": work.dataset.id})
        dataset = await get_dataset(tx, work.dataset.id)
        contract_no = dataset.contract_no
        if products.drafted_yaml and contract_no is None:
            note = _("drafted from the first delivery")
            contract_no = (await put_contract(tx, dataset, products.drafted_yaml, who="nhip", note=note)).no
        assert contract_no is not None
        version = _version(work, products, names, contract_no)
        current = await find_version_in_force(tx, dataset)
        state = "unchanged" if current is not None and _same(current, version) else "published"
        if state == "published":
            no = await insert_version(tx, version)
            await execute(tx, queries.point_version, id=dataset.id, no=no)
            current = await get_version(tx, dataset, no)
            told = {"no": no, "rows": version.row_count, "digest": version.digest, "delivery": str(work.delivery.id)}
            await happened(tx, "version.published", f"dataset:{dataset.name}", **told)
        assert current is not None
        await record_virtues(tx, dataset, current, products.facts)
        mine = current.delivery_id == work.delivery.id
        await move_delivery(
            tx,
            work.delivery.id,
            "published" if mine else state,
            now(),
            seen=work.delivery.state_at,
            decoded=Jsonb(_decoded(products)),
        )
        await announce(tx, "datasets")
        return Outcome(work.delivery.id, state, current)


def _same(current: Version, version: Version) -> bool:
    """Equal rows, findings and contract; the time of the delivery alone makes no new version."""
    return (current.digest, current.contract_no, current.by_rule, current.quarantined) == (
        version.digest,
        version.contract_no,
        version.by_rule,
        version.quarantined,
    )


def _version(work: Work, products: Products, names: dict[str, str], contract_no: int) -> Version:
    assessment = products.assessment
    return Version(
        dataset_id=work.dataset.id,
        no=0,
        delivery_id=work.delivery.id,
        contract_no=contract_no,
        digest=names["version"].rsplit("/", 1)[-1].split(".")[0],
        object=names["version"],
        row_count=assessment.rows - assessment.quarantined,
        quarantined=assessment.quarantined,
        finding_count=assessment.findings,
        mended_count=assessment.mended,
        by_rule=assessment.by_rule,
        manifest=_manifest(work, products, names),
        as_of=work.delivery.as_of,
        made_at=now(),
        made_by=work.delivery.received_by,
        restored_from=None,
    )


def _manifest(work: Work, products: Products, names: dict[str, str]) -> dict[str, Any]:
    """What the version was made from and what lies beside it, enough to make it again from the raw bytes."""
    return {
        "raw_sha256": work.delivery.sha256,
        "filename": work.delivery.filename,
        "objects": names,
        "key": list(products.contract.key),
        "columns": products.columns,
        "delivered": products.delivered,
        "titles": {f.name: [f.title, f.title_en] for f in products.contract.fields},
        "mended": products.assessment.mended_by_rule,
        "table": products.table.name,
        "corrections": len(work.corrections),
        "facts": products.facts,
    }


def _decoded(products: Products) -> dict[str, Any]:
    """What decoding found, for people: format, encodings, structure, problems."""
    return {
        "format": products.decoded.format,
        "encoding": products.decoded.encoding,
        "table": products.table.name,
        "sheet": products.table.sheet,
        "header_rows": products.table.header_rows,
        "encodings": {c.name: c.encoding for c in products.table.columns if c.encoding != "utf-8"},
        "lost": {c.name: c.lost for c in products.table.columns if c.lost},
        "problems": msgspec.to_builtins([*products.decoded.problems, *_others(products)]),
    }


def _others(products: Products) -> list[Problem]:
    """What to tell of further tables of the file: a dataset is one of them."""
    others = [
        t.name for t in products.decoded.tables if t is not products.table and t.name != products.table.name and t.rows
    ]
    if not others:
        return []
    message = _(
        "The file has {count} more tables, which are not part of this dataset: {tables}. To take one of them too, make a dataset "
        "for it whose contract names that table."
    )
    values = {"count": str(len(others)), "tables": ", ".join(others)[:_LONGEST]}
    return [Problem(code="table.others", message=message, values=values)]
