"""`nhip backup` and `nhip restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from nhip.backup.make import make_backup
from nhip.backup.model import Damage, Made
from nhip.backup.points import get_point, iter_damage, list_points
from nhip.backup.restore import restore_backup
from nhip.backup.seal import PASSPHRASE, passphrase_of
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, progress, with_installation
from nhip.parts import prepare_database
from nhip.settings import Settings

_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")


class _Default(click.Group):
    """`nhip backup FOLDER` is `nhip backup make FOLDER`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Default)
def backup() -> None:
    """Copy this installation as one consistent point, while it runs.

    `nhip backup FOLDER` copies; the second time only what is new. Keys are sealed under NHIP_BACKUP_PASSPHRASE.
    """


@backup.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(1), default=None, help="Remove older points but this many.")
@_json
@click.pass_obj
def make(settings: Settings, folder: Path, keep: int | None, wants_json: bool) -> None:
    """Copy this installation into FOLDER."""
    passphrase = passphrase_of()

    async def work(installation: Installation) -> Made:
        with progress() as shown:
            task = shown.add_task("objects", total=1)

            def watch(done: int, total: int) -> None:
                shown.update(task, completed=done, total=total)

            return await make_backup(installation, folder, passphrase=passphrase, keep=keep or 0, watch=watch)

    made = with_installation(settings, work)
    if wants_json:
        print_json(made)
        return
    click.echo(f"{made.folder}/{made.point}: {made.objects} objects ({made.copied} new), {made.bytes >> 20} MB")
    if not made.with_keys:
        click.echo(
            f"The keys are not in it: set {PASSPHRASE} to seal them in, or keep a copy of {settings.data_dir}/keys safe."
        )
    for name in made.missing:
        click.echo(f"missing in the store: {name}", err=True)


@backup.command("list")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_json
def list_(folder: Path, wants_json: bool) -> None:
    """The points in FOLDER."""
    points = list_points(folder)
    rows = [
        (
            p.name,
            len(p.manifest.objects),
            p.manifest.events,
            "yes" if p.manifest.with_keys else "no",
            p.manifest.made_with,
        )
        for p in points
    ]
    columns = ("point", "objects", "events", "keys", "made_with")
    if wants_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@backup.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_json
def verify(source: Path, wants_json: bool) -> int:
    """Read every byte of the newest point in SOURCE (or of the point SOURCE). Exit 1 if anything is damaged."""
    point = get_point(source)
    with progress() as shown:
        task = shown.add_task(point.name, total=len(point.manifest.files) + len(point.manifest.objects))
        damage: list[Damage] = list(iter_damage(point, lambda: shown.advance(task)))
    if wants_json:
        print_json({"point": point.name, "whole": not damage, "damage": damage})
    else:
        print_table(("file", "fault"), ((d.name, d.fault) for d in damage)) if damage else click.echo(
            f"{point.name}: whole"
        )
    return 1 if damage else 0


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--without-keys", is_flag=True, help="Leave the keys out; you bring them from elsewhere.")
@_json
@click.pass_obj
def restore(settings: Settings, source: Path, without_keys: bool, wants_json: bool) -> None:
    """Put the newest point in SOURCE (or the point SOURCE) into an empty --data-dir."""

    async def prepare(installation: Installation) -> list[object]:
        return list(await prepare_database(installation.db))

    passphrase = passphrase_of()
    restored = asyncio.run(restore_backup(source, settings, prepare, passphrase=passphrase, without_keys=without_keys))
    if wants_json:
        print_json(restored)
    else:
        told = {k: v for k, v in msgspec.structs.asdict(restored).items() if k != "missing"}
        print_table(("", ""), told.items())
        click.echo("Now run `nhip ledger verify`, then `nhip up`.")
