"""How quick the portal's search is at 10,000 and 100,000 datasets, and the rows API on 2,000,000 rows."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from bench import results
from nhip.db.database import Connection, Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.db.objects import Objects
from nhip.kernel.ids import new_id
from nhip.kernel.text import fold, sort_key
from nhip.kernel.time import now
from nhip.parts import prepare_database
from nhip.portal.model import Entry, GateReport, OpenColumn, Release
from nhip.portal.rows.parse import Columns, read_ask
from nhip.portal.rows.service import find_rows
from nhip.portal.rows.warm import Warm
from nhip.portal.search import read_wanted, search
from nhip.settings import Settings

SUBJECTS = [
    "Trạm xe buýt",
    "Trường học",
    "Cơ sở y tế",
    "Chợ",
    "Di tích",
    "Cây xanh",
    "Đèn đường",
    "Bãi đỗ xe",
    "Điểm ngập",
    "Chất lượng không khí",
    "Doanh nghiệp",
    "Hợp tác xã",
    "Quy hoạch sử dụng đất",
    "Đăng ký kết hôn",
    "Giá đất",
    "Thủ tục hành chính",
    "Cầu đường bộ",
    "Hồ chứa",
    "Nước sinh hoạt",
    "Rác thải",
]
PLACES = [
    "Thuận Hóa",
    "Phú Xuân",
    "Hương Thủy",
    "Vỹ Dạ",
    "Kim Long",
    "An Cựu",
    "Phong Điền",
    "Hương Trà",
    "A Lưới",
    "Quảng Điền",
    "Phú Vang",
    "Nam Đông",
]
KINDS = ["Danh sách", "Số liệu", "Bản đồ", "Thống kê", "Kết quả", "Báo cáo"]
AGENCIES = [f"000.{n:02}.10.H57" for n in range(40)]
THEMES = ["Giao thông", "Giáo dục", "Y tế", "Môi trường", "Kinh tế", "Đất đai", "Văn hóa", "Nông nghiệp"]
QUERIES = (
    *(
        "xe buyt",
        "trạm xe buýt",
        "truong hoc phu xuan",
        "chợ",
        "cho",
        "dữ liệu",
        "danh sách",
        "di tich kim long",
        "quy ho",
        "nuoc",
    ),
    *("thống kê doanh nghiệp 2024", "xe byut", "truogn hoc", "khongcogi", ""),
)
NARROW = (
    "",
    "&theme=Y tế",
    f"&agency={AGENCIES[3]}",
    "&format=geojson&year=2025",
    "&virtue=live",
    "&sort=title&page=3",
)
COLUMNS = [OpenColumn(name=f"cot_{n}", type="text", title=f"Cột số {n}") for n in range(12)]


def entry(number: int, chance: random.Random) -> Entry:
    """A made-up dataset with the words and lengths of real ones."""
    subject, place, kind = chance.choice(SUBJECTS), chance.choice(PLACES), chance.choice(KINDS)
    title = f"{kind} {subject.lower()} {place} năm {chance.randrange(2018, 2027)}"
    words = " ".join(chance.choice(SUBJECTS + PLACES).lower() for _ in range(40))
    agency = chance.choice(AGENCIES)
    return Entry(
        dataset_id=new_id(), name=f"bo-{number}", title=title, title_en=f"Dataset {number}", description=f"Dữ liệu về {words}.",
        agency_code=agency, agency_name=f"Sở số {agency[4:6]}", agency_name_en=f"Department {agency[4:6]}",
        theme=chance.choice(THEMES), keywords=[subject.lower(), place.lower()],
        formats=["csv", "xlsx", "json", "parquet", *(["geojson"] if chance.random() < 0.3 else [])], places=["46"],
        licence="cc-by-4.0", contact="so@hue.example", cadence="MONTHLY", release_no=1, row_count=chance.randrange(10, 100_000),
        bytes=10_000, columns=COLUMNS, virtues={"live": chance.random() * 100, "clean": 95.0}, score=360, issued=now(),
        modified=now(), as_of=now().replace(year=chance.randrange(2020, 2027), month=3, day=1),
    )  # fmt: skip


async def fill(tx: Connection, count: int) -> None:
    """Put `count` made-up entries into the catalogue, by COPY."""
    chance = random.Random(46)
    made = [entry(number, chance) for number in range(count)]
    await tx.execute("alter table portal.entry drop constraint entry_dataset_id_fkey")
    names = [n for n in Entry.__struct_fields__ if n != "score"]
    columns = ", ".join([*names, "sort", "folded", "words"])
    async with tx.cursor().copy(f"copy portal.entry ({columns}) from stdin") as copy:
        for one in made:
            await copy.write_row(_row(one, names))
    await tx.execute("analyze portal.entry")


def _row(one: Entry, names: list[str]) -> list[Any]:
    import msgspec

    kept = {n: getattr(one, n) for n in names}
    kept["columns"] = msgspec.json.encode(one.columns).decode()
    kept["virtues"] = msgspec.json.encode(one.virtues).decode()
    first = f"{one.title} {one.title_en} {one.name}"
    about = f"{' '.join(one.keywords)} {one.agency_name} {one.agency_name_en} {one.theme}"
    vector = " ".join(f"{part}:{place}{weight}" for place, (part, weight) in enumerate(_weighed(first, about, one), 1))
    return [*kept.values(), sort_key(one.title), fold(f"{first} {about}")[:2_000], vector]


def _weighed(first: str, about: str, one: Entry) -> list[tuple[str, str]]:
    texts = {"A": first, "B": about, "C": f"{one.description} {' '.join(c.title for c in one.columns)}"}
    weights: dict[str, str] = {}
    for weight, text in texts.items():
        for word in re.findall(r"\w+", f"{text.lower()} {fold(text)}".replace("_", " ")):
            weights.setdefault(word, weight)
    return list(weights.items())


async def quantiles(
    work: list[Callable[[], Awaitable[Any]]], warm: int = 5, cpu: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Milliseconds that each piece of work takes: median, p95, longest; and p95 of its CPU time, which others' work does not
    lengthen. `cpu` gives the CPU seconds used so far."""
    for one in work[:warm]:
        await one()
    taken, used = [], []
    for one in work:
        began, cpu_began = time.perf_counter(), cpu()
        await one()
        taken.append((time.perf_counter() - began) * 1000)
        used.append((cpu() - cpu_began) * 1000)
    taken.sort()
    used.sort()
    at = {"p50_ms": len(taken) // 2, "p95_ms": int(len(taken) * 0.95), "max_ms": len(taken) - 1}
    found = {name: round(taken[place], 1) for name, place in at.items()}
    return {**found, "cpu_p95_ms": round(used[int(len(used) * 0.95)], 1)}


async def cpu_of(tx: Connection) -> Callable[[], float]:
    """CPU seconds of this process and of the database's process behind a connection (Linux; elsewhere of this one alone)."""
    row = await (await tx.execute("select pg_backend_pid()")).fetchone()
    file = Path(f"/proc/{row[0] if row else 0}/schedstat")
    if not file.is_file():
        return time.process_time
    return lambda: time.process_time() + int(file.read_text().split()[0]) / 1e9


async def measure_search(server: EmbeddedServer, count: int) -> dict[str, float]:
    """Search with and without words and facets over `count` datasets."""
    name = f"bench_portal_{count}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
        connection.execute(f'create database "{name}"')
    db = Database(server.url(name), size=2)
    await db.open()
    await prepare_database(db)
    async with db.tx() as tx:
        await fill(tx, count)
    async with db.read() as tx:
        await tx.execute("vacuum analyze portal.entry")
        from urllib.parse import parse_qsl

        asked = [read_wanted(parse_qsl(f"q={q}{narrow}")) for q in QUERIES for narrow in NARROW]
        cpu = await cpu_of(tx)
        found = await quantiles([lambda w=w: search(tx, w) for w in asked for _ in range(3)], cpu=cpu)
    await db.close()
    return {"datasets": count, "searches": len(asked), **found}


async def measure_rows(folder: Path, count: int) -> dict[str, float]:
    """Filters, orders, groups and deep pages over one release of `count` rows."""
    settings = Settings(data_dir=folder, memory_mb=500)
    installation = Installation(settings, Database("postgresql:///none"), Objects(folder / "objects"))
    file = folder / "objects" / "open" / "rows.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select 'T' || i as ma, 'Trạm số ' || (i % 5000) as ten, (i * 7919 % 1000000)::double / 1000 as gia,"
            f" i % 97 as nhom,"
            f" date '2015-01-01' + (i % 3650)::int as ngay, 16.2 + (i % 1000) / 2000.0 as vi_do from range({count}) t(i))"
            f" to '{file}' (format parquet, compression zstd)"
        )
    kinds = {"ma": "text", "ten": "text", "gia": "number", "nhom": "integer", "ngay": "date", "vi_do": "number"}
    columns = [OpenColumn(name=n, type=t) for n, t in kinds.items()]
    release = Release(
        dataset_id=new_id(), no=1, object="open/rows.parquet", digest="0", row_count=count, bytes=file.stat().st_size,
        columns=columns, gate=GateReport(open=True), as_of=now(), made_at=now(),
    )  # fmt: skip
    one = entry(0, random.Random(1))
    warm = Warm(installation)
    asked = [[("nhom", str(n))] for n in range(20)] + [[("ma", f"T{n * 99_991}")] for n in range(20)]
    asked += [[("ngay__gte", "2024-06-01"), ("gia__lt", str(n))] for n in range(1, 21)]
    asked += [[("ten", f"Trạm số {n}"), ("_total", "1")] for n in range(20)]
    work = [lambda a=a: find_rows(warm, one, release, read_ask(a, Columns("rows", columns))) for a in asked]
    found = await quantiles(work)
    warm.close()
    return {"rows": count, "questions": len(asked), **found}


def run(quick: bool = False) -> None:
    """Measure and record."""
    with tempfile.TemporaryDirectory(prefix="nhip-bench-portal-") as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        server.start()
        try:
            for count in (10_000,) if quick else (10_000, 100_000):
                results.record(f"portal_search_{count}", asyncio.run(measure_search(server, count)))
            from bench.served import measure

            for name, figures in asyncio.run(measure(server, Path(folder), 1_000 if quick else 10_000)).items():
                results.record(name, figures)
        finally:
            server.stop()
        results.record("portal_rows", asyncio.run(measure_rows(Path(folder), 200_000 if quick else 2_000_000)))


if __name__ == "__main__":
    run()
