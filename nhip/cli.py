"""The command `nhip`. Each package brings its own commands; they are imported when first used, so that help is quick."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from nhip import __version__
from nhip.errors import NhipError
from nhip.settings import load

COMMANDS = {
    "up": ("nhip.serve", "up"),
    "demo": ("nhip.modelcity.commands", "demo"),
    "sync": ("nhip.datasets.commands", "sync"),
    "check": ("nhip.datasets.check_command", "check"),
    "inspect": ("nhip.datasets.inspect_command", "inspect"),
    "contract": ("nhip.datasets.contract.commands", "contract"),
    "source": ("nhip.datasets.source_commands", "source"),
    "dataset": ("nhip.datasets.commands", "dataset"),
    "agency": ("nhip.datasets.commands", "agency"),
    "units": ("nhip.places.commands", "units"),
    "sector": ("nhip.sector_commands", "sector"),
    "migrate": ("nhip.operate", "migrate"),
    "doctor": ("nhip.operate", "doctor"),
    "password": ("nhip.operate", "password"),
}


class _Lazy(click.Group):
    """Finds a command's module by the table above."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        place = COMMANDS.get(name)
        if place is None:
            return None
        found: click.Command = getattr(import_module(place[0]), place[1])
        return found


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="nhip")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation (default: var).")
@click.pass_context
def cli(ctx: click.Context, data_dir: Path | None) -> None:
    """Nhịp: a city's data, made accurate, complete, clean, live, consistent and shared."""
    ctx.obj = load({"data_dir": data_dir})


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a person sees a message, never a traceback."""
    try:
        result: Any = cli.main(arguments, prog_name="nhip", standalone_mode=False)
    except NhipError as error:
        click.echo(_message(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(result if isinstance(result, int) else 0)


def _message(error: NhipError) -> str:
    """In Vietnamese and in English, as it is not known who reads."""
    from nhip.web.i18n import catalogue

    vietnamese, english = error.message(catalogue("vi").gettext), error.message()
    return english if vietnamese == english else f"{vietnamese}\n{english}"
