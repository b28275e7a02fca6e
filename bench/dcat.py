"""What describing costs: a dataset as DCAT-AP, its SHACL check on write (pyshacl beside it), its MQA, a page of a hundred.

CPU milliseconds of this process, the best of five rounds. No database and no network: only what is computed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyshacl import validate
from rdflib import Graph
from rdflib.namespace import SH

from bench import results
from nhip.portal.dcat.catalogue import SIZE, Once, Page, catalogue_nodes
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.mqa import assess
from nhip.portal.dcat.shapes import violations
from nhip.portal.dcat.writers import WRITERS
from nhip.portal.model import Entry

SHAPES = Path(__file__).parents[1] / "tests" / "portal" / "dcat" / "dcat-ap-3.0.1-shapes.ttl"
SITE = Site("https://dulieu.example", "Thành phố mẫu", "46")
AT = datetime(2026, 11, 20, tzinfo=UTC)


def entry(number: int) -> Entry:
    """A dataset with all that can be said, of one of thirty agencies."""
    return Entry(
        dataset_id=uuid.UUID(int=number), name=f"bo-du-lieu-{number}", title=f"Bộ dữ liệu {number}", title_en=f"Dataset {number}",
        description="Danh sách đầy đủ, cập nhật hằng tháng. " * 5, agency_code=f"000.00.{number % 30:02}.H57",
        agency_name=f"Sở số {number % 30}", agency_name_en=f"Department {number % 30}", theme="giao-thong",
        keywords=["xe buýt", "bus", f"từ khóa {number}"], formats=["csv", "xlsx", "json", "parquet", "geojson"], places=[],
        licence="cc-by-4.0", contact="so@hue.example", cadence="MONTHLY", release_no=3, row_count=1000, bytes=54321, columns=[],
        virtues={}, score=0, issued=AT, modified=AT, as_of=AT,
    )  # fmt: skip


def facts(one: Entry) -> Facts:
    """Where and when its rows are."""
    return Facts(
        dataset_id=one.dataset_id, digest="ab" * 32, units=["19753"], west=107.5, south=16.4, east=107.7, north=16.5
    )


def ms(call: Callable[[], Any], times: int) -> float:
    """CPU milliseconds of one call: the best of five rounds of `times`."""
    best = float("inf")
    for _round in range(5):
        began = time.process_time()
        for _time in range(times):
            call()
        best = min(best, (time.process_time() - began) / times)
    return round(best * 1000, 3)


def page(ending: str, entries: list[Entry]) -> bytes:
    """A catalogue page as it is served."""
    writer, once = WRITERS[ending], Once()
    told = [catalogue_nodes(SITE, Page(ending=ending, number=1, total=len(entries)), entries, AT)]
    told += [dataset_nodes(SITE, one, facts(one)) for one in entries]
    return f"{writer.start}{writer.between.join(writer.part(once.fresh(nodes)) for nodes in told)}{writer.end}".encode()


def shapes() -> Graph:
    """SEMIC's shapes without the two that their file names and nowhere describes."""
    found = Graph().parse(SHAPES)
    for owner, described in list(found.subject_objects(SH.property)):
        if (described, None, None) not in found:
            found.remove((owner, SH.property, described))
    return found


def run(quick: bool) -> None:
    """Measure and record."""
    times, one = (20 if quick else 200), entry(1)
    nodes, known = dataset_nodes(SITE, one, facts(one)), shapes()
    graph = Graph().parse(data=WRITERS["ttl"].whole(nodes), format="turtle")
    entries = [entry(number) for number in range(SIZE)]
    found: dict[str, Any] = {
        "triples": len(graph),
        "describe_ms": ms(lambda: dataset_nodes(SITE, one, facts(one)), times),
        "shacl_on_write_ms": ms(lambda: violations(nodes), times),
        "pyshacl_ms": ms(lambda: validate(graph, shacl_graph=known, inference="none"), 5),
        "mqa_ms": ms(lambda: assess(nodes, None), times),
    }
    for ending in WRITERS:
        found[f"page_{ending}_ms"] = ms(lambda ending=ending: page(ending, entries), 2)  # type: ignore[misc]
        found[f"page_{ending}_kb"] = len(page(ending, entries)) // 1024
    results.record("dcat", found)
