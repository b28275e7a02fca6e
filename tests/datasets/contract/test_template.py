"""The Excel template: contract -> template -> contract, and every wrong cell named."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.datasets.contract import template_read
from nhip.datasets.contract.errors import TemplateInvalid, TemplateTooLong, TemplateUnreadable
from nhip.datasets.contract.lint_field import KINDS
from nhip.datasets.contract.model import Contract, Field, Reference, RowRule
from nhip.datasets.contract.template import read_template, write_template
from nhip.datasets.contract.template_layout import (
    COLUMN_ENTRIES,
    COLUMNS,
    DATASET,
    DATASET_ENTRIES,
    EXAMPLE,
    LINKS,
    RULES,
)
from nhip.datasets.contract.template_layout import KINDS as OFFERED
from nhip.kernel.text import nfc

from .strategies import SEVERITIES

LINE = (
    st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=12).map(nfc).map(str.strip)
)
FILLED = LINE.filter(bool)
LINES = st.lists(FILLED, max_size=3).map(tuple)
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
CLASS = st.sampled_from(["", "public", "internal", "personal", "sensitive"])
COUNT = st.one_of(st.none(), st.integers(0, 10**9))
FLOAT = st.one_of(st.none(), st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: value + 0.0))
LIMIT = {
    "integer": FLOAT,
    "number": FLOAT,
    "date": st.one_of(st.none(), st.dates(min_value=datetime.date(1900, 1, 1)).map(lambda day: day.isoformat())),
}


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    kind = draw(st.sampled_from(["string", "integer", "number", "boolean", "date", "timestamp", "time"]))
    limit = LIMIT.get(kind, st.none())
    return Field(
        name=name, type=kind, kind=draw(st.sampled_from(["", *sorted(KINDS)])), delivered=draw(LINES), title=draw(LINE),
        title_en=draw(LINE), description=draw(LINE), required=draw(st.booleans()), unique=draw(st.booleans()),
        primary_key=draw(st.integers(0, 2)), pattern=draw(st.sampled_from(["", "^[A-Z]+$", "^TH[0-9]{3}$"])), enum=draw(LINES),
        minimum=draw(limit), maximum=draw(limit), exclusive_minimum=draw(limit), exclusive_maximum=draw(limit),
        multiple_of=draw(st.one_of(st.none(), st.floats(0.001, 100))), min_length=draw(COUNT), max_length=draw(COUNT),
        format=draw(LINE), order=draw(st.sampled_from(["", "dmy", "mdy", "ymd"])), unit=draw(LINE), crs=draw(LINE),
        classification=draw(CLASS), severity=draw(st.dictionaries(NAME, SEVERITIES, max_size=2)),
    )  # fmt: skip


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique=True))
    some = st.lists(st.sampled_from(names), min_size=1, max_size=2).map(tuple)
    rule = st.builds(
        RowRule, name=FILLED, holds=st.just(f"{names[0]} IS NOT NULL"), description=LINE, severity=SEVERITIES
    )
    near = draw(some)
    link = Reference(columns=near, to_dataset=draw(FILLED), to_columns=tuple("k" for _name in near))
    return Contract(
        id=draw(FILLED), version=draw(FILLED), dataset=draw(FILLED), table=draw(LINE), title=draw(LINE), title_en=draw(LINE),
        description=draw(LINE), status=draw(st.sampled_from(["draft", "active", "retired"])),
        fields=tuple(draw(fields(name)) for name in names), row_rules=tuple(draw(st.lists(rule, max_size=2))),
        references=(link,) if draw(st.booleans()) else (), duplicate_keys=tuple(draw(st.lists(some, max_size=2))),
        min_rows=draw(COUNT), max_rows=draw(COUNT), drift_rows_percent=draw(st.one_of(st.none(), st.floats(0, 100))),
        cadence_days=draw(st.sampled_from([None, 1.0, 7.0, 31.0, 92.0, 366.0, 0.25, 45.0])), province=draw(LINE),
        classification=draw(CLASS), owner=draw(LINE), licence=draw(LINE), tags=draw(LINES),
    )  # fmt: skip


@given(contracts())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_the_template_holds_comes_back(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> None:
    path = tmp_path_factory.mktemp("t") / "t.xlsx"
    write_template(path, contract)
    assert read_template(path) == contract


Grid = dict[str, list[list[Any]]]


def grid(path: Path) -> Grid:
    with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
        return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def save(path: Path, sheets: Grid) -> Path:
    """Write values as a spreadsheet program stores what is typed: numbers, dates and booleans as such."""
    with xlsxwriter.Workbook(str(path)) as book:
        as_date = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, values in enumerate(rows):
                for place, value in enumerate(values):
                    if isinstance(value, datetime.date):
                        sheet.write_datetime(row, place, value, as_date)
                    elif value != "":
                        sheet.write(row, place, value)
    return path


def edited(path: Path, cells: dict[str, Any]) -> Path:
    """The template of a small contract with some cells changed."""
    base = Contract(
        id="x", version="1", dataset="x", fields=(Field(name="ma", title="Mã"), Field(name="so", type="integer"))
    )
    write_template(path, base)
    sheets = grid(path)
    for where, value in cells.items():
        sheet, _sign, address = where.partition("!")
        row, place = int(address[1:]) - 1, ord(address[0]) - ord("A")
        rows = sheets[sheet]
        rows += [[] for _new in range(row + 1 - len(rows))]
        rows[row] += [""] * (place + 1 - len(rows[row]))
        rows[row][place] = value
    return save(path, sheets)


def column(key: str, row: int) -> str:
    letters = [chr(ord("A") + place) for place in range(26)]
    return f"{COLUMNS}!{letters[[entry.key for entry in COLUMN_ENTRIES].index(key)]}{row}"


def line(key: str) -> str:
    return f"{DATASET}!B{[entry.key for entry in DATASET_ENTRIES].index(key) + 2}"


WRONG = {
    column("type", 3): "Chuỗi ký tự",
    column("kind", 3): "Màu sắc",
    column("required", 4): "có lẽ",
    column("primary_key", 4): "đầu tiên",
    column("minimum", 4): "ít",
    column("min_length", 4): "2.5",
    column("pattern", 4): "(?=a)",
    column("severity", 4): "enum: nặng",
    column("name", 4): "ma",
    line("cadence_days"): "thỉnh thoảng",
    line("min_rows"): "-5",
    line("duplicate_keys"): "ma, khong_co",
    f"{RULES}!A3": "quy_tac",
    f"{RULES}!B3": "khong_co > 1",
    f"{LINKS}!A3": "khong_co",
    f"{LINKS}!B3": "xa",
    f"{LINKS}!C3": "a\nb",
}


def test_every_wrong_cell_is_told_at_once_with_its_address(tmp_path: Path) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        read_template(edited(tmp_path / "t.xlsx", WRONG))
    told = {problem.path for problem in caught.value.problems}
    assert told == set(WRONG) - {f"{RULES}!A3", f"{LINKS}!B3", f"{LINKS}!C3"}
    assert f"{line('cadence_days')}: expected Hằng ngày" in str(caught.value)


def test_what_excel_makes_of_typed_values_is_understood(tmp_path: Path) -> None:
    cells = {
        column("enum", 3): 1,
        column("required", 3): True,
        column("unique", 3): "Có",
        column("primary_key", 3): 1,
        column("type", 4): "date",
        column("minimum", 4): datetime.date(2020, 1, 31),
        column("maximum", 4): "31/12/2025",
        line("cadence_days"): "hang thang",
        line("drift_rows_percent"): "12,5",
        line("tags"): "a\nb\n\n c ",
    }
    found = read_template(edited(tmp_path / "t.xlsx", cells))
    first, second = found.fields
    assert (first.enum, first.required, first.unique, first.primary_key) == (("1",), True, True, 1)
    assert (second.type, second.minimum, second.maximum) == ("date", "2020-01-31", "2025-12-31")
    assert (found.cadence_days, found.drift_rows_percent, found.tags) == (31, 12.5, ("a", "b", "c"))


def test_the_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    with pytest.raises(TemplateInvalid) as caught:
        read_template(tmp_path / "t.xlsx")
    assert {problem.path for problem in caught.value.problems} == {f"{DATASET}!B2", f"{COLUMNS}!A3"}


def test_headings_may_move_but_not_be_invented(tmp_path: Path) -> None:
    path = edited(tmp_path / "t.xlsx", {f"{COLUMNS}!Z1": "Màu"})
    with pytest.raises(TemplateInvalid, match="heading"):
        read_template(path)
    sheets = grid(edited(tmp_path / "u.xlsx", {}))
    sheets[COLUMNS] = [["", *row[:2], *row[3:]] for row in sheets[COLUMNS]]
    assert [field.name for field in read_template(save(tmp_path / "u.xlsx", sheets)).fields] == ["ma", "so"]


def test_the_template_helps_those_who_fill_it_in(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    sheets = grid(tmp_path / "t.xlsx")
    assert sum(1 for row in sheets[EXAMPLE][2:] if row[0]) >= 5
    assert len({heading for heading in sheets[COLUMNS][0] if heading}) == 25
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        columns = archive.read(f"xl/worksheets/sheet{list(sheets).index(COLUMNS) + 1}.xml").decode()
    assert re.search(r'<pane xSplit="1" ySplit="2" topLeftCell="B3"[^>]*state="frozen"', columns)
    assert columns.count('type="list"') >= 4
    assert {value for _label, value in OFFERED} == KINDS


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    contract = Contract(
        id="=1+1", version="1", dataset="x", title="=HYPERLINK(1)", fields=(Field(name="a", title="@SUM(1)"),)
    )
    write_template(tmp_path / "t.xlsx", contract)
    assert read_template(tmp_path / "t.xlsx") == contract
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 7
    assert not any("<f>" in sheet.split("<dataValidations")[0] or "<hyperlink" in sheet for sheet in sheets)


def test_a_list_too_long_for_a_cell_is_refused(tmp_path: Path) -> None:
    contract = Contract(
        id="x", version="1", dataset="x", fields=(Field(name="a", enum=tuple(f"v{i}" * 5 for i in range(5000))),)
    )
    with pytest.raises(TemplateTooLong):
        write_template(tmp_path / "t.xlsx", contract)


def test_what_is_no_template_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_read, "MAX_UNPACKED_MB", 1)
    plain = tmp_path / "a.xlsx"
    plain.write_text("ma,so\n1,2\n")
    other = tmp_path / "b.xlsx"
    save(other, {"Sheet1": [["a", 1]]})
    bomb = tmp_path / "c.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 1_100_000)
    empty = tmp_path / "d.xlsx"
    empty.write_bytes(b"")
    for path in (plain, other, bomb, empty):
        with pytest.raises(TemplateUnreadable):
            read_template(path)
