"""How well a dataset is described for other catalogues, as officials see it: what is open, and what is proposed."""

from __future__ import annotations

import re
from typing import Any

from nhip.datasets.records import Dataset
from nhip.db import Connection
from nhip.portal import store
from nhip.portal.dcat.mqa import EXCELLENT
from nhip.portal.dcat.service import foresee, quality_of
from nhip.portal.model import Proposal
from nhip.web.forms import Form


async def quality_values(tx: Connection, dataset: Dataset, waiting: Proposal | None) -> dict[str, Any]:
    """`quality` of what is open, `foreseen` of what waits for its decision; None where there is no such thing."""
    entry = await store.find_entry(tx, dataset.name)
    return {
        "quality": await quality_of(tx, entry) if entry else None,
        "foreseen": foresee(dataset, waiting.licence, waiting.keywords, waiting.contact) if waiting else None,
        "excellent": EXCELLENT,
    }


def foreseen_values(dataset: Dataset, form: Form) -> dict[str, Any]:
    """The same of a proposal that is being written."""
    keywords = [word for word in re.split(r"[,;\n]", form.raw("keywords")) if word.strip()]
    return {"foreseen": foresee(dataset, form.raw("licence"), keywords, form.raw("contact")), "excellent": EXCELLENT}
