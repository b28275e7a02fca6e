"""The written city: same seed, same bytes; every kind of fault; truth that points at the cell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nhip.errors import NotFound
from nhip.kernel.time import VIETNAM
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.generate import generate
from nhip.modelcity.good import base
from nhip.modelcity.manifest import open_city
from nhip.modelcity.model import City, Dataset, Delivered, Plant

AS_OF = date(2026, 11, 21)

Reader = Callable[[Dataset, Delivered], dict[int, list[Any]]]

LEAST = {
    "encoding.tcvn3": 1000,
    "encoding.vni": 1000,
    "encoding.viqr": 300,
    "encoding.viscii": 300,
    "file.utf-16": 1,
    "file.cp1258": 1,
    "text.nfd": 100,
    "text.mojibake": 50,
    "text.lost": 100,
    "text.spaces": 50,
    "text.tone": 30,
    "date.form": 30,
    "date.impossible": 30,
    "date.twoDigitYear": 30,
    "date.ambiguous": 300,
    "date.serial": 300,
    "date.year": 30,
    "date.monthFirst": 20,
    "date.word": 30,
    "number.form": 300,
    "number.money": 300,
    "number.free": 30,
    "number.word": 50,
    "number.ambiguous": 15,
    "unit.other": 30,
    "boolean.form": 10,
    "boolean.word": 10,
    "phone.form": 20,
    "phone.wrong": 20,
    "plate.form": 10,
    "plate.wrong": 10,
    "email.wrong": 10,
    "citizen.wrong": 10,
    "tax.wrong": 8,
    "coordinate.form": 300,
    "coordinate.swapped": 300,
    "coordinate.outside": 20,
    "coordinate.zero": 10,
    "place.old": 50,
    "place.none": 50,
    "place.ambiguous": 50,
    "required": 300,
    "value.blank": 100,
    "minimum": 50,
    "maximum": 50,
    "enum": 30,
    "pattern": 30,
    "primaryKey": 30,
    "primaryKey.missing": 30,
    "reference": 100,
    "row.rule": 50,
    "conflict": 15,
    "duplicate.exact": 300,
    "duplicate.business": 50,
    "personal.leak": 10,
    "time.impossible": 10,
    "drift.rows": 1,
    "column.renamed": 1,
    "column.missing": 1,
    "dataset.same": 2,
    "dataset.empty": 1,
    "stale": 5,
    "layout.title": 20,
    "layout.header2": 3,
    "layout.merged": 20,
    "layout.total": 5,
    "layout.note": 10,
    "layout.blank": 20,
    "layout.hidden": 1,
    "layout.tables": 1,
}


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_over_an_older_city(city: City, tmp_path: Path) -> None:
    (tmp_path / "drop" / "old").mkdir(parents=True)
    steps: list[int] = []
    again = generate(tmp_path, seed=46, as_of=AS_OF, progress=lambda slug, number, of: steps.append(number))
    assert digests(again.folder) == digests(city.folder)
    assert again.planted == city.planted
    assert not (tmp_path / "drop" / "old").exists()
    assert steps == list(range(1, 116))


def test_another_seed_is_another_city() -> None:
    spec = next(spec for spec in DATASETS if spec.slug == "benh-vien")
    assert base(spec, {}, 1, AS_OF) == base(spec, {}, 1, AS_OF)
    assert base(spec, {}, 1, AS_OF) != base(spec, {}, 2, AS_OF)


def test_the_size_of_the_city(city: City) -> None:
    assert len(city.datasets) == 115
    assert 250_000 <= city.rows <= 400_000


@pytest.mark.parametrize(("kind", "least"), LEAST.items())
def test_every_kind_of_fault_is_planted(city: City, kind: str, least: int) -> None:
    assert city.planted.get(kind, 0) >= least


def test_no_kind_is_forgotten_here(city: City) -> None:
    assert set(city.planted) == set(LEAST)


def test_files_hold_the_rows_that_were_told(datasets: dict[str, Dataset], read: Reader) -> None:
    for dataset in datasets.values():
        for delivered in dataset.deliveries:
            rows = read(dataset, delivered)
            if dataset.spec.way.format in ("xlsx", "xls", "ods"):
                assert len(rows) >= delivered.rows
            else:
                assert len(rows) == delivered.rows, dataset.spec.slug


LOSSY = ("kml", "shp", "dbf")
"""Formats whose readers trim blanks or drop empty text."""


def test_truth_points_at_the_cell_that_holds_the_value(
    datasets: dict[str, Dataset], truth: list[Plant], read: Reader, as_text: Callable[[Any], str | None]
) -> None:
    by_delivery: dict[tuple[str, int], list[Plant]] = {}
    for plant in truth:
        if plant.column and plant.row:
            by_delivery.setdefault((plant.dataset, plant.delivery), []).append(plant)
    checked: Counter[str] = Counter()
    for (slug, number), plants in by_delivery.items():
        dataset = datasets[slug]
        if dataset.spec.way.format in LOSSY:
            continue
        cells = read(dataset, dataset.deliveries[number - 1])
        gone = dataset.spec.dirt.dropped if number == dataset.spec.deliveries else ()
        names = [c.name for c in dataset.spec.columns if c.name not in gone]
        for plant in plants:
            assert as_text(cells[plant.row][names.index(plant.column)]) == plant.value, plant
            checked[plant.kind] += 1
    assert sum(checked.values()) > 40_000
    assert len(checked) > 45


def test_mended_right_values_differ_from_what_was_delivered(truth: list[Plant]) -> None:
    told = [plant for plant in truth if plant.right is not None]
    assert len(told) > 20_000
    assert not [plant for plant in told if plant.right == plant.value]


def test_duplicates_repeat_their_twin(datasets: dict[str, Dataset], truth: list[Plant], read: Reader) -> None:
    exact = [p for p in truth if p.kind == "duplicate.exact" and datasets[p.dataset].spec.way.format not in LOSSY]
    assert exact
    opened = {}
    for plant in exact:
        key = plant.dataset, plant.delivery
        if key not in opened:
            dataset = datasets[plant.dataset]
            opened[key] = read(dataset, dataset.deliveries[plant.delivery - 1])
        assert opened[key][plant.row] == opened[key][plant.twin]


def test_three_datasets_of_two_owners_are_byte_for_byte_the_same(datasets: dict[str, Dataset]) -> None:
    same = [datasets[slug] for slug in ("bai-do-xe", "bai-do-xe-trung-tam", "bai-giu-xe-du-lich")]
    raw = {dataset.deliveries[-1].path.read_bytes() for dataset in same if dataset.deliveries[-1].path}
    assert len(raw) == 1
    assert len({dataset.spec.agency for dataset in same}) == 2


def test_deliveries_come_in_time_and_stale_ones_late(datasets: dict[str, Dataset]) -> None:
    for dataset in datasets.values():
        days = [delivered.on for delivered in dataset.deliveries]
        assert days == sorted(set(days))
        age = AS_OF - days[-1]
        late = age > timedelta(days=dataset.spec.cadence)
        assert late == (dataset.spec.dirt.stale >= 1), dataset.spec.slug


def test_files_carry_the_day_of_their_delivery(datasets: dict[str, Dataset]) -> None:
    for dataset in datasets.values():
        if dataset.spec.way.channel != "drop":
            continue
        for delivered in dataset.deliveries:
            assert delivered.path is not None
            moment = datetime.fromtimestamp(delivered.path.stat().st_mtime, VIETNAM)
            assert moment.date() == delivered.on


def test_a_written_city_can_be_opened_again(city: City, tmp_path: Path) -> None:
    assert open_city(city.folder) == city
    with pytest.raises(NotFound):
        open_city(tmp_path)
