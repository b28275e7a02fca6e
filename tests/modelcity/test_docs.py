"""The figures in docs/explain/model-city.md are those of the city that the tests write."""

from __future__ import annotations

import re
from pathlib import Path

from nhip.modelcity.model import City

PAGE = Path(__file__).parents[2] / "docs" / "explain" / "model-city.md"


def test_the_planted_faults_are_those_of_the_page(city: City) -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = {kind: int(number) for kind, number in re.findall(r"`([\w.-]+)` (\d+)", text)}
    assert told == dict(city.planted)
    deliveries = sum(len(dataset.deliveries) for dataset in city.datasets)
    assert f"{deliveries} deliveries,\n{city.rows} rows, {sum(city.planted.values())} planted faults" in text


def test_the_channels_are_those_of_the_page(city: City) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for channel, title in (
        ("drop", "folder drop"),
        ("sqlite", "SQLite"),
        ("postgres", "PostgreSQL"),
        ("http", "HTTP with ETag"),
    ):
        count = sum(dataset.spec.way.channel == channel for dataset in city.datasets)
        assert re.search(rf"^\| {title} \|.*\| {count} \|$", text, re.MULTILINE), channel
    contradicts = [d for d in city.datasets if any(column.repeats for column in d.spec.columns)]
    assert len(contradicts) == 1 and contradicts[0].spec.dirt.rate == 0
    clean = sum(dataset.spec.dirt.rate == 0 for dataset in city.datasets) - 1
    few = sum(0 < dataset.spec.dirt.rate <= 0.06 for dataset in city.datasets)
    assert f"{few} have a fault in at most 6 of 100 rows, {clean} have no planted rows" in text
