"""`python -m nhip.modelcity FOLDER`: write the city without loading it, and print what was planted."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click
import msgspec

from nhip.modelcity.generate import generate


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=46, show_default=True, help="Another seed is another city.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The city's today.")
@click.option("--database-url", default=None, help="PostgreSQL for six of the datasets; SQLite without it.")
def main(folder: Path, seed: int, as_of: datetime | None, database_url: str | None) -> None:
    """Write the model city's raw sources into FOLDER."""
    started, cpu = time.monotonic(), time.process_time()
    city = generate(folder, seed=seed, as_of=as_of.date() if as_of else None, database_url=database_url)
    figures = {
        "agencies": len(city.agencies),
        "datasets": len(city.datasets),
        "deliveries": sum(len(dataset.deliveries) for dataset in city.datasets),
        "rows": city.rows,
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "planted": dict(city.planted),
        "wall_s": round(time.monotonic() - started, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }
    click.echo(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())


if __name__ == "__main__":
    main()
