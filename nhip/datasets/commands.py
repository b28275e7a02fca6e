"""Commands on agencies, datasets and their versions: `nhip sync`, `nhip dataset …`, `nhip agency …`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from nhip.datasets import catalogue, versions
from nhip.datasets.contract.yaml import load as load_contract
from nhip.datasets.deliveries import receive, work_again
from nhip.datasets.errors import BadAgency, StepFailed
from nhip.datasets.health import NAMES, get_city_health
from nhip.datasets.pipeline import process, resume
from nhip.datasets.publish import Outcome
from nhip.datasets.sources import run
from nhip.datasets.store import (
    find_version_in_force,
    get_dataset,
    get_source,
    list_agencies,
    list_deliveries,
    list_sources,
    list_versions,
)
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, progress, with_installation
from nhip.errors import NhipError
from nhip.files import text_of
from nhip.kernel.time import VIETNAM
from nhip.settings import Settings
from nhip.web.i18n import catalogue as catalogue_of

as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--again", is_flag=True, help="Also work the last deliveries through again from their raw bytes.")
@as_json
@click.pass_obj
def sync(settings: Settings, names: tuple[str, ...], again: bool, wants_json: bool) -> int:
    """Fetch from the named sources (or all) and work through what arrived."""

    async def work(installation: Installation) -> list[dict[str, Any]]:
        async with installation.db.read() as tx:
            chosen = [await get_source(tx, n) for n in names] or await list_sources(tx)
        report = [outcome_row("", o) for o in await resume(installation)]
        with progress() as shown:
            task = shown.add_task("sync", total=len(chosen))
            for source in chosen:
                shown.update(task, description=source.name)
                report += await _sync_one(installation, source, again)
                shown.advance(task)
        return report

    rows = with_installation(settings, work)
    if wants_json:
        print_json(rows)
    else:
        columns = ("source", "state", "version", "rows", "findings", "problem")
        print_table(columns, ([row.get(c) for c in columns] for row in rows))
    return 1 if any(row["problem"] for row in rows) else 0


async def _sync_one(installation: Installation, source: Any, again: bool) -> list[dict[str, Any]]:
    ran = await run(installation, source, later=False)
    for note in ran.notes:
        click.echo(f"{source.name}: {note}", err=True)
    rows = [] if not ran.problem else [{"source": source.name, "state": "failed", "problem": ran.problem}]
    complain(ran.errors)
    for receipt in ran.receipts:
        try:
            outcome = None if receipt.unchanged else await process(installation, receipt.delivery.id)
        except StepFailed as error:  # our own fault with one delivery; the other sources go on
            outcome = Outcome(receipt.delivery.id, "failed", None, error.message(), error)
        complain([outcome.error] if outcome and outcome.error else [])
        rows.append(outcome_row(source.name, outcome))
    if again and source.dataset_id is not None:
        async with installation.db.read() as tx:
            dataset = await get_dataset(tx, source.dataset_id)
        last = await work_again(installation, dataset, later=False)
        rows += [outcome_row(source.name, await process(installation, last.id))] if last else []
    return rows or [{"source": source.name, "state": "unchanged", "problem": ""}]


def complain(errors: Iterable[NhipError]) -> None:
    """Say on standard error what went wrong, in Vietnamese and in English, as it is not known who reads."""
    for error in errors:
        click.echo(f"{error.message(catalogue_of('vi').gettext)}\n{error.message()}", err=True)


def outcome_row(source: str, outcome: Outcome | None) -> dict[str, Any]:
    """An outcome as a flat row for people and scripts."""
    if outcome is None:
        return {"source": source, "state": "unchanged", "problem": ""}
    version = outcome.version
    return {
        "source": source,
        "delivery": str(outcome.delivery_id),
        "state": outcome.state,
        "version": version.no if version else None,
        "rows": version.row_count if version else None,
        "findings": version.finding_count if version else None,
        "problem": outcome.problem,
    }


@click.group()
def agency() -> None:
    """The organisations that hold data."""


@agency.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--name-en", default="", help="English name.")
@click.pass_obj
def agency_add(settings: Settings, code: str, name: str, name_en: str) -> None:
    """Make the agency CODE (Circular 24/2011 form, e.g. 000.00.14.H57), or change its name."""
    if not re.fullmatch(r"[\w.\-]{1,60}", code) or not 0 < len(name.strip()) <= 200 or len(name_en) > 200:
        raise BadAgency

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            await catalogue.put_agency(tx, code, name, name_en)

    with_installation(settings, work)
    click.echo(f"{code}: {name}")


@agency.command("list")
@as_json
@click.pass_obj
def agency_list(settings: Settings, wants_json: bool) -> None:
    """All agencies."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            return await list_agencies(tx)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
    else:
        print_table(("code", "name"), ((a.code, a.name) for a in found))


@click.group()
def dataset() -> None:
    """Governed tables: list, show, versions, differences, restoring."""


@dataset.command("add")
@click.argument("name")
@click.option("--agency", "agency_code", required=True, help="Code of the agency that owns it.")
@click.option("--title", required=True, help="Vietnamese title.")
@click.option("--title-en", default="", help="English title.")
@click.option("--contract", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="ODCS 3.1 YAML.")
@click.pass_obj
def dataset_add(
    settings: Settings, name: str, agency_code: str, title: str, title_en: str, contract: Path | None
) -> None:
    """Make the dataset NAME; with --contract, put that contract in force."""
    text = text_of(contract) if contract else ""
    if text:
        load_contract(text)

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            made = await catalogue.put_dataset(tx, name, agency_code, title, title_en=title_en)
            if text:
                await catalogue.put_contract(tx, made, text, who="nhip dataset add")

    with_installation(settings, work)
    click.echo(name)


