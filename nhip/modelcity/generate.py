"""Writes the raw sources of the whole city and the truth about them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from nhip.kernel.time import today
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS, referred
from nhip.modelcity.contracts import contract
from nhip.modelcity.deliver import Place, deliver
from nhip.modelcity.good import base, delivered_on, delivery, stream
from nhip.modelcity.manifest import write_manifest
from nhip.modelcity.model import City, Dataset, DatasetSpec, Delivered, Plant, Table
from nhip.modelcity.planting import plant
from nhip.modelcity.sources import source_of
from nhip.modelcity.writers.tables import copy_parquet

Progress = Callable[[str, int, int], None]
"""Called with the slug of the dataset that was written, its number from 1, and the number of all."""

TRUTH_TYPES = {
    "dataset": "VARCHAR", "delivery": "INTEGER", "row": "BIGINT", "column": "VARCHAR", "kind": "VARCHAR",
    "value": "VARCHAR", "right": "VARCHAR", "twin": "BIGINT",
}  # fmt: skip
"""Columns of truth.parquet."""


def generate(
    folder: Path,
    *,
    seed: int = 46,
    database_url: str | None = None,
    progress: Progress | None = None,
    as_of: date | None = None,
) -> City:
    """Write the city of `seed` under `folder` (emptied of an older city first) as of `as_of` (default: today).

    `database_url`: PostgreSQL in which the tables of six datasets are made, one schema a system; without it they go to SQLite.
    The same seed, day and kind of database give the same bytes, workbooks and databases included but for their time stamps.
    """
    for name in ("drop", "portal", "sqlite"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    builder = _Builder(Place(folder=folder, database_url=database_url), seed, as_of or today())
    for number, spec in enumerate(DATASETS, start=1):
        builder.add(spec)
        if progress is not None:
            progress(spec.slug, number, len(DATASETS))
    return builder.finish()


class _Builder:
    def __init__(self, place: Place, seed: int, as_of: date) -> None:
        self.place, self.seed, self.as_of = place, seed, as_of
        self.keys: dict[str, Table] = {}
        self.datasets: dict[str, Dataset] = {}
        self.truth: list[Plant] = []

    def add(self, spec: DatasetSpec) -> None:
        """Write every delivery of one dataset."""
        made = self._copied(spec) if spec.copy_of else self._made(spec)
        self.truth += _of_the_whole(spec)
        self.datasets[spec.slug] = Dataset(
            spec=spec, contract=contract(spec), deliveries=tuple(made), source=source_of(spec, self.place)
        )

    def _made(self, spec: DatasetSpec) -> list[Delivered]:
        all_rows = base(spec, self.keys, self.seed, self.as_of)
        mine = {column for dataset, column in referred() if dataset == spec.slug}
        self.keys[spec.slug] = {column: all_rows[column][: spec.rows] for column in mine}
        made = []
        for number in range(1, spec.deliveries + 1):
            good = delivery(spec, all_rows, number, self.seed, steady=bool(mine))
            table, plants = plant(spec, good, stream(self.seed, spec.slug, number, "dirt"), number, mine)
            made.append(deliver(self.place, spec, table, plants, number, delivered_on(spec, number, self.as_of)))
            self.truth += plants
        return made

    def _copied(self, spec: DatasetSpec) -> list[Delivered]:
        first = self.datasets[spec.copy_of].deliveries[-1]
        assert first.path is not None
        path = first.path.with_stem(spec.slug)
        shutil.copy2(first.path, path)
        self.truth += [replace(p, dataset=spec.slug) for p in self.truth if p.dataset == spec.copy_of]
        return [replace(first, path=path)]

    def finish(self) -> City:
        """Write the truth and the manifest."""
        path = self.place.folder / "truth.parquet"
        columns: list[list[Any]] = [[getattr(p, name) for p in self.truth] for name in TRUTH_TYPES]
        copy_parquet(path, list(TRUTH_TYPES), list(TRUTH_TYPES.values()), columns)
        city = City(
            folder=self.place.folder,
            seed=self.seed,
            as_of=self.as_of,
            agencies=AGENCIES,
            datasets=tuple(self.datasets.values()),
            truth=path,
            rows=sum(d.rows for dataset in self.datasets.values() for d in dataset.deliveries),
            planted=planted(self.truth),
        )
        write_manifest(city)
        return city


def planted(truth: list[Plant]) -> Mapping[str, int]:
    """Number of plants by kind, the most frequent first."""
    return dict(Counter(p.kind for p in truth).most_common())


def _of_the_whole(spec: DatasetSpec) -> list[Plant]:
    """Plants that are about a delivery as a whole."""
    dirt, last = spec.dirt, spec.deliveries
    found = [("column.renamed", name, header) for name, header in dirt.renamed.items()]
    found += [("column.missing", name, "") for name in dirt.dropped]
    found += [("drift.rows", "", f"{dirt.shrink:.0%}")] if dirt.shrink < 1 else []
    found += [("stale", "", str(timedelta(days=dirt.stale * spec.cadence).days))] if dirt.stale else []
    found += [(f"file.{dirt.file_encoding}", "", "")] if dirt.file_encoding != "utf-8" else []
    found += [("dataset.same", "", spec.copy_of)] if spec.copy_of else []
    found += [("dataset.empty", "", "")] if not spec.rows else []
    return [
        Plant(dataset=spec.slug, delivery=last, kind=kind, column=column, value=value) for kind, column, value in found
    ]
