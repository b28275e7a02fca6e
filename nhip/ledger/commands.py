"""The command `nhip ledger`: verify, list, heads, proofs, keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, progress, with_installation
from nhip.kernel.time import VIETNAM
from nhip.ledger import store
from nhip.ledger.checkpoint import note_of
from nhip.ledger.faults import KINDS
from nhip.ledger.heads import change_key, sign_head
from nhip.ledger.model import Event, Row
from nhip.ledger.reading import get_head, get_proof
from nhip.ledger.service import microseconds, record
from nhip.ledger.verify import Report
from nhip.ledger.verify import verify as verify_all
from nhip.settings import Settings

as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def ledger() -> None:
    """What happened: verify that nothing was changed, list events, prove one."""


@ledger.command()
@click.option("--heads", type=FILE, help="Your own copy of the heads file, instead of that of the installation.")
@click.option("--keys", type=FILE, help="Your own copy of the public keys, instead of that of the installation.")
@as_json
@click.pass_obj
def verify(settings: Settings, heads: Path | None, keys: Path | None, wants_json: bool) -> int:
    """Go through every event, hash, signature and tree head. Exit 1 if anything was changed."""

    async def work(installation: Installation) -> Report:
        with progress() as display:
            task = display.add_task("ledger")
            report = await verify_all(
                installation.db,
                settings,
                heads=heads,
                keys=keys,
                shown=lambda done, total: display.update(task, completed=done, total=total),
            )
        if report.ok:  # into a broken ledger nothing is written, so that it stays as it was found
            told = {"events": report.events, "heads": report.heads, "root": report.root.hex()}
            await record(installation.db, Event(kind="ledger.verified", what="ledger:all", data=told))
        return report

    report = with_installation(settings, work)
    if wants_json:
        print_json(report.plain())
    else:
        print_table(("from event", "what", "detail"), ((f.seq, KINDS[f.kind], f.detail()) for f in report.faults))
        state = "nothing was changed" if report.ok else f"{len(report.faults)} faults"
        click.echo(f"{report.events:,} events, {report.heads:,} tree heads: {state} ({report.rows_per_s:,} rows/s)")
    return 0 if report.ok else 1


@ledger.command("list")
@click.option("--kind", help="Only events of this kind (`version.restored`).")
@click.option("--what", help="Only about this object (`dataset:tram-xe-buyt`).")
@click.option("--actor", help="Only by this party (its id).")
@click.option("--since", type=click.DateTime(), help="Only from this moment on (Vietnamese time).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@as_json
@click.pass_obj
def list_(settings: Settings, /, since: datetime | None, wants_json: bool, **asked: Any) -> None:
    """The newest events, the newest first."""

    async def work(installation: Installation) -> list[Row]:
        async with installation.db.read() as tx:
            if since is None:
                return await store.list_rows(tx, **asked)
            first = await store.find_since(tx, microseconds(since.replace(tzinfo=VIETNAM)))
            return [] if first is None else await store.list_rows(tx, from_seq=first, **asked)

    rows = with_installation(settings, work)
    if wants_json:
        print_json([{"seq": row.seq, "leaf": row.leaf.hex(), "body": row.body} for row in rows])
    else:
        columns = ("seq", "at", "kind", "what", "who", "organisation", "via", "why")
        print_table(columns, (_cells(row) for row in rows))


def _cells(row: Row) -> tuple[Any, ...]:
    body, who = row.body, row.body.actor
    at = body.moment.astimezone(VIETNAM).isoformat(" ", "seconds")
    return row.seq, at, body.kind, body.what, who.name, who.organisation, who.via, body.why


@ledger.command()
@click.option("--now", "make", is_flag=True, help="Sign the events that came since the last head first.")
@click.pass_obj
def head(settings: Settings, make: bool) -> None:
    """The newest signed tree head: keep a copy of it where nobody of this installation can write."""

    async def work(installation: Installation) -> str:
        if make:
            await sign_head(installation.db, settings)
        async with installation.db.read() as tx:
            return note_of((await store.get_tip(tx)).origin, await get_head(tx))

    click.echo(with_installation(settings, work), nl=False)


@ledger.command()
@click.argument("seq", type=click.IntRange(min=0))
@click.option("--size", type=click.IntRange(min=1), help="In the tree of so many events (default: the newest signed).")
@click.pass_obj
def proof(settings: Settings, seq: int, size: int | None) -> None:
    """Prove that event SEQ is in the ledger: JSON with its body, the path and the signed tree head."""

    async def work(installation: Installation) -> dict[str, Any]:
        async with installation.db.read() as tx:
            return await get_proof(tx, seq, size)

    print_json(with_installation(settings, work))


@ledger.command("change-key")
@click.pass_obj
def change_key_(settings: Settings) -> None:
    """Put a new signing key in use and print its public part; what the old one signed stays good."""

    async def work(installation: Installation) -> str:
        return await change_key(installation.db, settings)

    click.echo(with_installation(settings, work))
