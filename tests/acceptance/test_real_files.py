"""Real files of Vietnamese cities as deliveries: versions come of them, and what is known to be wrong in them is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import AGENCY, Nhip

pytestmark = pytest.mark.real

CONTRACTS = Path(__file__).resolve().parents[2] / "docs" / "howto" / "contracts"
GTFS = "transit/hanoi_gtfs_am.zip"


class Real:
    """Deliveries of real files to datasets of their own."""

    def __init__(self, nhip: Nhip, files: Path, work: Path) -> None:
        self.nhip, self.files, self.work = nhip, files, work
        nhip.good("agency", "add", AGENCY, "Nguồn dữ liệu thật")

    def deliver(self, name: str, path: str, contract: Path | None = None) -> dict[str, Any]:
        """The version that a file makes; without a contract Nhịp drafts one."""
        chosen = ["--contract", contract] if contract else []
        self.nhip.good("dataset", "add", name, "--agency", AGENCY, "--title", name, *chosen)
        done = self.nhip.good("dataset", "deliver", name, self.files / path, "--json")
        assert (done.json["state"], done.json["version"]) == ("published", 1), done
        version: dict[str, Any] = self.nhip.good("dataset", "show", name, "--json").json["version"]
        return version

    def drafted(self, table: str, path: str) -> Path:
        """A contract drafted from one table of a file."""
        out = self.work / f"{table}.yaml"
        self.nhip.good(
            "contract", "infer", self.files / path, "--table", table, "--dataset", f"gtfs-{table}", "--out", out
        )
        return out


@pytest.fixture
def real(nhip: Nhip, real_data: Path, tmp_path: Path) -> Real:
    return Real(nhip, real_data, tmp_path)


def test_no_stop_of_hanoi_has_a_name_for_people(real: Real) -> None:
    version = real.deliver("gtfs-stops", GTFS, CONTRACTS / "gtfs-stops.yaml")
    assert version["row_count"] + version["quarantined"] == 6_495
    named = {rule: count for rule, count in version["by_rule"].items() if rule.startswith("row:") or rule == "pattern"}
    assert 6_495 in named.values(), f"names like STOP_01_1_S1 are not told: {version['by_rule']}"
    assert version["by_rule"]["duplicate"] > 3_000, f"stops on the place of another are not told: {version['by_rule']}"


def test_the_calendar_of_hanoi_ended_in_2018(real: Real) -> None:
    version = real.deliver("gtfs-calendar", GTFS, CONTRACTS / "gtfs-calendar.yaml")
    assert version["row_count"] == 1
    told = [rule for rule in version["by_rule"] if rule.startswith("row:") or rule in ("minimum", "required")]
    assert told, f"a calendar that ended on 31 December 2018 is not told: {version['by_rule']}"


@pytest.mark.parametrize(("table", "rows"), [("routes", 224), ("trips", 3_024), ("stop_times", 100_117)])
def test_every_table_of_the_zip_becomes_a_dataset(real: Real, table: str, rows: int) -> None:
    version = real.deliver(f"gtfs-{table.replace('_', '-')}", GTFS, real.drafted(table, GTFS))
    assert (version["row_count"], version["quarantined"]) == (rows, 0)
    assert version["manifest"]["table"] == table
    share = version["finding_count"] / rows
    assert share < 0.01, f"the drafted contract finds fault with its own file: {version['by_rule']}"


def test_stops_of_ho_chi_minh_city(real: Real) -> None:
    version = real.deliver("hcmc-stops", "transit/hcmc_bus_lines_stops.csv", CONTRACTS / "hcmc-stops.yaml")
    assert version["row_count"] + version["quarantined"] == 5_260
    assert version["by_rule"]["duplicate"] >= 80, f"stops that a line has twice: {version['by_rule']}"
    assert version["by_rule"]["pattern"] >= 700, f"lines like bus60_1: {version['by_rule']}"
    mended = version["manifest"]["mended"]
    assert sum(mended.values()) >= 100, f"names of base letters and loose marks: {mended}"


def test_doubles_of_openstreetmap(real: Real) -> None:
    version = real.deliver("osm-stops", "transit/hanoi_bus_stops_osm.geojson", CONTRACTS / "osm-stops.yaml")
    assert version["row_count"] + version["quarantined"] == 3_326
    told = {rule: count for rule, count in version["by_rule"].items() if rule in ("duplicate", "unique", "primaryKey")}
    assert sum(told.values()) >= 150, f"names that stood before: {version['by_rule']}"


def test_the_official_conversion_table(real: Real) -> None:
    version = real.deliver("nso-conversion", "vi/nso_conversion_2025.csv", CONTRACTS / "nso-conversion.yaml")
    assert version["row_count"] + version["quarantined"] == 10_572
    assert version["finding_count"] >= 100, version["by_rule"]
    mended = version["manifest"]["mended"]
    assert sum(mended.values()) >= 1_500, f"blanks and line breaks at the ends of cells: {mended}"
    (delivery,) = real.nhip.good("dataset", "show", "nso-conversion", "--json").json["deliveries"]
    codes = {problem["code"]: problem for problem in delivery["decoded"]["problems"]}
    assert codes["table.header_rows"]["values"]["count"] == "2"
    assert codes["table.sections"]["values"]["count"] == "33"


def test_units_with_boundaries(real: Real) -> None:
    version = real.deliver("units-46", "admin/46_hue.geojson.gz")
    assert (version["row_count"], version["quarantined"]) == (41, 0)
    names = [column["name"] for column in version["manifest"]["columns"]]
    assert {"code", "geometry"} <= set(names), names
    assert "geometry.invalid" not in version["by_rule"]
