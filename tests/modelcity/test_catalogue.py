"""The catalogue as data: sizes, names, references, contracts."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from nhip.datasets.contract.yaml import dump, load
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS, referred
from nhip.modelcity.contracts import contract
from nhip.modelcity.model import DatasetSpec

EVERY = pytest.mark.parametrize("spec", DATASETS, ids=lambda spec: spec.slug)


def test_a_city_the_size_of_hue() -> None:
    assert len(AGENCIES) == 32
    assert len(DATASETS) == len({spec.slug for spec in DATASETS}) == 115
    assert {spec.agency for spec in DATASETS} == {agency.slug for agency in AGENCIES}


def test_agency_codes_have_the_form_of_circular_24() -> None:
    assert all(re.fullmatch(r"000\.00\.\d\d\.H57", agency.code) for agency in AGENCIES)
    assert len({agency.code for agency in AGENCIES}) == 32


def test_what_is_referred_to_comes_first() -> None:
    place = {spec.slug: number for number, spec in enumerate(DATASETS)}
    for spec in DATASETS:
        for column in spec.columns:
            if column.refers:
                assert place[column.refers[0]] < place[spec.slug]
                assert column.refers[1] in {c.name for c in DATASETS[place[column.refers[0]]].columns}
    assert len(referred()) >= 12


def test_every_channel_and_format_of_the_issue_is_there() -> None:
    channels = Counter(spec.way.channel for spec in DATASETS)
    formats = Counter(spec.way.format for spec in DATASETS if spec.way.channel == "drop")
    assert channels.keys() == {"drop", "sqlite", "postgres", "ckan", "dkan", "dcat", "danang", "hue", "http"}
    wanted = {"csv", "tsv", "xlsx", "xls", "ods", "json", "ndjson", "geojson", "kml", "gpkg", "shp", "parquet", "dbf"}
    assert formats.keys() == wanted


def test_dirt_is_uneven_like_in_a_real_city() -> None:
    rates = sorted(spec.dirt.rate for spec in DATASETS)
    assert sum(rate == 0 for rate in rates) >= 15, "some feeds are perfectly clean"
    assert sum(rate >= 0.2 for rate in rates) >= 15, "some are terrible"
    assert sum(0.005 <= rate <= 0.06 for rate in rates) >= 55, "most are good"


@EVERY
def test_the_contract_survives_its_yaml(spec: DatasetSpec) -> None:
    made = contract(spec)
    assert load(dump(made)) == made
    assert made.cadence_days == spec.cadence
    assert len(made.fields) == len({f.name for f in made.fields})
    assert made.key, "every dataset has a key"
