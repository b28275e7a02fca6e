"""What the model city's people tell and ask is about columns that its datasets have."""

from __future__ import annotations

from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.voices import voices


def test_stories_and_requests_are_about_what_is_there() -> None:
    specs = {spec.slug: spec for spec in DATASETS if spec.classification == "public"}
    agencies = {agency.slug for agency in AGENCIES}
    said = voices()
    assert {one.agency for one in (*said.story, *said.wish)} <= agencies
    assert {one.dataset for one in (*said.wish, *said.remark) if one.dataset} <= specs.keys()
    for story in said.story:
        for block in story.block:
            assert block.kind == "text" or block.dataset in specs, block
            columns = {column.name for column in specs[block.dataset].columns} if block.dataset else set()
            asked = {block.group, block.column, block.filter_column} - {""}
            assert asked <= columns, (block.dataset, asked - columns)
