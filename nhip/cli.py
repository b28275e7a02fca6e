"""The command `nhip`. Each package brings its own commands; they are imported when first used, so that help is quick."""

from __future__ import annotations

import errno
import logging
import os
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nhip import __version__
from nhip.errors import NhipError, PlaceRefused, StorageFull, Unavailable
from nhip.settings import load

if TYPE_CHECKING:
    from nhip.db.installation import Installation

COMMANDS = {
    "up": ("nhip.serve", "up", "Serve the console and work on what arrives."),
    "demo": ("nhip.modelcity.commands", "demo", "Start with a model city."),
    "sync": ("nhip.datasets.commands", "sync", "Fetch from sources and work through what arrived."),
    "check": ("nhip.datasets.check_command", "check", "Hold a file against a contract."),
    "inspect": ("nhip.datasets.inspect_command", "inspect", "Say what a file holds."),
    "contract": ("nhip.datasets.contract.commands", "contract", "Draft, lint, compare and fill in contracts."),
    "source": ("nhip.datasets.source_commands", "source", "How to reach agencies' systems."),
    "dataset": ("nhip.datasets.commands", "dataset", "Datasets, versions, differences, restoring."),
    "agency": ("nhip.datasets.commands", "agency", "The organisations that hold data."),
    "units": ("nhip.places.commands", "units", "Administrative units as of a date; resolve addresses."),
    "graph": ("nhip.graph_commands", "graph", "The live graph of things (NGSI-LD)."),
    "things": ("nhip.things_commands", "things", "Which datasets' rows are things of the live graph."),
    "sector": ("nhip.sector_commands", "sector", "Plug-ins that bring a field of the city's work."),
    "backup": ("nhip.backup.commands", "backup", "Copy this installation as one consistent point, while it runs."),
    "restore": ("nhip.backup.commands", "restore", "Put a backup into an empty folder."),
    "permissions": ("nhip.permission_commands", "permissions", "Who may do what: routes, jobs, roles."),
    "ledger": ("nhip.ledger.commands", "ledger", "What happened: verify, list, prove."),
    "privacy": ("nhip.privacy.commands", "privacy", "Personal data: register, clocks, deletion with proof."),
    "key": ("nhip.security.programs.commands", "key", "Keys by which programs read and deliver."),
    "provider": ("nhip.security.openid.commands", "provider", "Identity providers by which people sign in."),
    "keys": ("nhip.key_commands", "keys", "The key that seals stored secrets: a new one, no old ones."),
    "migrate": ("nhip.operate", "migrate", "Bring the database up to date."),
    "doctor": ("nhip.operate", "doctor", "Say what is wrong with this installation and how to mend it."),
    "password": ("nhip.operate", "password", "Let somebody in who cannot sign in."),
}
"""Where each command is, and its line in the overview."""
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
ALONE = ("check", "inspect")
"""Commands that need no installation, and start at once without the database's code."""


class _Lazy(click.Group):
    """Finds a command's module by the table above; the overview needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None for an unknown name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found: click.Command = getattr(import_module(place[0]), place[1])
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place[2]) for name, place in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="nhip")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation (default: var).")
@click.pass_context
def cli(ctx: click.Context, data_dir: Path | None) -> None:
    """Nhịp: a city's data, made accurate, complete, clean, live, consistent and shared."""
    ctx.obj = load({"data_dir": data_dir})
    if ctx.invoked_subcommand not in ALONE:
        from nhip.db import terminal

        terminal.before_work[:] = [_ready]


async def _ready(installation: Installation) -> None:
    from nhip.parts import make_ready

    await make_ready(installation)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a person sees a message, never a traceback."""
    # the pool reports each attempt, with the address; what came of it is said once, by DatabaseAway
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    logging.getLogger("nhip.datasets.pipeline").addHandler(logging.NullHandler())
    try:
        result: Any = cli.main(arguments, prog_name="nhip", standalone_mode=False)
    except NhipError as error:
        click.echo(_message(error), err=True)
        if error.status == 500 and error.__cause__ is not None:
            click.echo(_kept(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        told = _explained(error)
        click.echo(_message(told), err=True)
        sys.exit(told.exit_code)
    sys.exit(result if isinstance(result, int) else 0)


def _explained(error: Exception) -> NhipError:
    """What the system refused (no right, no room) in words; anything else is our fault, its traceback goes into a file."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(where=error.filename or tempfile.gettempdir())
    if isinstance(error, OSError) and error.errno in _REFUSALS and error.filename:
        return PlaceRefused(where=error.filename, why=error.strerror)
    if isinstance(error, OSError) and error.strerror:
        return Unavailable(what=f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    from nhip.web.errors import Unexpected

    return Unexpected(reference=_kept(error))


def _kept(error: Exception) -> str:
    """Write the traceback, which is for maintainers, into a file of our own; gives its path."""
    with tempfile.NamedTemporaryFile("w", prefix="nhip-fault-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return file.name


def _message(error: NhipError) -> str:
    """In Vietnamese and in English, as it is not known who reads."""
    from nhip.web.i18n import catalogue

    vietnamese, english = error.message(catalogue("vi").gettext), error.message()
    return english if vietnamese == english else f"{vietnamese}\n{english}"
