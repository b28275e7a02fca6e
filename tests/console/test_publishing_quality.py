"""How well a dataset is described is told to officials: beforehand while they propose, afterwards with the evidence."""

from __future__ import annotations

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.service import propose, publish
from tests.console.test_publishing import STOPS, Client, _by_a_colleague, _form, official
from tests.portal.conftest import WORDS, stops

__all__ = ["official", "stops"]


async def test_a_proposal_says_beforehand_what_is_missing(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    form = await _form(official, "tram-xe-buyt")
    full = (await official.post(f"{STOPS}/propose?lang=en", data={**form, "do": "look"})).text
    assert "386 of 405 points." in full and "The description is excellent" in full and "Add keywords." not in full
    bare = {**form, "keywords": " , ", "contact": "", "do": "look"}
    poor = (await official.post(f"{STOPS}/propose?lang=en", data=bare)).text
    assert "336 of 405 points. 351 are wanted of every open dataset." in poor
    assert "Add keywords." in poor and "Say where people can ask." in poor
    await _by_a_colleague(installation, stops)
    waiting = (await official.get(f"{STOPS}?lang=en")).text
    assert "386 of 405 points." in waiting and 'id="quality"' not in waiting, "nothing is open yet"


async def test_what_is_open_is_shown_with_its_points_and_their_evidence(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await propose(installation, stops, treatment={}, **WORDS)
    await publish(installation, stops)
    page = (await official.get(f"{STOPS}?lang=en")).text
    assert 'id="quality"' in page and "309 of 405 points. 351 are wanted of every open dataset." in page
    assert "Nhịp asks these addresses itself within a few minutes." in page and "50 more" in page
    for evidence in ("TRAN", "sxd@hue.example", "CC_BY_4_0", "SHACL: 0", "export.csv"):
        assert evidence in page, evidence
