"""What every console page needs: the installation, the names of the virtues, states of scores and feeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request
from litestar.params import QueryParameter

from nhip.datasets.access import access_dataset
from nhip.datasets.health import NAMES, DatasetHealth
from nhip.datasets.looks import find_look
from nhip.datasets.model import Virtues
from nhip.datasets.personal import Look, Sight, sight_of
from nhip.datasets.records import Agency, Dataset, Version
from nhip.datasets.rules import meaning_of_rule, title_of_rule
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.i18n import _
from nhip.kernel.text import sort_key
from nhip.kernel.time import now
from nhip.privacy.processing import list_for_dataset
from nhip.security.model import Who
from nhip.security.permissions.model import NOTHING, Rights
from nhip.web.i18n import language, translate
from nhip.web.model import Cell, State

PAGE_SIZE = 50
PageNumber = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]

VIRTUES = {
    "accurate": _("Accurate"),
    "complete": _("Complete"),
    "clean": _("Clean"),
    "live": _("Live"),
    "consistent": _("Consistent"),
    "shared": _("Shared"),
}
"""Titles of the six virtues (đúng, đủ, sạch, sống, thống nhất, dùng chung)."""

MEANINGS = {
    "accurate": _("Rows without a fault in their values, out of all rows"),
    "complete": _("Required cells that are filled and rows that were expected"),
    "clean": _("Rows without duplicates, broken text or odd forms, after Nhịp mended what it could"),
    "live": _("How old the data are against how often they should come"),
    "consistent": _("Coded cells that are on the common code tables, without conflict with other datasets"),
    "shared": _("Described well, shared with somebody, used in the last 90 days"),
}
"""One sentence for each virtue; the formulas are in the reference."""

WARN, ALARM = 90.0, 70.0
"""Scores below these are drawn as warn and alarm."""


def installation_of(request: Request[Any, Any, Any]) -> Installation:
    """The installation that this server runs on."""
    found = request.app.state.installation
    assert isinstance(found, Installation)
    return found


def who_name(request: Request[Any, Any, Any]) -> str:
    """The signed-in person's name, for the record of who did what."""
    who = request.scope.get("who")
    return str(getattr(who, "name", "") or "?")


def rights_of(request: Request[Any, Any, Any]) -> Rights:
    """What whoever asks may do."""
    who: Who | None = request.scope.get("who")  # type: ignore[assignment]
    return who.rights if who is not None else NOTHING


async def dataset_of(
    request: Request[Any, Any, Any], tx: Connection, name: str, permission: str = "dataset.read"
) -> Dataset:
    """The dataset `name`, if whoever asks holds `permission` for it. Raises DatasetNotFound, Forbidden."""
    return await access_dataset(tx, rights_of(request), name, permission)


def may_look(request: Request[Any, Any, Any], dataset: Dataset) -> bool:
    """Whether whoever asks may see personal data of `dataset` once they state a purpose; only a person at a session may."""
    who: Who | None = request.scope.get("who")  # type: ignore[assignment]
    allowed = who is not None and who.rights.may("dataset.read_personal", organisation=dataset.agency_id)
    return allowed and who is not None and who.session is not None


async def look_of(request: Request[Any, Any, Any], tx: Connection, dataset: Dataset) -> Look | None:
    """The look that whoever asks has on `dataset` now: of this session, the right still held, the purpose still registered."""
    who: Who | None = request.scope.get("who")  # type: ignore[assignment]
    if who is None or who.session is None or not may_look(request, dataset):
        return None
    look = await find_look(tx, who.session, dataset)
    if look is None:
        return None
    return look if look.processing_id in {p.id for p in await list_for_dataset(tx, dataset.name)} else None


async def seen_by(
    request: Request[Any, Any, Any], tx: Connection, dataset: Dataset, *versions: Version | None
) -> Sight:
    """What of `versions` whoever asks may see now."""
    return await sight_of(tx, dataset, *versions, look=await look_of(request, tx, dataset))


def title_of(dataset: Dataset) -> str:
    """A dataset's title in the language of the page."""
    return dataset.title_en if language() == "en" and dataset.title_en else dataset.title


