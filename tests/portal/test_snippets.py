"""Snippets run as they are copied, and lose nothing of what the cells hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from nhip.portal.model import OpenColumn
from nhip.portal.snippets import snippets
from tests.portal.dcat.samples import ENTRY

ROOT = "https://data.example"
COLUMNS = [
    *(OpenColumn(name=name, type="text") for name in ("ma_tthc", "dien_thoai", "ma_xa", "ten", "ghi_chu", "dia_chi")),
    OpenColumn(name="so_dong", type="integer"),
]
CSV = (
    "ma_tthc,dien_thoai,ma_xa,ten,ghi_chu,dia_chi,so_dong\n"
    "1.000280,+842343150694,00123,An,,,7\n"
    "1.000010,02343822111,,Bình,,,8\n"
)


def text_of(title: str, columns: list[OpenColumn]) -> str:
    entry = msgspec.structs.replace(ENTRY, columns=columns)
    return next(one.text for one in snippets(ROOT, entry) if one.title == title)


def test_pandas_keeps_codes_and_telephones(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(CSV, encoding="utf-8")
    text = text_of("Python", COLUMNS).replace(f"{ROOT}/dataset/{ENTRY.name}/export.csv", str(file))
    made: dict[str, Any] = {}
    exec(text, made)
    rows: pd.DataFrame = made["du_lieu"]
    assert rows["ma_tthc"].tolist() == ["1.000280", "1.000010"]
    assert rows["dien_thoai"].tolist() == ["+842343150694", "02343822111"]
    assert rows["ma_xa"][0] == "00123" and pd.isna(rows["ma_xa"][1])
    assert rows["so_dong"].sum() == 15


def test_r_is_told_which_columns_are_text() -> None:
    text = text_of("R", COLUMNS)
    assert text.startswith('chu <- c("ma_tthc", "dien_thoai"') and '"so_dong"' not in text
    assert 'colClasses = setNames(rep("character", length(chu)), chu)' in text
    assert text.count("(") == text.count(")")


def test_without_text_there_is_nothing_to_name() -> None:
    assert "chu" not in text_of("Python", COLUMNS[-1:]) and "chu <-" not in text_of("R", COLUMNS[-1:])
