"""The 115 datasets as data, in an order in which every dataset comes after those that it refers to."""

from __future__ import annotations

from nhip.modelcity.catalogue import economy, nature, people, transport
from nhip.modelcity.model import DatasetSpec


def _in_order(specs: tuple[DatasetSpec, ...]) -> tuple[DatasetSpec, ...]:
    known = {spec.slug: spec for spec in specs}
    done: dict[str, DatasetSpec] = {}

    def add(spec: DatasetSpec) -> None:
        if spec.slug not in done:
            for column in spec.columns:
                if column.refers:
                    add(known[column.refers[0]])
            if spec.copy_of:
                add(known[spec.copy_of])
            done[spec.slug] = spec

    for spec in specs:
        add(spec)
    return tuple(done.values())


DATASETS: tuple[DatasetSpec, ...] = _in_order(people.DATASETS + transport.DATASETS + nature.DATASETS + economy.DATASETS)


def referred() -> frozenset[tuple[str, str]]:
    """Pairs (dataset, column) whose values other datasets refer to."""
    return frozenset(column.refers for spec in DATASETS for column in spec.columns if column.refers)
