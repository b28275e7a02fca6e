"""Inferring contracts from tables whose truth is known, and from awkward ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.datasets.contract.guess import guess
from nhip.datasets.contract.guess_time import order_of
from nhip.datasets.contract.headers import column_names, read_header
from nhip.datasets.contract.infer import Inferred, infer
from nhip.datasets.contract.lint import lint
from nhip.datasets.contract.profile import profile
from nhip.datasets.contract.shapes import shape_of
from nhip.datasets.contract.yaml import dump, load
from nhip.datasets.engine import ident
from nhip.datasets.model import DecodedColumn, DecodedTable

from .cities import TABLES, Truth, build


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as opened:
        yield opened


def table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[Any]]) -> DecodedTable:
    rows = list(zip(*columns.values(), strict=True))
    relation = ident(name)
    con.execute(
        f"CREATE OR REPLACE TABLE {relation} (_row BIGINT, {', '.join(f'{ident(c)} VARCHAR' for c in columns)})"
    )
    if rows:
        lists = [list(range(2, len(rows) + 2)), *columns.values()]
        con.execute(f"INSERT INTO {relation} SELECT {', '.join(['unnest(?)'] * len(lists))}", lists)
    return DecodedTable(name=name, rows=len(rows), columns=[DecodedColumn(name=c) for c in columns], relation=relation)


def one(con: duckdb.DuckDBPyConnection, header: str, values: list[str | None]) -> Any:
    return profile(con, table(con, "one", {header: values}))[0]


def wrong(truths: list[Truth], found: Inferred) -> list[str]:
    mistakes = []
    for truth, column in zip(truths, found.profiles, strict=True):
        want = (truth.type, truth.kind, truth.unit, truth.order, truth.pii, truth.enum)
        got = (column.type, column.kind, column.unit, column.order, column.pii, len(column.enum))
        if want != got or (truth.pattern and truth.pattern != column.pattern):
            mistakes.append(f"{truth.header}: wanted {want}, got {got} {column.pattern}")
    return mistakes


@pytest.mark.parametrize("seed", [7])
def test_dirty_city_tables_are_read_as_their_agencies_mean_them(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    mistakes, columns = [], 0
    for name, (truths, key) in TABLES.items():
        found = infer(con, build(con, name, 160, seed), dataset=name, filename=f"{name}.csv")
        mistakes += wrong(truths, found)
        columns += len(truths)
        assert found.contract.key == key, name
    assert columns == 65
    assert len(mistakes) <= 1, mistakes


@pytest.mark.parametrize("name", list(TABLES))
def test_a_draft_is_a_contract_without_mistakes(con: duckdb.DuckDBPyConnection, name: str) -> None:
    draft = infer(con, build(con, name, 60), dataset=name, filename=f"{name}.csv").contract
    assert load(dump(draft)) == draft
    assert [problem for problem in lint(dump(draft)) if problem.severity != "warning"] == []
    assert all(field.delivered for field in draft.fields)
    assert draft.cadence_days is None


def test_counts_are_exact_and_personal_data_is_not_shown(con: duckdb.DuckDBPyConnection) -> None:
    names = ["Nguyễn Văn An", "Trần Thị Bình", "Lê Hữu Châu", None] * 10
    column = one(con, "Họ và tên", names)
    assert (column.rows, column.distinct, column.nulls, column.pii) == (40, 3, 10, "name")
    assert all("Nguyễn" not in example for example in column.examples)
    assert column.examples[0] == "Xx Xxxx Xxxx" or set(column.examples[0]) <= set("Xx ")
    assert column.minimum is None


def test_a_land_line_is_personal_only_beside_a_person(con: duckdb.DuckDBPyConnection) -> None:
    lines, mobiles = (
        ["0234 3822 123", "+84 234 3822 124", "19001075"] * 4,
        ["0905 123 456", "+84 914 111 222", "0351234567"] * 4,
    )
    people = ["Nguyễn Văn An", "Trần Thị Bình", "Lê Hữu Châu"] * 4
    alone = profile(con, table(con, "alone", {"Điện thoại": lines, "Di động": mobiles}))
    beside = profile(con, table(con, "beside", {"Điện thoại": lines, "Họ và tên": people}))
    assert [column.pii for column in alone] == ["", "phone"]
    assert [column.pii for column in beside] == ["phone", "name"]
    assert alone[0].examples[0].startswith("0234") or alone[0].examples[0][0] in "+1"
    assert not any("3822" in example for example in beside[0].examples)


def test_large_tables_are_sampled_but_counted_exactly(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""CREATE OR REPLACE TABLE big AS SELECT i AS _row, 'HUE-' || lpad(i::VARCHAR, 6, '0') AS "Mã",
        CASE WHEN i % 100000 = 77 THEN 'Hiếm' ELSE ['Một', 'Hai', 'Ba'][1 + i % 3] END AS "Loại",
        CASE WHEN i % 10 > 0 THEN (i % 977)::VARCHAR END AS "Số lượng" FROM range(120000) r(i)""")
    columns = [DecodedColumn(name=name) for name in ("Mã", "Loại", "Số lượng")]
    found = infer(con, DecodedTable(name="big", columns=columns, relation="big"), dataset="big", filename="big.csv")
    code, kind, count = found.profiles
    assert (code.distinct, code.nulls, kind.distinct, count.distinct, count.nulls) == (120000, 0, 4, 977, 12000)
    assert found.contract.key == ("ma",)
    assert code.pattern == "^HUE-[0-9]{6}$"
    assert set(kind.enum) == {"Một", "Hai", "Ba"}, "what stands in fewer than two of a thousand rows is a mistake"
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_a_pair_of_columns_can_be_the_key(con: duckdb.DuckDBPyConnection) -> None:
    pairs = [(f"TR{i:03}", str(2015 + year)) for i in range(12) for year in range(6)]
    columns = {"Mã trường": [p[0] for p in pairs], "Năm học": [p[1] for p in pairs], "Số lớp": ["7"] * len(pairs)}
    found = infer(con, table(con, "pairs", columns), dataset="p", filename="p.csv").contract
    assert found.key == ("ma_truong", "nam_hoc")
    assert not any(field.unique for field in found.fields)


