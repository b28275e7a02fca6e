"""Everything that a sector may use. A sector imports this module and nothing else of Nhịp; built-in sectors too.

```python
from nhip.sdk import Sector, Indicator, DatasetPlan, get, page, Request, Response, measure, ask, _
```
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request as _Request
from litestar import Response, get, post
from procrastinate import Blueprint, JobContext

from nhip.datasets.query import ask as _ask
from nhip.db.installation import Installation
from nhip.errors import BadInput, NhipError, NotFound
from nhip.indicators.service import Measured
from nhip.indicators.service import measure as _measure
from nhip.kernel.i18n import _
from nhip.kernel.needs import SYSTEM, needs
from nhip.kernel.sector import DatasetPlan, Indicator, Permission, Sector
from nhip.kernel.time import now, today
from nhip.web.forms import Form
from nhip.web.model import Crumb, Listing, NavItem
from nhip.web.render import page, redirect

__all__ = [
    "SYSTEM", "BadInput", "Blueprint", "Crumb", "DatasetPlan", "Form", "Indicator", "JobContext", "Listing", "Measured",
    "NavItem", "NhipError", "NotFound", "Permission", "Request", "Response", "Sector", "_", "ask", "get",
    "installation_of_job", "measure", "needs", "now", "page", "post", "redirect", "today",
]  # fmt: skip

Request = _Request[Any, Any, Any]


async def ask(request: Request, sql: str, datasets: Sequence[str], values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of one SELECT over the versions in force of `datasets`, each a table of its own name; values go in as `?`."""
    return await _ask(request.app.state.installation, sql, datasets, values)


async def measure(request: Request, indicator: Indicator) -> Measured:
    """An indicator's value now, with its state and the time of its oldest data."""
    return await _measure(request.app.state.installation, indicator)


def installation_of_job(context: JobContext) -> Installation:
    """The installation that a job runs in; its `db.tx()` is the job's one transaction."""
    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    return installation