@dataset.command("deliver")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@click.pass_obj
def dataset_deliver(settings: Settings, name: str, file: Path, wants_json: bool) -> int:
    """Deliver FILE to the dataset NAME by hand and work it through."""

    async def work(installation: Installation) -> dict[str, Any]:
        async with installation.db.read() as tx:
            found = await get_dataset(tx, name)
        options = {"filename": file.name, "who": "nhip dataset deliver"}
        receipt = await receive(installation, found.id, file, later=False, **options)
        outcome = None if receipt.unchanged else await process(installation, receipt.delivery.id)
        complain([outcome.error] if outcome and outcome.error else [])
        return outcome_row(name, outcome)

    row = with_installation(settings, work)
    print_json(row) if wants_json else print_table(row, [row.values()])
    return 2 if row["problem"] else 0


@dataset.command("again")
@click.argument("name")
@as_json
@click.pass_obj
def dataset_again(settings: Settings, name: str, wants_json: bool) -> int:
    """Work the last delivery of NAME through again from its raw bytes (after a better contract)."""

    async def work(installation: Installation) -> dict[str, Any]:
        async with installation.db.read() as tx:
            found = await get_dataset(tx, name)
        last = await work_again(installation, found, later=False, failed_too=True)
        return outcome_row(name, await process(installation, last.id) if last else None)

    row = with_installation(settings, work)
    print_json(row) if wants_json else print_table(row, [row.values()])
    return 2 if row["problem"] else 0


@dataset.command("list")
@click.option("--agency", "agency_code", default=None, help="Only those of this agency (code).")
@as_json
@click.pass_obj
def dataset_list(settings: Settings, agency_code: str | None, wants_json: bool) -> None:
    """All datasets with their version in force and their virtues."""

    async def work(installation: Installation) -> list[dict[str, Any]]:
        async with installation.db.read() as tx:
            health = await get_city_health(tx)
        rows = []
        for item in health.datasets:
            if agency_code in (None, item.dataset.agency_code):
                scores = {n: _rounded(getattr(item.virtues, n, None)) for n in NAMES}
                size = item.version.row_count if item.version else None
                rows.append({"name": item.dataset.name, "version": item.dataset.version_no, "rows": size, **scores})
        return rows

    rows = with_installation(settings, work)
    columns = ("name", "version", "rows", *NAMES)
    print_json(rows) if wants_json else print_table(columns, ([r[c] for c in columns] for r in rows))


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 1)


@dataset.command("show")
@click.argument("name")
@as_json
@click.pass_obj
def dataset_show(settings: Settings, name: str, wants_json: bool) -> None:
    """A dataset: its version in force, its columns, its last deliveries."""

    async def work(installation: Installation) -> dict[str, Any]:
        async with installation.db.read() as tx:
            found = await get_dataset(tx, name)
            version = await find_version_in_force(tx, found)
            return {"dataset": found, "version": version, "deliveries": await list_deliveries(tx, found, 10)}

    shown = with_installation(settings, work)
    if wants_json:
        print_json(shown)
        return
    found, version = shown["dataset"], shown["version"]
    click.echo(f"{found.title}\n{found.agency_name} · {found.name}")
    if version:
        click.echo(f"version {version.no} · {version.row_count} rows · {version.finding_count} findings")
        print_table(("column", "type"), ((c["name"], c["type"]) for c in version.manifest["columns"]))
    columns = ("received", "state", "file", "sha256")
    print_table(columns, ((_when(d.received_at), d.state, d.filename, d.sha256[:12]) for d in shown["deliveries"]))
    for last in shown["deliveries"][:1]:
        for problem in (last.decoded or {}).get("problems", []):
            say = catalogue_of(settings.language).gettext
            click.echo(f"! {say(problem['message']).format(**problem['values'])}")


@dataset.command("versions")
@click.argument("name")
@as_json
@click.pass_obj
def dataset_versions(settings: Settings, name: str, wants_json: bool) -> None:
    """All versions, newest first."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            return await list_versions(tx, await get_dataset(tx, name))

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    columns = ("no", "made", "rows", "quarantined", "findings", "mended", "restored from")
    rows = (
        (v.no, _when(v.made_at), v.row_count, v.quarantined, v.finding_count, v.mended_count, v.restored_from)
        for v in found
    )
    print_table(columns, rows)


@dataset.command("diff")
@click.argument("name")
@click.argument("since", type=int)
@click.argument("to", type=int, required=False)
@click.option("--most", default=20, help="Most rows to print; the counts are complete.")
@as_json
@click.pass_obj
def dataset_diff(settings: Settings, name: str, since: int, to: int | None, most: int, wants_json: bool) -> int:
    """Rows added, changed and removed from version SINCE to TO (default: the one in force). Exit 1 if there are any."""

    async def work(installation: Installation) -> versions.Difference:
        async with installation.db.read() as tx:
            found = await get_dataset(tx, name)
        return await versions.diff(installation, found, since, to, most)

    difference = with_installation(settings, work)
    if wants_json:
        print_json(difference)
    else:
        click.echo(f"+{difference.added}  ~{difference.changed}  -{difference.removed}")
        print_table(
            ("change", "key", "before", "after"), ((r.change, r.key, r.before, r.after) for r in difference.rows)
        )
    return 1 if difference.rows else 0


@dataset.command("restore")
@click.argument("name")
@click.argument("no", type=int)
@click.pass_obj
def dataset_restore(settings: Settings, name: str, no: int) -> None:
    """Put version NO in force again, as a new version."""

    async def work(installation: Installation) -> int:
        async with installation.db.read() as tx:
            found = await get_dataset(tx, name)
        return (await versions.restore(installation, found, no, "nhip dataset restore")).no

    click.echo(f"{name}: version {with_installation(settings, work)} is in force")


def _when(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")
