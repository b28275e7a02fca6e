"""`nhip privacy`: the register, what is due, deleting it, the proof of a deletion."""

from __future__ import annotations

import uuid

import click

from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.privacy.desk import Desk, look
from nhip.privacy.processing import service as register_service
from nhip.privacy.processing.model import Gap, Processing
from nhip.privacy.retention import service as retention
from nhip.privacy.retention.model import Deletion, Plan, Proof
from nhip.privacy.retention.proof import prove
from nhip.settings import Settings

AS_JSON = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")


@click.group()
def privacy() -> None:
    """Personal data: the register of processing, what is due, deletion with proof."""


@privacy.command()
@AS_JSON
@click.pass_obj
def register(settings: Settings, wants_json: bool) -> int:
    """Print the register of processing. Exit 1 if a dataset with personal data is in no processing."""

    async def work(installation: Installation) -> tuple[list[Processing], list[Gap]]:
        async with installation.db.read() as tx:
            return await register_service.list_all(tx, ended=wants_json), await register_service.list_gaps(tx)

    processings, gaps = with_installation(settings, work)
    if wants_json:
        print_json({"processings": register_service.to_json(processings), "gaps": gaps})
    else:
        rows = ((p.name, p.title, p.shown_controller, len(p.datasets), p.review_on) for p in processings)
        print_table(("name", "title", "controller", "datasets", "next review"), rows)
        for gap in gaps:
            click.echo(f"{gap.dataset}: {', '.join(gap.columns)} (no processing)")
    return 1 if gaps else 0


@privacy.command()
@AS_JSON
@click.pass_obj
def due(settings: Settings, wants_json: bool) -> int:
    """Say which clocks of the law run. Exit 1 if one has run out."""

    async def work(installation: Installation) -> Desk:
        async with installation.db.read() as tx:
            return await look(tx)

    desk = with_installation(settings, work)
    if wants_json:
        print_json({"alarms": desk.alarms, "desk": desk})
    else:
        lines = [
            ("open requests", desk.requests.open),
            ("requests without a first answer in time", desk.requests.answer_overdue),
        ]
        lines += [("requests not done in time", desk.requests.overdue), ("breaches to be notified", desk.breaches)]
        lines += [("of these beyond 72 hours", desk.breaches_overdue), ("recipients to be told", desk.notices)]
        lines += [("impact assessments due", desk.reviews), ("datasets without processing", desk.gaps)]
        print_table(("what", "count"), [*lines, ("datasets with data due for deletion", desk.deletions)])
    return 1 if desk.alarms else 0


@privacy.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@AS_JSON
@click.pass_obj
def purge(settings: Settings, dry_run: bool, wants_json: bool) -> None:
    """Delete what is due by the retention rules; each deletion has a number for `nhip privacy proof`."""

    async def plans(installation: Installation) -> list[Plan]:
        async with installation.db.read() as tx:
            return await retention.list_plans(tx)

    async def delete(installation: Installation) -> list[Deletion]:
        return await retention.purge(installation)

    if dry_run:
        planned = with_installation(settings, plans)
        rows = [
            (p.rule.dataset, p.rule.months, len(p.versions), len(p.objects), "busy" if p.busy else "") for p in planned
        ]
        print_json(planned) if wants_json else print_table(("dataset", "months", "versions", "objects", ""), rows)
        return
    done = with_installation(settings, delete)
    if wants_json:
        print_json(done)
    else:
        print_table(
            ("proof", "dataset", "versions", "objects"), ((d.id, d.dataset, len(d.versions), d.objects) for d in done)
        )


@privacy.command()
@click.argument("number", type=click.UUID)
@AS_JSON
@click.pass_obj
def proof(settings: Settings, number: uuid.UUID, wants_json: bool) -> int:
    """Hold the deletion NUMBER against the ledger and the object store. Exit 1 if it is not proved."""

    async def work(installation: Installation) -> Proof:
        return await prove(installation, number)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
    else:
        for one in found.objects:
            state = "gone" if one.gone else "delivered again since" if one.here_again else "STILL HERE"
            click.echo(f"{state:22} {one.object}")
        told = (
            "the ledger names the same objects" if found.same_as_ledger else "the ledger does NOT name the same objects"
        )
        click.echo(f"event {found.seq}: {told}")
        click.echo("proved" if found.proved else "NOT PROVED")
    return 0 if found.proved else 1
