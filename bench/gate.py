"""The publication gate: how many of planted identifiers it finds, how often it is wrong on the model city's clean public data,
and what a look at a large table costs.

    .venv/bin/python -m bench gate [--quick]

Identifiers come from the model city's makers of columns and from forms written down here, in sentences as officials write them,
never from the recognisers' own patterns. CPU seconds are those of this process, DuckDB's threads included.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import numpy as np

from bench.results import record
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident
from nhip.datasets.personal import protection_of
from nhip.kernel.text import fold
from nhip.modelcity import fields as f
from nhip.modelcity import words
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.contracts import contract as contract_of
from nhip.modelcity.good import base
from nhip.modelcity.model import Draw, Table
from nhip.portal.gate.anonymity import anonymity_of
from nhip.portal.gate.policy import policy_at
from nhip.portal.gate.service import examine
from nhip.portal.model import OpenColumn

SENTENCES = (
    "{}",
    "{}.",
    "Liên hệ {} để biết thêm",
    "đã xác minh ({})",
    "Hồ sơ số 12, {}; đủ giấy tờ",
    "gặp {}, sau 17 giờ",
)
DAY = date(2026, 11, 22)
TYPES = {"string": "text", "integer": "integer", "number": "number", "date": "date", "boolean": "boolean"}
NATIVE = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "boolean": "BOOLEAN"}


def run(quick: bool) -> None:
    """Measure all three and record them as `gate`."""
    found = recall(200 if quick else 5_000)
    city = false_alarms(200 if quick else 5_000)
    large = speed(200_000 if quick else 2_000_000)
    record("gate", {**large, "recall": found, "city": city})


def _draw(rows: int) -> Draw:
    return Draw(rng=np.random.default_rng(7), rows=rows, as_of=DAY, table={}, keys={})


def _made(column: Any, rows: int) -> list[str]:
    return [str(value) for value in column.make(_draw(rows))]


def _forms(rows: int) -> Iterator[tuple[str, list[str]]]:
    """What is planted: the recogniser that has to find it, and as many forms of it."""
    pick = random.Random(7)
    citizens, mobiles = _made(f.citizen(), rows), _made(f.phone(mobile=True), rows)
    names = words.people(np.random.default_rng(8), rows)
    digits: Callable[[int], str] = lambda n: "".join(str(pick.randrange(10)) for _ in range(n))  # noqa: E731
    yield "citizen_id", [pick.choice((c, f"{c[:3]} {c[3:6]} {c[6:9]} {c[9:]}", f"CCCD {c}")) for c in citizens]
    yield (
        "phone",
        [pick.choice((m, f"{m[:4]} {m[4:7]} {m[7:]}", f"+84{m[1:]}", f"ĐT: {m[:4]}.{m[4:]}")) for m in mobiles],
    )
    yield "old_citizen_id", [f"CMND {digits(9)}" for _ in range(rows)]
    yield "passport", [f"hộ chiếu {pick.choice('BCNP')}{digits(7)}" for _ in range(rows)]
    yield "social_insurance", [f"số BHXH {digits(10)}" for _ in range(rows)]
    yield (
        "health_insurance",
        [f"thẻ BHYT {pick.choice(('DN', 'GD', 'HS', 'TE'))}{pick.randrange(1, 6)}46{digits(10)}" for _ in range(rows)],
    )
    yield "bank_account", [f"STK {digits(pick.randrange(9, 15))}" for _ in range(rows)]
    yield "personal_tax_code", [f"MST cá nhân 8{digits(9)}" for _ in range(rows)]
    yield "email", [f"{fold(name).replace(' ', '.')}@gmail.com" for name in names]
    yield "plate", _made(f.plate(), rows)
    yield "name_birth", [f"{name}, sinh năm {pick.randrange(1930, 2015)}" for name in names]
    yield "home_address", [f"thường trú: {pick.randrange(1, 300)} Lê Lợi, Vỹ Dạ" for _ in range(rows)]


def recall(rows: int) -> dict[str, float]:
    """Share of planted cells in which the right recogniser found something."""
    shares, pick = {}, random.Random(9)
    with duckdb.connect() as con:
        for what, forms in _forms(rows):
            cells = [pick.choice(SENTENCES).format(form) for form in forms]
            con.execute("create or replace table t as select unnest(?) as ghi_chu", [cells])
            report = examine(con, "t", [OpenColumn(name="ghi_chu", type="text")], None)
            hits = {s.what: s.cells for s in report.suspicions}
            shares[what] = round(hits.get(what, 0) / len(cells), 4)
    return shares


def false_alarms(most_rows: int) -> dict[str, Any]:
    """Clean tables of the model city's public datasets, as they would be proposed: which stay closed, and for what."""
    keys: dict[str, Table] = {}
    cells, refused, blocked = 0, [], Counter[str]()
    warns = policy_at(DAY).warns
    with duckdb.connect() as con:
        for spec in DATASETS:
            table = keys[spec.slug] = base(replace(spec, rows=min(spec.rows, most_rows)), keys, 46, DAY)
            contract = contract_of(spec)
            if spec.classification != "public":
                continue
            report, looked = _examined(con, table, contract)
            cells += looked
            if not report.open:
                refused.append(spec.slug)
                blocked.update(f"{s.what}:{s.column}" for s in report.suspicions if s.what not in warns)
    return {"cells": cells, "datasets_closed": refused, "because": dict(blocked)}


