"""The points of the MQA: what gives them, what is found, what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.model import Asked, Quality, Site
from nhip.portal.dcat.mqa import EXCELLENT, INDICATORS, MOST, assess, rating
from tests.portal.dcat.samples import AT, BARE, ENTRY, FACTS, KINDS, SITE, entry

ALL_ANSWER = Asked(AT, dict.fromkeys(["", *ENTRY.formats], 200))


def quality(asked: Asked | None = ALL_ANSWER, **other: Any) -> Quality:
    return assess(dataset_nodes(SITE, entry(**other), FACTS), asked)


def test_the_indicators_are_those_of_data_europa_eu() -> None:
    """Points by dimension: 100, 100, 110, 75, 20."""
    sums: dict[str, int] = {}
    for line in quality().lines:
        sums[line.dimension] = sums.get(line.dimension, 0) + line.possible
    assert list(sums.values()) == [100, 100, 110, 75, 20] and sum(sums.values()) == MOST
    assert len(quality().lines) == len(INDICATORS) + 3


def test_what_an_official_can_fill_in_is_enough_for_excellent() -> None:
    assert quality().points == 389 and rating(389) == "excellent"
    assert [(line.title, line.possible - line.points) for line in quality().missing] == [
        ("Formats of no single maker", 8.0),
        ("Formats for machines", 4.0),
        ("Size of each file", 4.0),
    ]
    assert quality(licence="vn-open", formats=["csv", "xlsx", "json", "parquet"]).points >= EXCELLENT


@pytest.mark.parametrize(
    ("other", "loss", "title"),
    [
        ({"keywords": []}, 30, "Keywords"),
        ({"theme": ""}, 30, "Theme"),
        ({"contact": ""}, 20, "Contact"),
        ({"licence": "vn-open"}, 10, "Licence by its common name"),
        ({"licence": "gone"}, 35, "Licence"),
    ],
)
def test_what_is_missing_is_named_with_what_would_give_it(other: dict[str, Any], loss: int, title: str) -> None:
    found = quality(**other)
    assert found.points == quality().points - loss
    line = next(line for line in found.missing if line.title == title)
    assert line.advice and line.points == 0 and line.evidence == []


def test_points_have_their_evidence() -> None:
    told = {line.title: line.evidence for line in quality().lines}
    assert told["Keywords"] == ["xe buýt", "bus"] and told["Theme"] == ["TRAN"]
    assert told["Licence by its common name"] == ["CC_BY_4_0"]
    assert told["Area covered"][0] == "Phường Phú Xuân" and told["Days covered"] == ["2026-01-01 – 2026-11-20"]
    assert told["Contact"] == ["sxd@hue.example"] and told["Publisher"] == ["Sở Xây dựng"]
    assert told["Address of each file"][0] == "export.csv" and "text/csv" in " ".join(told["Media type of each file"])
    assert told["The page answers"] == ["2026-11-20T03:04Z: 200"]
    assert told["Conforms to DCAT-AP 3.0.1"] == ["SHACL: 0"]


def test_addresses_that_nobody_asked_or_that_do_not_answer_give_nothing() -> None:
    assert quality(asked=None).points == quality().points - 80
    half = Asked(AT, {**ALL_ANSWER.answers, "csv": 500})
    assert quality(asked=half).points == quality().points - 6
    assert quality(asked=Asked(AT, {"": 404, "csv": 200})).points == quality().points - 74


def test_without_a_province_the_country_is_the_area() -> None:
    nodes = dataset_nodes(Site(SITE.root, SITE.city, ""), ENTRY, BARE)
    assert next(line for line in assess(nodes, None).lines if line.title == "Area covered").evidence == ["VNM"]


def test_a_broken_shape_costs_its_points() -> None:
    nodes = dataset_nodes(SITE, ENTRY, FACTS)
    nodes.node(f"{SITE.root}/dataset/tram-xe-buyt").said.pop("dct:title")
    line = next(line for line in assess(nodes, ALL_ANSWER).lines if line.title == "Conforms to DCAT-AP 3.0.1")
    assert line.points == 0 and line.evidence == ["dct:title minCount"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_dataset_can_be_judged(kind: str) -> None:
    found = assess(dataset_nodes(SITE, KINDS[kind], FACTS), None)
    assert 0 < found.points <= MOST and all(0 <= line.points <= line.possible for line in found.lines)