def test_a_running_number_is_no_key_and_no_measure_is(con: duckdb.DuckDBPyConnection) -> None:
    columns = {"STT": [str(i) for i in range(40)], "Diện tích (ha)": [f"{i},5" for i in range(40)]}
    assert infer(con, table(con, "run", columns), dataset="r", filename="r.csv").contract.key == ()


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("Ngày", ["13/02/2024", "01/02/2024", "02/03/2024"], ("date", "", "dmy")),
        ("Ngày", ["02/13/2024", "01/02/2024", "02/03/2024"], ("date", "", "mdy")),
        ("Ngày", ["11/02/2024", "01/02/2024", "02/03/2024"], ("date", "", "")),
        ("Ngày", ["13/02/2024", "02/13/2024", "02/03/2024"], ("date", "", "")),
        ("Ngày", ["2024-02-03", "2024-02-13", "2023-12-01"], ("date", "", "ymd")),
        ("Ngày cấp", ["45123", "45200", "44990"], ("date", "", "")),
        ("Số lượng", ["45123", "45200", "44990"], ("integer", "", "")),
        ("Cập nhật", ["2024-02-03 10:00:00", "2024-02-13T09:30:00", "2023-12-01 08:15"], ("timestamp", "", "ymd")),
        ("Giờ", ["07:30", "08:00", "17h30"], ("time", "", "")),
        ("Dân số", ["1.234", "12.500", "980"], ("integer", "", "")),
        ("Độ cao", ["1,25", "12,5", "980"], ("number", "quantity", "")),
        ("Giá", ["20.000 VND", "Miễn phí", "1.500.000 đồng"], ("integer", "money", "")),
        ("Mã xã", ["00123", "19753", "20011"], ("string", "code", "")),
        ("Mã", ["123", "19753", "20011"], ("string", "code", "")),
        ("Ma so thue", ["0301234565", "0100109106", "0100109106-001"], ("string", "tax_code", "")),
        ("cột a", ["an@hue.gov.vn", "b.c@gmail.com", "x@y.vn"], ("string", "email", "")),
        ("cột a", ["046099001234", "001201012345", "046301009876"], ("string", "citizen_id", "")),
        ("cột a", ["75A-123.45", "75B-543.21", "29C-111.22"], ("string", "plate", "")),
        ("cột a", ["0905123456", "0234 3822 123", "+84 914 111 222"], ("string", "phone", "")),
        ("Có mái che", ["x", "x", "x"], ("boolean", "", "")),
        ("Nữ", ["1", "0", "1"], ("boolean", "", "")),
        ("Toạ độ X", ["1823000.5", "1824111.2", "1825222.9"], ("number", "x", "")),
        ("toaDoX", ["16.463", "16.471", "16.455"], ("number", "latitude", "")),
        ("Vĩ độ", ["16°27'47\"N", "16°28'01\"N", "16°25'30\"N"], ("number", "latitude", "")),
        ("Kinh độ", ["16.463123", "16.471123", "16.455123"], ("number", "latitude", "")),
        ("Tên đường", ["Nguyễn Huệ", "Trần Hưng Đạo", "Lê Lợi"], ("string", "", "")),
        ("Chủ hộ", ["Nguyễn Huệ", "Trần Văn Đạo", "LÊ THỊ LỢI"], ("string", "person_name", "")),
        ("Ghi chú", ["-", "", "không có"], ("string", "", "")),
    ],
)
def test_single_columns(header: str, values: list[str], expected: tuple[str, str, str]) -> None:
    found = guess(values, read_header(header))
    assert (found.type, found.kind, found.order) == expected, found


