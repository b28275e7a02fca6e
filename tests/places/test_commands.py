"""`nhip units` as scripts and people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nhip.places.commands import units
from nhip.places.errors import NoAddresses, NotATable, NoUnit


def _run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(units, arguments, input=given, standalone_mode=False)


def _lines(result: Result) -> list[dict[str, object]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout_bytes.decode("utf-8").splitlines()]


def test_resolve_prints_a_json_line_an_address() -> None:
    found = _lines(_run("resolve", "--json", "--as-of", "2026-11-21", "P. Vĩnh Ninh, TP Huế", "xyz"))
    assert [line["input"] for line in found] == ["P. Vĩnh Ninh, TP Huế", "xyz"]
    assert found[0]["status"] == "exact"
    assert found[0]["codes"] == ["19789"]
    assert found[0]["path"] == "Phường Thuận Hóa, Thành phố Huế"
    assert found[0]["as_of"] == "2026-11-21"
    assert (found[1]["status"], found[1]["codes"]) == ("none", [])


def test_resolve_reads_the_column_address_of_a_tsv(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_bytes(
        "\ufeffid\taddress\tlon\tlat\r\n1\tP. Thuận Hoà, TP Huế\t\t\r\n\r\n2\tXã A Lưới 2\r\n3\r\n".encode()
    )
    found = _lines(_run("resolve", "--file", str(path), "--json"))
    assert [line["codes"] for line in found] == [["19753"], ["20044"], []]


def test_resolve_uses_the_points_of_a_tsv(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    points = (
        "105.853\t21.0245",
        "105,853\t21,0245",
        "21.0245\t105.853",
        "105°51'10.8\"Đ\t21°1'28.2\"B",
        "x\t21",
        "0\t0",
    )
    address = "phường Tràng Tiền, quận Hoàn Kiếm, Hà Nội"
    path.write_text("address\tlon\tlat\n" + "".join(f"{address}\t{point}\n" for point in points), encoding="utf-8")
    found = [line["status"] for line in _lines(_run("resolve", "--file", str(path), "--json"))]
    assert found == [*["exact"] * 4, *["ambiguous"] * 2]


def test_resolve_reads_lines_from_standard_input() -> None:
    given = "P. Vĩnh Ninh, Huế\nPhường Tây Lộc\n".encode() + b"\xff\xfe bad \x00 bytes\n"
    found = _lines(_run("resolve", "--file", "-", "--json", "--province", "46", given=given))
    assert [line["status"] for line in found] == ["exact", "exact", "none"]


def test_resolve_prints_a_table_for_people() -> None:
    result = _run("resolve", "Phường Tràng Tiền, Hoàn Kiếm, Hà Nội")
    assert "ambiguous" in result.output
    assert "00070" in result.output


def test_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").write_bytes(b"")
    assert _lines(_run("resolve", "--file", str(tmp_path / "empty.tsv"), "--json")) == []


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    assert isinstance(_run("resolve").exception, NoAddresses)
    assert isinstance(_run("resolve", "--file", str(tmp_path / "absent.tsv")).exception, NotATable)
    assert isinstance(_run("show", "99999").exception, NoUnit)


def test_show_tells_the_generations_of_a_code() -> None:
    found = json.loads(_run("show", "19753", "--json").stdout_bytes)
    assert [row["uid"] for row in found] == ["19753@2004-07-08", "19753@2025-01-01", "19753@2025-07-01"]
    assert found[2]["act"] == "1675/NQ-UBTVQH15"
    assert "19762@2025-01-01 (whole)" in found[2]["made_of"]
    assert "Thuận Lộc" in _run("show", "19753", "--as-of", "2025-06-30").output


@pytest.mark.real
def test_import_and_diff_the_official_table(tmp_path: Path, real_data: Path) -> None:
    table = str(real_data / "vi" / "nso_conversion_2025.csv")
    result = _run("diff", table, "--data-dir", str(tmp_path))
    assert result.return_value == 0
    assert "0 differences" in result.output
    assert _run("import", "nso", table, "--data-dir", str(tmp_path)).return_value == 0
    assert not (tmp_path / "places").exists()


@pytest.mark.real
def test_import_of_a_list_settles_the_difference(tmp_path: Path, real_data: Path) -> None:
    path = str(real_data / "admin" / "units_2026-07-25.json")
    assert _run("diff", path, "--data-dir", str(tmp_path)).return_value == 1
    assert _run("import", "units", path, "--data-dir", str(tmp_path)).return_value == 0
    assert [file.name for file in (tmp_path / "places").iterdir()] == ["register-0001.tsv.gz"]
    assert _run("diff", path, "--data-dir", str(tmp_path), "--json").return_value == 0


@pytest.mark.real
def test_import_of_boundaries(tmp_path: Path, real_data: Path) -> None:
    path = str(real_data / "admin" / "46_hue.geojson.gz")
    result = _run("import", "boundaries", path, "--data-dir", str(tmp_path), "--json")
    assert json.loads(result.stdout_bytes) == {"boundaries": 40, "faults": []}
