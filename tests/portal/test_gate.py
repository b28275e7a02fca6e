"""The gate's recognisers: what is found in cells, and above all what is not; the policy by its date."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.time import today
from nhip.portal.gate.findings import known
from nhip.portal.gate.policy import list_policies, policy_at
from nhip.portal.gate.service import examine
from nhip.portal.model import GateReport, OpenColumn


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _look(con: duckdb.DuckDBPyConnection, cells: list[object], name: str = "ghi_chu", kind: str = "") -> GateReport:
    whole = isinstance(cells[0], int)
    con.execute(f'create or replace temp table t ("{name}" {"bigint" if whole else "varchar"})')
    con.executemany("insert into t values (?)", [(cell,) for cell in cells])
    return examine(con, "t", [OpenColumn(name=name, type="integer" if whole else "text", kind=kind)], None)


def _found(con: duckdb.DuckDBPyConnection, cells: list[object], name: str = "ghi_chu", kind: str = "") -> set[str]:
    return {s.what for s in _look(con, cells, name, kind).suspicions}


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("046193001234", "citizen_id"),
        ("liên hệ ông A (046193001234)", "citizen_id"),
        ("CCCD: 046 193 001 234", "citizen_id"),
        ("số CMND 191234567", "old_citizen_id"),
        ("Chứng minh nhân dân: 191234567", "old_citizen_id"),
        ("0905123456", "phone"),
        ("0905.123.456", "phone"),
        ("090 512 3456 gặp chị Hoa", "phone"),
        ("+84 905 123 456", "phone"),
        ("+84.905123456", "phone"),
        ("SĐT:0905123456", "phone"),
        ("dt0905123456", "phone"),
        ("An,046193001234", "citizen_id"),
        ("Hoa-0905123456", "phone"),
        ("chị Hoà/0905123456", "phone"),
        ("nguyenvana@gmail.com", "email"),
        ("Bà.B@Yahoo.com.vn", "email"),
        ("Thẻ BHYT DN4460123456789", "health_insurance"),
        ("mã số BHXH 4612345678", "social_insurance"),
        ("STK 0161000123456 Vietcombank", "bank_account"),
        ("Số tài khoản: 1234 5678 9012", "bank_account"),
        ("hộ chiếu B1234567", "passport"),
        ("MST 8012345678", "personal_tax_code"),
        ("Nguyễn Văn An, sinh năm 1950", "name_birth"),
        ("TRẦN THỊ BÌNH (sn 12/03/1962)", "name_birth"),
        ("Lê Thị Hoa - NS: 1988", "name_birth"),
        ("thường trú tại số 12/3 Nguyễn Huệ, phường Vĩnh Ninh", "home_address"),
        ("chỗ ở: 45 kiệt 12 Bà Triệu", "home_address"),
    ],
)
def test_identifiers_of_people_block(con: duckdb.DuckDBPyConnection, cell: str, what: str) -> None:
    report = _look(con, [cell])
    assert what in {s.what for s in report.suspicions}
    assert not report.open
    assert not any(c.isdigit() and c != "0" for s in report.suspicions for c in s.example), "the example is masked"


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("0234 3822 123", "landline"),
        ("(0234) 3822123", "landline"),
        ("024.38251234", "landline"),
        ("sxd@thuathienhue.gov.vn", "work_email"),
        ("75B-012.34", "plate"),
        ("75B01234", "plate"),
        ("75F1-1234", "plate"),
    ],
)
def test_contacts_of_agencies_and_plates_warn(con: duckdb.DuckDBPyConnection, cell: str, what: str) -> None:
    report = _look(con, [cell])
    assert [s.what for s in report.suspicions] == [what]
    assert report.open and report.warns


PASS = [
    "T01", "Bến xe phía Nam", "Trạm 12, 97 An Dương Vương", "HUE-000123", "000.00.10.H57", "H57.10.046193001234.x",
    "1.234.567.890", "46.193.001.234", "1234567890", "12.500.000 đồng", "1,234,567.89",
    "2026-01-15", "15/01/2026", "01-02-2026 09:30", "02.01.2026 0930", "2026-01-15T09:30:00+07:00", "202601151230",
    "16.0355555555", "0.912345678", "107.0905123456", "16.4637, 107.5909",
    "HS-0912345678", "QD/0905123456", "HD1202601150001", "Quyết định 12/2026/QĐ-UBND", "191234567", "B1234567",
    "0161000123456", "19474", "1900 1075", "550e8400-e29b-41d4-a716-446655440000", "12/QĐ-UBND", "8935049510123",
    "099193001234", "046993001234", "8012345678", "Cơ sở lưu trú 12 phòng", "97 An Dương Vương, phường An Cựu",
    "Trường Nguyễn Tri Phương thành lập năm 1955", "Lăng Tự Đức (1864-1867)", "khu dân cư Hương Sơ 2", "Giai đoạn 2021-2025",
]  # fmt: skip


def test_codes_money_dates_and_places_pass(con: duckdb.DuckDBPyConnection) -> None:
    found = {s.what for s in _look(con, list(PASS)).suspicions}
    assert found == set(), [cell for cell in PASS if _found(con, [cell])]


def test_the_name_of_a_column_is_context(con: duckdb.DuckDBPyConnection) -> None:
    assert _found(con, ["191234567"], "so_cmnd") == {"old_citizen_id"}
    assert _found(con, ["0161000123456"], "so_tai_khoan") == {"bank_account"}
    assert _found(con, ["8012345678", "0700123456"], "mst", "tax_code") == {"personal_tax_code"}, "people, not firms"
    assert _found(con, ["0700123456", "0900123456"], "mst", "tax_code") == set(), "tax codes of firms"


def test_numbers_that_lost_their_zero(con: duckdb.DuckDBPyConnection) -> None:
    citizens: list[object] = [46193001234 + i for i in range(20)]
    assert _found(con, citizens) == {"citizen_id"}
    assert _found(con, [905123456 + i for i in range(20)]) == {"phone"}
    assert _found(con, [46193000000 + i * 1_000 for i in range(20)]) == set(), "round amounts"
    assert _found(con, [905123456, *range(100)]) == set(), "one amount among others"


_NUMBERS = st.tuples(
    st.sampled_from(["001", "031", "046", "048", "079", "092"]),
    st.integers(0, 1),
    st.integers(0, 99),
    st.integers(0, 999_999),
)


@settings(max_examples=5, deadline=None)
@given(st.lists(_NUMBERS, min_size=50, max_size=100))
def test_every_citizen_number_of_the_last_century_is_found(
    con: duckdb.DuckDBPyConnection, parts: list[tuple[str, int, int, int]]
) -> None:
    cells: list[object] = [f"{province}{sex}{year:02}{series:06}" for province, sex, year, series in parts]
    found = {s.what: s.cells for s in _look(con, cells).suspicions}
    assert found["citizen_id"] == len(cells)


_HARMLESS = st.tuples(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 10**10), st.floats(8.0, 24.0))


@settings(max_examples=5, deadline=None)
@given(st.lists(_HARMLESS, min_size=50, max_size=100))
def test_no_date_amount_or_coordinate_is_anybody(
    con: duckdb.DuckDBPyConnection, harmless: list[tuple[date, int, float]]
) -> None:
    cells: list[object] = []
    for day, amount, degree in harmless:
        cells += [day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{amount:,}".replace(",", "."), repr(degree)]
    assert _found(con, cells) == set()


def test_the_policy_in_force_is_chosen_by_its_day() -> None:
    policies = list_policies()
    assert policy_at(date(1999, 1, 1)) is policies[0]
    for before, after in pairwise(policies):
        assert policy_at(after.valid_from) is after
        assert policy_at(date.fromordinal(after.valid_from.toordinal() - 1)) is before
    assert policy_at(today()).four_eyes


def test_all_that_can_be_found_blocks_or_warns_by_every_policy() -> None:
    for policy in list_policies():
        assert policy.blocks | policy.warns == known(), policy.name
        assert not policy.blocks & policy.warns
        assert all(rule.source and rule.title and rule.title_en for rule in policy.rule)
        assert policy.k > 1 and policy.l > 1 and policy.months("review") == 6


@pytest.mark.real
def test_real_files_of_places_and_buses_pass(con: duckdb.DuckDBPyConnection, real_data: Path, tmp_path: Path) -> None:
    files = [real_data / "transit" / "hcmc_bus_lines_stops.csv", real_data / "vi" / "nso_conversion_2025.csv"]
    with zipfile.ZipFile(real_data / "transit" / "hanoi_gtfs_am.zip") as packed:
        names = [n for n in packed.namelist() if n.endswith(("stops.txt", "routes.txt", "agency.txt", "calendar.txt"))]
        files += [Path(packed.extract(name, tmp_path)) for name in names]
    assert len(files) >= 4
    for file in files:
        con.execute(f"create or replace temp table real as select * from read_csv('{file}', all_varchar = true)")
        columns = [OpenColumn(name=str(row[0]), type="text") for row in con.execute("describe real").fetchall()]
        report = examine(con, "real", columns, None)
        assert report.open, (file.name, report.suspicions)
