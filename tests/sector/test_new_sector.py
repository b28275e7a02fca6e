"""A newcomer's sector: written by `nhip sector new`, sound, migrated, loaded, shown — and the faults that its check finds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nhip import plugins
from nhip.db.installation import Installation
from nhip.db.migrate import migrate
from nhip.kernel.sector import Sector
from nhip.scaffold import write_sector
from nhip.sector_check import check
from nhip.testing.sector import first_page, sector_of


@pytest.fixture
def lighting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sector]:
    """The sector `lighting` as the scaffold writes it, importable as if it were installed."""
    write_sector(tmp_path / "nhip-lighting", "lighting", "Chiếu sáng đô thị", "Street lighting")
    monkeypatch.syspath_prepend(str(tmp_path / "nhip-lighting"))
    sector = sector_of("nhip_lighting")
    monkeypatch.setattr("nhip.app.found_sectors", lambda: (sector,))
    yield sector
    plugins.found_sectors.cache_clear()
    for name in [n for n in sys.modules if n.split(".")[0] == "nhip_lighting"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def folder(sector: Sector) -> Path:
    return Path(str(importlib.import_module(sector.package).__file__)).parent


def test_the_scaffold_is_sound(lighting: Sector) -> None:
    assert [str(f) for f in check(lighting)] == []


async def test_its_page_shows_the_demo_data(lighting: Sector, installation: Installation) -> None:
    await migrate(installation.db, [lighting.package])
    text = await first_page(installation, "nhip_lighting", "/console/lighting")
    assert ">75<" in text
    assert "Chiếu sáng đô thị" in text
    assert "Phường Vỹ Dạ" in text


async def test_its_tables_live_in_a_schema_of_their_own(lighting: Sector, installation: Installation) -> None:
    ran = await migrate(installation.db, [lighting.package])
    assert [m.name for m in ran] == ["0001_pre_lighting.sql"]
    with psycopg.connect(installation.db.url) as connection:
        connection.execute("insert into sector_lighting.note (text) values ('x')")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pages.py", '@get("/console/lighting"', '@get("/elsewhere"', "addresses begin with /console/lighting"),
        (
            "pages.py",
            ', permission="lighting.read"',
            "",
            "name the permission that this page needs, one of lighting.read",
        ),
        ("pages.py", '"lighting.read"', '"dataset.read"', "name the permission that this page needs"),
        ("jobs.py", "@needs(SYSTEM)", "", "say above the job who enqueues it"),
        ("jobs.py", "@needs(SYSTEM)", '@needs("dataset.correct")', "say above the job who enqueues it"),
        ("pages.py", "from nhip.sdk import", "import nhip.db\nfrom nhip.sdk import", "uses nhip.sdk only"),
        ("indicators.py", "state = 'tốt'", "stat = 'tốt'", "cannot be run"),
        ("indicators.py", '_("Objects that work")', '_("Lamps that burn")', "has no Vietnamese"),
        ("sources.py", 'contract="objects.yaml"', 'contract="gone.yaml"', "is not there"),
        ("contracts/objects.yaml", "name: lighting-objects", "name: other", "must be named lighting-objects"),
        ("migrations/0001_pre_lighting.sql", "sector_lighting", "public_thing", "keep the tables in the schema"),
        ("templates/overview.html", "{% endcall %}", "{% endcal %}", "line"),
        ("__init__.py", '"lighting.read"', '"read"', "begins with the sector's name"),
    ],
)
def test_the_check_finds(lighting: Sector, file: str, old: str, new: str, said: str) -> None:
    path = folder(lighting) / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    for name in [n for n in sys.modules if n.split(".")[0] == "nhip_lighting"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    faults = [str(f) for f in check(sector_of("nhip_lighting"))]
    assert any(said in fault for fault in faults), faults
