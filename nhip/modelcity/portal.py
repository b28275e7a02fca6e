"""The portals of the model city: the files that `generate` wrote, served on loopback as the real portals serve theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Self

import msgspec

from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.model import City, Dataset
from nhip.modelcity.sources import ACCOUNT
from nhip.testing.portal import FakeDataset, FakePortal, FakeResource

CHANNELS = ("ckan", "dkan", "dcat", "danang", "hue", "http")
"""Ways of delivery that need a server; each has a portal of its own."""


_AGENCY = {agency.slug: agency.title for agency in AGENCIES}


class Portals:
    """The running portals; use it as a context manager. `settings_of` gives the settings of a dataset's source."""

    def __init__(self, city: City) -> None:
        self.portals: dict[str, FakePortal] = {}
        for channel in CHANNELS:
            datasets = [_offered(d) for d in city.datasets if d.spec.way.channel == channel]
            self.portals[channel] = FakePortal(datasets, account=ACCOUNT if channel == "danang" else None)

    def start(self, first_port: int = 0) -> Self:
        """Listen on 127.0.0.1: on free ports, or on as many ports from `first_port` as there are CHANNELS, in their order."""
        for place, portal in enumerate(self.portals.values()):
            portal.start(first_port + place if first_port else 0)
        return self

    def stop(self) -> None:
        """Stop listening."""
        for portal in self.portals.values():
            portal.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def settings_of(self, dataset: Dataset) -> Mapping[str, Any]:
        """The settings of `dataset.source` with the address of its portal filled in."""
        settings = dict(dataset.source["settings"])
        channel = dataset.spec.way.channel
        if channel not in self.portals:
            return settings
        portal = self.portals[channel]
        offered = next(one for one in portal.data if one.id == dataset.spec.slug)
        places = {
            "dataset": offered.id,
            "portal": portal.url,
            "file": portal.file_url(offered, offered.resources[0]),
            "number": str(offered.number),
            "resource": offered.resources[0].id,
        }
        return {name: _filled(value, places) for name, value in settings.items()}


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(part, places) for part in value]
    return value.format(**places) if isinstance(value, str) else value


def _offered(dataset: Dataset) -> FakeDataset:
    spec, last = dataset.spec, dataset.deliveries[-1]
    assert last.path is not None
    resource = FakeResource(name=last.path.name, body=last.path.read_bytes())
    if spec.way.channel in ("hue", "danang"):
        resource.rows = msgspec.json.decode(resource.body)
        resource.titles = {column.name: column.title for column in spec.columns}
    return FakeDataset(
        id=spec.slug,
        title=spec.title,
        resources=[resource],
        organisation=_AGENCY[spec.agency],
        licence=spec.licence,
        modified=datetime.combine(last.on, time(8, 30)).isoformat(),
        description=f"{spec.title_en}.",
        tags=[spec.theme],
    )
