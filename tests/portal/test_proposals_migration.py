"""The migration that gave proposals rows of their own: what waits goes on waiting, what is open gets its words back."""

from __future__ import annotations

from pathlib import Path

import msgspec

import nhip.portal
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal import store
from nhip.portal.model import Act
from nhip.portal.service import find_waiting, propose, publish
from tests.portal.conftest import WORDS

MIGRATION = Path(str(nhip.portal.__file__)).parent / "migrations" / "0004_pre_proposals.sql"
BACK = """
drop table portal.proposal cascade;
alter table portal.publication drop column shaping;
alter table portal.release drop column removed_at;
"""
CHANGED = """
update portal.publication set licence = 'cc0-1.0', keywords = '{}', contact = 'x', treatment = %(treatment)s, proposed_at = now()
where dataset_id = %(id)s
"""


async def test_what_was_overwritten_comes_back_and_what_waits_waits(
    installation: Installation, stops: Dataset, people: Dataset
) -> None:
    kept = {"ten": Act("drop"), "vi_do": Act("round", 0.01)}
    await propose(installation, stops, treatment=kept, **WORDS)
    await publish(installation, stops)
    changed = msgspec.json.encode({"ten": Act("keep")}).decode()
    async with installation.db.tx() as tx:
        await tx.execute(BACK)
        await tx.execute(CHANGED, {"id": stops.id, "treatment": changed})
        await store.insert_decision(tx, stops.id, "proposed")
        await tx.execute(
            "insert into portal.publication (dataset_id, state, licence, basis, proposed_by, proposed_at)"
            " values (%s, 'proposed', 'cc0-1.0', 'b', 'Hoa', now())",
            [people.id],
        )
        await store.insert_decision(tx, people.id, "proposed")
        await tx.execute(MIGRATION.read_text(encoding="utf-8"))  # type: ignore[arg-type]
        made = await store.find_publication(tx, stops.id)
        waiting = await find_waiting(tx, stops)
        first = await find_waiting(tx, people)
        assert await store.find_publication(tx, people.id) is None
    assert made is not None and (made.licence, made.keywords, made.contact) == (
        "cc-by-4.0",
        ["xe buýt"],
        "sxd@hue.example",
    )
    assert made.treatment["ten"] == Act("drop") and made.treatment["vi_do"] == Act("round", 0.01)
    assert made.treatment["ma"] == Act() and "_row" not in made.treatment
    assert waiting.licence == "cc0-1.0" and waiting.treatment == {"ten": Act("keep")}
    assert (first.by_name, first.state) == ("Hoa", "waiting")
