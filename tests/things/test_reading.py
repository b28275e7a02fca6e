"""Mappings from TOML: what is right, and what is refused in words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.contexts import core
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.contracts import contract
from nhip.modelcity.things import FILE
from nhip.things.columns import allowed
from nhip.things.errors import BadMapping
from nhip.things.reading import read_mappings
from nhip.things.words import city_context

GOOD = '[[thing]]\ndataset = "d"\ntype = "Stop"\nid = "ma"\nattributes.name = "ten"\n'


def test_the_mappings_of_the_model_city_fit_its_contracts() -> None:
    specs = {spec.slug: spec for spec in DATASETS}
    derived = {"latitude", "longitude"}
    for mapping in read_mappings(FILE.read_text(encoding="utf-8")):
        agreed = contract(specs[mapping.dataset])
        named = {field.name for field in agreed.fields} | derived
        assert set(mapping.columns()) <= named, mapping.dataset
        assert set(mapping.columns()) <= allowed([agreed], internal=mapping.internal), mapping.dataset
        for name in (mapping.type, *mapping.attributes, *mapping.relationships):
            assert not city_context().expand(name).startswith(core.VOCAB), f"{name} is in no vocabulary"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "[[thing]",
        GOOD + GOOD,
        GOOD.replace("Stop", "a b"),
        GOOD + "surprise = 1\n",
        GOOD.replace("attributes.name", "attributes.location"),
        GOOD + 'attributes.h = { column = "h", unit = "metres" }\n',
        GOOD + 'attributes.h = { column = "h", columns = { a = "b" } }\n',
        GOOD + "attributes.h = {}\n",
        GOOD + 'relationships.name = { column = "x", type = "Y" }\n',
    ],
)
def test_what_is_wrong_is_told(text: str) -> None:
    with pytest.raises(BadMapping):
        read_mappings(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadMapping):
        read_mappings(text)
