"""Every page of the console with addresses that are really there, and words as a person reads them."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any, Protocol

import httpx
from litestar.routes import HTTPRoute

from nhip.app import create_app
from nhip.settings import Settings
from nhip.things.words import city_context
from nhip.web.i18n import catalogue
from tests.e2e import sample

DATASET = "truong-hoc"
NOT_PAGES = (".csv", ".xlsx", ".json", ".txt", "/raw", "/live", "/give", "/person", "/things/rows", ":path}")
_READINGS = f"?type={city_context().expand('WaterObserved')}"
NEEDED = {
    "/console/things/faults": f"?dataset={DATASET}",
    "/console/things/list": f"?type={city_context().expand('RiverGauge')}",
    "/console/things/one": f"?id={sample.READING}",
}
"""Queries that a page does not go without."""
VARIANTS = {
    "/console/sources/new": ["?kind=folder", "?kind=sql", "?kind=ckan"],
    "/console/things/list": [_READINGS, f"{_READINGS}&q=khongcogi"],
    "/console/things/one": [f"?id={sample.GAUGE}"],
    "/console/things/mapping": [f"?dataset={DATASET}"],
    "/console/upload": [f"?dataset={DATASET}"],
    "/console/datasets": ["?q=truong", "?q=khongcogi"],
    f"/console/datasets/{DATASET}/findings": [
        "?rule=enum&column=cap&severity=error",
        "?rule=date.form&column=ngay&severity=mended",
        "?rule=nothing",
    ],
    f"/console/datasets/{DATASET}/rows": ["?kept_out=1"],
    f"/console/datasets/{DATASET}/versions/2": ["?since=1"],
}
"""Queries that make a page of another kind."""


_ELSEWHERE = re.compile(
    r"/console/publishing/choose"
    r"|/console/(admin|privacy|publishing|stories|voices)/.*\{|/console/datasets/.*\{other"
)
"""Pages about one thing of administration, of the desks and of publishing: their own tests open them."""


NOBODYS = {"passkey_id": str(uuid.UUID(int=7)), "session_id": str(uuid.UUID(int=7))}
"""Ids of things that nobody has."""


_NOTHING = {"uuid": str(uuid.UUID(int=7)), "int": "7", "str": "khong-co", "path": "khong-co"}
"""In the place of an id that is not known: of the right form, and of nothing."""


class Answers(Protocol):
    """What both clients give."""

    def get(self, url: str) -> httpx.Response:
        """The answer to GET."""
        ...


def vi(text: str, **values: Any) -> str:
    """`text` in Vietnamese, as the pages of this checkout say it."""
    return catalogue("vi").gettext(text).format(**values)


def routes() -> list[tuple[str, set[str]]]:
    """Every path template of the whole application with its methods, from the application itself."""
    app = create_app(Settings(data_dir=Path("/nowhere")))
    return sorted((route.path, set(route.methods)) for route in app.routes if isinstance(route, HTTPRoute))


def templates() -> list[str]:
    """The path templates of the console's pages."""
    paths = [path for path, methods in routes() if "GET" in methods and path.startswith("/console")]
    return [path for path in paths if not path.endswith(NOT_PAGES) and not _ELSEWHERE.match(path)]


def filled(template: str, ids: dict[str, str]) -> list[str]:
    """The addresses that a path template stands for."""
    path = re.sub(r"\{(\w+):(\w+)\}", lambda found: ids.get(found[1]) or _NOTHING[found[2]], template)
    if "/roles/{name" in template:
        path = template.replace("{name:str}", "agency_officer")
    if "/sources/{name" in template:
        path = template.replace("{name:str}", sample.SOURCE)
    if "{virtue:str}" in template:
        return [path.replace(ids["virtue"], name) for name in ("accurate", "live")]
    return [path + NEEDED.get(path, ""), *(path + query for query in VARIANTS.get(path, []))]


def ids_from(dataset_page: str) -> dict[str, str]:
    """Ids of things that are there; `dataset_page` is the HTML of the dataset's overview."""
    delivery = re.search(r"/console/deliveries/([0-9a-f-]{36})", dataset_page)
    assert delivery is not None
    known = {
        "name": DATASET,
        "code": sample.SCHOOLS_AGENCY,
        "virtue": "clean",
        "no": "2",
        "row": "27",
        "rest": "khong-co",
    }
    return {**known, "delivery_id": delivery[1], "alert_id": delivery[1], "correction_id": delivery[1], **NOBODYS}