def test_a_proven_order_may_have_a_few_contradictions() -> None:
    assert order_of(["13/01/2024"] * 30 + ["01/13/2024"])[0] == "dmy"
    assert order_of(["13/01/2024"] * 10 + ["01/13/2024"])[0] == ""


@pytest.mark.parametrize(
    ("header", "title", "unit"),
    [
        ("Diện tích (m²)", "Diện tích", "m2"),
        ("Diện tích\n(ha)", "Diện tích", "ha"),
        ("Công suất, kW", "Công suất", "kW"),
        ("Kinh phí (ĐVT: triệu đồng)", "Kinh phí", "triệu đồng"),
        ("Họ tên (in hoa)", "Họ tên (in hoa)", ""),
        ("", "", ""),
    ],
)
def test_headers_give_title_and_unit(header: str, title: str, unit: str) -> None:
    found = read_header(header)
    assert (found.title, found.unit) == (title, unit)


@given(st.lists(st.text(max_size=30), max_size=8))
@settings(max_examples=80, deadline=None)
def test_names_are_unique_and_plain(headers: list[str]) -> None:
    names = column_names(map(read_header, headers))
    assert len(set(names)) == len(headers)
    for name in names:
        assert name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit() and name != "_row"


def test_shapes_ignore_a_few_mistakes_and_refuse_loose_forms() -> None:
    assert shape_of([f"HUE-2024-{i:03}" for i in range(99)] + ["hue 24"])[0] == "^HUE-[0-9]{4}-[0-9]{3}$"
    assert shape_of([str(i) for i in range(200)]) == ("", 0.0)
    assert shape_of([f"Nhà số {i}" for i in range(20)]) == ("", 0.0)
    assert shape_of(["A1", "B2"]) == ("", 0.0)


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [], "b": []},
        {"a": [None, None]},
        {" ": ["1"], "  ": ["2"], "\n": ["3"]},
        {'a"b': ["1"], "'; DROP TABLE x; --": ["2"]},
        {"a": ["x" * 100_000]},
        {"a": ["\x00", "\ufffd", "=cmd|' /C calc'!A0"]},
    ],
)
def test_awkward_tables_give_a_contract(con: duckdb.DuckDBPyConnection, columns: dict[str, list[Any]]) -> None:
    found = infer(con, table(con, "awkward", columns), dataset="", filename="Bảng số 1.xlsx").contract
    assert len(found.fields) == len(columns)
    assert found.dataset == "bang-so-1"
    assert load(dump(found)) == found


def test_wide_tables_are_bounded(con: duckdb.DuckDBPyConnection) -> None:
    columns = {f"Cột {i}": [str(i), "2"] for i in range(250)}
    assert len(profile(con, table(con, "wide", columns))) == 250


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=15), st.from_regex(r"[0-9.,/-]{1,12}")), max_size=12),
    st.text(max_size=15),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_column_can_break_the_profile(values: list[str | None], header: str) -> None:
    safe = [value.replace("\x00", "") if value else value for value in values]
    with duckdb.connect() as fresh:
        column = one(fresh, header.replace("\x00", "") or "a", safe)
    assert 0 <= column.sure <= 1
    assert column.rows == len(values)
