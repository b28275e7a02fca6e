"""What the model city opens: each agency proposes its datasets, the city decides, through the same service as a real city's.

What the gate refuses stays closed and says why; a few are in other states, so that the pages have every state to show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from nhip.datasets.records import Dataset
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db.installation import Installation
from nhip.kernel.actor import Actor, act_as
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.model import DatasetSpec
from nhip.portal import store
from nhip.portal.errors import GateClosed, NothingToPublish
from nhip.portal.service import propose, publish, turn_down, withdraw

WAITING: Final = frozenset({"diem-so-tan", "phan-anh", "mat-dien"})
"""Proposed and not yet decided."""
RETURNED: Final = {"xe-cong": "Chưa nêu căn cứ công bố biển số xe công; đề nghị bổ sung."}
WITHDRAWN: Final = {"camera": "Vị trí camera phục vụ công tác an ninh; rút theo đề nghị của Công an thành phố."}
_CADENCES: Final = {1: "DAILY", 7: "WEEKLY", 30: "MONTHLY", 90: "QUARTERLY", 180: "ANNUAL_2", 365: "ANNUAL"}
_FIRST_WORDS: Final = ("Danh sách ", "Danh mục ", "Thống kê ", "Bảng ")
_BASIS: Final = "Danh mục dữ liệu mở của thành phố mẫu; Luật Dữ liệu 60/2024/QH15"
_CITY: Final = Actor(name="Ủy ban nhân dân thành phố")
_AT_ONCE: Final = 2


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the proposals: how many are open, and which the gate refused."""

    open: int
    refused: list[str]


async def open_city(installation: Installation, step: Callable[[int, int], None]) -> Opened:
    """Publish what is not open yet. `step` is told how many of how many are done."""
    specs = [spec for spec in DATASETS if spec.classification == "public"]
    slots, done, refused = asyncio.Semaphore(_AT_ONCE), 0, []

    async def one(spec: DatasetSpec) -> None:
        nonlocal done
        async with slots:
            if not await _opened(installation, spec):
                refused.append(spec.slug)
        done += 1
        step(done, len(specs))

    await asyncio.gather(*(one(spec) for spec in specs))
    await _in_other_states(installation)
    async with installation.db.read() as tx:
        states = [p.state for p in await store.list_publications(tx, "published")]
    return Opened(open=len(states), refused=sorted(refused))


async def _opened(installation: Installation, spec: DatasetSpec) -> bool:
    """Whether the dataset passed the gate; what waits for a decision on purpose counts as passed."""
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, spec.slug)
        if await store.find_proposal(tx, dataset.id) is not None:
            return True
        version = await find_version_in_force(tx, dataset)
    if version is None or not version.row_count:
        return True  # nothing to show yet; its agency opens it when there is
    try:
        report = await _proposed(installation, dataset, spec)
        if report and spec.slug not in WAITING and spec.slug not in RETURNED:
            with act_as(_CITY):
                await publish(installation, dataset)
    except (GateClosed, NothingToPublish):
        return False
    return report


async def _proposed(installation: Installation, dataset: Dataset, spec: DatasetSpec) -> bool:
    """Propose with all that a catalogue wants to know; columns about people are left out by the service's own rule."""
    agency = next(agency for agency in AGENCIES if agency.slug == spec.agency)
    with act_as(Actor(name=agency.title)):
        report = await propose(
            installation,
            dataset,
            licence="vn-open" if spec.agency.startswith(("so-", "p-", "x-")) else "cc-by-4.0",
            basis=_BASIS,
            treatment={},
            keywords=keywords_of(spec),
            contact=agency.email,
            cadence=_CADENCES[spec.cadence],
        )
    return report.open


def keywords_of(spec: DatasetSpec) -> list[str]:
    """Words by which people look for it: what is listed, in Vietnamese and English."""
    title = spec.title
    for first in _FIRST_WORDS:
        title = title.removeprefix(first)
    return [title.lower(), spec.title_en.lower()]


async def _in_other_states(installation: Installation) -> None:
    """Give back and take back; a load that was cut off here has done both or neither."""
    async with installation.db.tx() as tx:
        first = await get_dataset(tx, next(iter(WITHDRAWN)))
        publication = await store.find_publication(tx, first.id)
        if publication is None or publication.state != "published":
            return
        with act_as(_CITY):
            for slug, why in RETURNED.items():
                await turn_down(tx, await get_dataset(tx, slug), why)
            for slug, why in WITHDRAWN.items():
                await withdraw(tx, await get_dataset(tx, slug), why)
