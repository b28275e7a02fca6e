"""The large file of the benchmarks: Vietnamese dossiers, 16 columns, 1 % dirty cells, the same bytes for the same seed.

One SQL statement makes it: every cell is a function of (seed, row, column), so that 200,000 or 20,000,000 rows need no more
memory than one batch. `contract` and `table_schema` say the same 23 rules in ODCS and in Table Schema words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from nhip.datasets.contract.model import Contract, Field, RowRule
from nhip.datasets.contract.yaml import dump

# ruff: noqa: E501  the SQL of a column reads best in one line
SEED = 20261121
ROW_RULE = "ngay_tra_dung_han"
FORMULA = "ngay_nop is None or ngay_tra is None or ngay_tra >= ngay_nop"

_SYLLABLES = (
    "an ninh bình chánh châu cường dũng đức giang hà hạnh hiếu hòa hoàng hùng hương khánh khoa kiên lan liên linh loan long mai "
    "minh nam nga ngân ngọc nguyên nhung phong phúc phương quang quân quốc sơn tâm thanh thảo thắng thịnh thủy thúy tiến trang trí "
    "trung tú tuấn tùng vân việt vinh xuân yến đường phố chợ cầu bến thành kim phú thuận lộc vĩ dạ hương sơ trường bắc đông tây"
)
_FAMILIES = "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Tôn Thất Công Tằng"
_STATES = ("Mới nhận", "Đang xử lý", "Chờ bổ sung", "Đã trả kết quả", "Đã hủy")
_CHANNELS = ("Trực tuyến", "Trực tiếp", "Bưu chính")
_GENDERS = ("Nam", "Nữ", "Khác")

_CLEAN = {
    "ma_ho_so": "'H57-' || lpad(CAST(i AS VARCHAR), 9, '0')",
    "ho_ten": "family(i, 1) || ' ' || word(i, 2) || ' ' || word(i, 3)",
    "ngay_sinh": "CAST(DATE '1940-01-01' + CAST(rnd(i, 4) % 24000 AS INTEGER) AS VARCHAR)",
    "gioi_tinh": "gender(i, 5)",
    "so_dien_thoai": "'09' || lpad(CAST(rnd(i, 6) % 100000000 AS VARCHAR), 8, '0')",
    "thu_dien_tu": "'cd' || CAST(rnd(i, 7) % 9000000 AS VARCHAR) || '@hue.vn'",
    "dia_chi": "CAST(1 + rnd(i, 8) % 400 AS VARCHAR) || ' ' || word(i, 9) || ' ' || word(i, 10) || ', Phường ' || word(i, 11) || ' ' || word(i, 12) || ', Huế'",
    "trang_thai": "state(i, 13)",
    "kenh": "channel(i, 14)",
    "ngay_nop": "CAST(DATE '2023-01-01' + CAST(rnd(i, 15) % 1200 AS INTEGER) AS VARCHAR)",
    "ngay_tra": "CAST(DATE '2023-01-01' + CAST(rnd(i, 15) % 1200 + rnd(i, 16) % 40 AS INTEGER) AS VARCHAR)",
    "dien_tich": "CAST(CAST(10 + (rnd(i, 17) % 99000) / 100 AS DECIMAL(9, 2)) AS VARCHAR)",
    "le_phi": "CAST((rnd(i, 18) % 400) * 5000 AS VARCHAR)",
    "vi_do": "CAST(CAST(16.0 + (rnd(i, 19) % 700000) / 1000000 AS DECIMAL(9, 6)) AS VARCHAR)",
    "kinh_do": "CAST(CAST(107.0 + (rnd(i, 20) % 1200000) / 1000000 AS DECIMAL(9, 6)) AS VARCHAR)",
    "ghi_chu": "word(i, 21) || ' ' || word(i, 22) || ' ' || word(i, 23)",
}
_DIRTY = {
    "ma_ho_so": "CASE rnd(i, 91) % 3 WHEN 0 THEN NULL WHEN 1 THEN 'H57-' || lpad(CAST(i // 2 AS VARCHAR), 9, '0') ELSE 'HS ' || i END",
    "ho_ten": "NULL",
    "ngay_sinh": "CASE rnd(i, 92) % 3 WHEN 0 THEN '15-3-19' WHEN 1 THEN '30/02/1975' ELSE 'không rõ' END",
    "gioi_tinh": "CASE rnd(i, 93) % 2 WHEN 0 THEN 'nam' ELSE 'F' END",
    "so_dien_thoai": "CASE rnd(i, 94) % 2 WHEN 0 THEN '0234' ELSE 'xin số' END",
    "thu_dien_tu": "CASE rnd(i, 95) % 2 WHEN 0 THEN 'không có' ELSE 'a@b' END",
    "dia_chi": "NULL",
    "trang_thai": "CASE rnd(i, 96) % 3 WHEN 0 THEN 'dang xu ly' WHEN 1 THEN 'Xong' ELSE NULL END",
    "kenh": "'Qua điện thoại'",
    "ngay_nop": "CASE rnd(i, 97) % 3 WHEN 0 THEN NULL WHEN 1 THEN '31-4-24' ELSE '2035-01-01' END",
    "ngay_tra": "CASE rnd(i, 98) % 2 WHEN 0 THEN '2022-06-01' ELSE 'chưa' END",
    "dien_tich": "CASE rnd(i, 99) % 2 WHEN 0 THEN '-5' ELSE 'rộng' END",
    "le_phi": "CASE rnd(i, 100) % 2 WHEN 0 THEN '99000000' ELSE 'xin miễn' END",
    "vi_do": "'107.58'",
    "kinh_do": "'16.46'",
    "ghi_chu": "rtrim(repeat('ghi chú dài ', 20))",
}


def write(path: Path, rows: int, seed: int = SEED) -> Path:
    """Write the CSV of `rows` rows to `path` unless it is there; about 220 bytes a row."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with duckdb.connect(config={"threads": 2, "memory_limit": "700MB"}) as con:
        for macro in _macros(seed):
            con.execute(macro)
        cells = ", ".join(
            f'CASE WHEN rnd(i, {200 + place}) % 100 = 0 THEN {_DIRTY[name]} ELSE {clean} END AS "{name}"'
            for place, (name, clean) in enumerate(_CLEAN.items())
        )
        con.execute(
            f"COPY (SELECT {cells} FROM (SELECT range AS i FROM range({rows}))) TO '{partial}' (HEADER, DELIMITER ',')"
        )
    partial.rename(path)
    return path