def name_of(agency: Agency) -> str:
    """An agency's name in the language of the page."""
    return agency.name_en if language() == "en" and agency.name_en else agency.name


def agency_of(dataset: Dataset) -> str:
    """The name of a dataset's agency in the language of the page."""
    return dataset.agency_name_en if language() == "en" and dataset.agency_name_en else dataset.agency_name


def by_agency(datasets: list[Dataset]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and titles of `datasets` for a list to choose from, under their agencies."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for dataset in sorted(datasets, key=lambda d: sort_key(agency_of(d))):
        groups.setdefault(agency_of(dataset), []).append((dataset.name, title_of(dataset)))
    return list(groups.items())


def lowest(virtues: Virtues | None) -> float:
    """The lowest score but for sharing, which only begins; 101 where nothing is known."""
    found = [s for name in NAMES if name != "shared" and (s := getattr(virtues, name, None)) is not None]
    return min(found, default=101)


def worst_of(virtues: Virtues | None) -> tuple[str, float] | None:
    """Name and score of the lowest virtue, where it is below the first mark."""
    found = [(s, name) for name in NAMES if name != "shared" and (s := getattr(virtues, name, None)) is not None]
    score, name = min(found, default=(100.0, ""))
    return (name, score) if score < WARN else None


CADENCES = {
    1 / 24: _("every hour"),
    1.0: _("every day"),
    7.0: _("every week"),
    31.0: _("every month"),
    92.0: _("every quarter"),
    183.0: _("every half year"),
    366.0: _("every year"),
}


def cadence_of(days: float | None) -> str:
    """How often a delivery is due, as people say it."""
    if not days:
        return translate(_("no cadence agreed"))
    for usual, text in CADENCES.items():
        if abs(days - usual) <= usual * 0.04:
            return translate(text)
    return translate(_("every {days} days"), days=round(days, 1))


def words() -> dict[str, Any]:
    """What every template of the console may use: the virtues in words, titles, states."""
    return {
        "virtues": VIRTUES,
        "meanings": MEANINGS,
        "virtue_titles": [translate(title) for title in VIRTUES.values()],
        "title_of": title_of,
        "agency_of": agency_of,
        "title_of_rule": title_of_rule,
        "meaning_of_rule": meaning_of_rule,
        "parts_state": virtue_state,
        "cadence_of": cadence_of,
        "worst_of": worst_of,
    }


def virtue_state(name: str, score: float | None) -> Literal["", "warn", "alarm"]:
    """The mark beside a virtue; sharing only begins, so a low score there is no alarm."""
    state = state_of(score)
    return state if name != "shared" and state in ("warn", "alarm") else ""


def state_of(score: float | None) -> State:
    """Grey until abnormal."""
    if score is None:
        return "unknown"
    if score < ALARM:
        return "alarm"
    return "warn" if score < WARN else "good"


def cells_of(virtues: Virtues | None, href: str = "") -> list[Cell]:
    """The six scores as cells of a matrix; `href` has a place {virtue} for the way to the evidence."""
    cells = []
    for name in NAMES:
        score = getattr(virtues, name, None)
        cells.append(Cell(score, href.format(virtue=name) if href else "", virtue_state(name, score)))
    return cells


class Feed(msgspec.Struct, frozen=True):
    """How fresh a dataset is: its last data, how often they should come, by how many days they are late (negative: early)."""

    health: DatasetHealth
    as_of: datetime | None
    cadence_days: float | None
    late_days: float | None
    state: State


def feed_of(health: DatasetHealth, cadence_days: float | None) -> Feed:
    """The freshness of a dataset."""
    if health.version is None:
        return Feed(health, None, cadence_days, None, "unknown")
    if cadence_days is None:
        return Feed(health, health.version.as_of, None, None, "unknown")
    late = (now() - health.version.as_of) / timedelta(days=1) - cadence_days
    state: State = "good" if late <= 0 else "stale" if late > cadence_days else "warn"
    return Feed(health, health.version.as_of, cadence_days, late, state)