def _examined(con: duckdb.DuckDBPyConnection, table: Table, contract: Contract) -> tuple[Any, int]:
    private = protection_of(contract).private
    kept = [field for field in contract.fields if field.name not in private]
    columns = [_column(field) for field in kept]
    parts = [f"unnest(?)::{NATIVE[column.type]} as {ident(column.name)}" for column in columns]
    values = [[None if cell is None else str(cell) for cell in table[field.name]] for field in kept]
    con.execute(f"create or replace table t as select {', '.join(parts)}", values)
    return examine(con, "t", columns, contract, contract.fields), sum(map(len, values))


def _column(field: Field) -> OpenColumn:
    return OpenColumn(
        name=field.name, type=TYPES.get(field.type, "text"), kind=field.kind, title=field.title, title_en=field.title_en
    )


WIDE = """
create table t as select 'T' || i as ma, 'Trạm số ' || i || ' đường Lê Lợi' as ten,
  (i % 300) || ' Nguyễn Huệ, phường Vĩnh Ninh' as dia_chi,
  case when i % 3 = 0 then 'đã kiểm tra ngày ' || (1 + i % 28) || '/05/2026, còn tốt' end as ghi_chu,
  '2026-01-' || (10 + i % 19) as ngay, (i * 1000)::varchar as tien,
  16.4 + (i % 9000) / 100000 as vi_do, 107.5 + (i % 8000) / 100000 as kinh_do, i * 7919 as so,
  'Phường ' || (i % 40) as phuong, ['bê tông', 'thép', 'gỗ'][1 + i % 3] as loai, i % 2 = 0 as mai_che,
  1950 + (i * 37) % 60 as nam_sinh, ['Nam', 'Nữ'][1 + (i // 7) % 2] as gioi_tinh,
  ['Kinh', 'Tà Ôi', 'Cơ Tu'][1 + (i // 11) % 3] as dan_toc, ['nghe', 'nhìn', 'vận động', 'nói'][1 + (i // 13) % 4] as dang_tat
from range(?) r(i)
"""
KINDS = {"vi_do": "latitude", "kinh_do": "longitude", "phuong": "commune", "dia_chi": "address", "ma": "code"}
_TOLD = {"VARCHAR": "text", "BIGINT": "integer", "INTEGER": "integer", "BOOLEAN": "boolean"}


def speed(rows: int) -> dict[str, Any]:
    """One look at a wide table of `rows`, all cells; and k and l alone over four columns."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(WIDE, [rows])
        described = con.execute("describe t").fetchall()
        columns = [OpenColumn(name=n, type=_TOLD.get(k, "number"), kind=KINDS.get(n, "")) for n, k, *_ in described]
        cpu, wall, report = _timed(lambda: examine(con, "t", columns, None))
        assert report.quasi and report.k is not None
        groups = ["nam_sinh", "gioi_tinh", "phuong", "dan_toc"]
        k_cpu, k_wall, found = _timed(lambda: anonymity_of(con, "t", groups, ["dang_tat"], 5))
        assert found.k and found.l
    per = {"rows_per_cpu_s": round(rows / cpu), "rows_per_s": round(rows / wall)}
    return {
        "rows": rows,
        "columns": len(columns),
        "cpu_s": cpu,
        "wall_s": wall,
        "k_l_cpu_s": k_cpu,
        "k_l_wall_s": k_wall,
        **per,
    }


def _timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return round(time.process_time() - cpu, 2), round(time.perf_counter() - wall, 2), result