def names() -> Sequence[str]:
    """The file's columns in order."""
    return tuple(_CLEAN)


def _macros(seed: int) -> list[str]:
    choices: dict[str, Sequence[str]] = {
        "word": [syllable.capitalize() for syllable in _SYLLABLES.split()],
        "family": _FAMILIES.split(),
        "state": _STATES,
        "channel": _CHANNELS,
        "gender": _GENDERS,
    }
    yield_one = "CREATE TEMP MACRO {name}(i, n) AS [{items}][1 + rnd(i, n) % {count}]"
    return [
        f"CREATE TEMP MACRO rnd(i, n) AS CAST(hash(i * 1000 + n, {seed}) >> 2 AS BIGINT)",
        *(
            yield_one.format(name=name, items=", ".join(f"'{item}'" for item in items), count=len(items))
            for name, items in choices.items()
        ),
    ]


def contract() -> str:
    """The 23 rules as ODCS: 2 required, 1 unique, 3 patterns, 3 enums, 7 types, limits of 5 columns, 1 length, 1 row rule."""
    fields = (
        Field(name="ma_ho_so", required=True, unique=True, pattern=r"H57-\d{9}"),
        Field(name="ho_ten", kind="person_name"),
        Field(name="ngay_sinh", type="date", format="yyyy-MM-dd"),
        Field(name="gioi_tinh", enum=_GENDERS),
        Field(name="so_dien_thoai", pattern=r"0\d{9}"),
        Field(name="thu_dien_tu", pattern=r"[^@\s]+@[^@\s]+\.[a-z]+"),
        Field(name="dia_chi"),
        Field(name="trang_thai", enum=_STATES),
        Field(name="kenh", enum=_CHANNELS),
        Field(name="ngay_nop", type="date", required=True, format="yyyy-MM-dd", maximum="2030-01-01"),
        Field(name="ngay_tra", type="date", format="yyyy-MM-dd"),
        Field(name="dien_tich", type="number", minimum=0.0),
        Field(name="le_phi", type="integer", maximum=50_000_000.0),
        Field(name="vi_do", type="number", maximum=24.0),
        Field(name="kinh_do", type="number", minimum=102.0),
        Field(name="ghi_chu", max_length=100),
    )
    rule = RowRule(name=ROW_RULE, holds="ngay_tra >= ngay_nop")
    return dump(Contract(id="bench", version="1.0.0", dataset="ho-so", fields=fields, row_rules=(rule,)))


def table_schema() -> dict[str, Any]:
    """The same rules as a Table Schema of frictionless; the row rule is `FORMULA`."""
    limits: dict[str, tuple[str, dict[str, Any]]] = {
        "ma_ho_so": ("string", {"required": True, "unique": True, "pattern": r"H57-\d{9}"}),
        "ho_ten": ("string", {}),
        "ngay_sinh": ("date", {}),
        "gioi_tinh": ("string", {"enum": list(_GENDERS)}),
        "so_dien_thoai": ("string", {"pattern": r"0\d{9}"}),
        "thu_dien_tu": ("string", {"pattern": r"[^@\s]+@[^@\s]+\.[a-z]+"}),
        "dia_chi": ("string", {}),
        "trang_thai": ("string", {"enum": list(_STATES)}),
        "kenh": ("string", {"enum": list(_CHANNELS)}),
        "ngay_nop": ("date", {"required": True, "maximum": "2030-01-01"}),
        "ngay_tra": ("date", {}),
        "dien_tich": ("number", {"minimum": 0}),
        "le_phi": ("integer", {"maximum": 50_000_000}),
        "vi_do": ("number", {"maximum": 24}),
        "kinh_do": ("number", {"minimum": 102}),
        "ghi_chu": ("string", {"maxLength": 100}),
    }
    return {"fields": [{"name": name, "type": kind, "constraints": rules} for name, (kind, rules) in limits.items()]}
