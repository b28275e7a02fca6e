"""What may be told of a delivery's problems: their texts may repeat what stood in its cells."""

from __future__ import annotations

from typing import Any

import msgspec

from nhip.datasets.personal import MASK, Sight
from nhip.datasets.records import DeliveryRecord
from nhip.web.i18n import catalogue

SAFE = frozenset({
    "columns", "column", "contract", "count", "dataset", "encoding", "expected", "file", "filename", "format", "kind", "limit",
    "limit_mb", "line", "lines", "n", "number", "reference", "row", "rows", "rule", "sets", "sheet", "size_mb", "table", "type",
})  # fmt: skip
"""Places of problem texts that hold names from contracts and files, and numbers; never a cell."""
CAUSES = ("what", "why", "reason")
"""Places that hold a text of ours, or what somebody else's program said."""


def tellable(delivery: DeliveryRecord, sight: Sight) -> DeliveryRecord:
    """The delivery with its problems as they may be shown: where there is personal data, what may be a cell is masked."""
    if not sight.personal or (delivery.problem is None and delivery.decoded is None):
        return delivery
    decoded = delivery.decoded
    if decoded is not None:
        known = sight.protection.agreed
        problems = [{**problem, "values": _safe(problem.get("values", {}))} for problem in decoded.get("problems", [])]
        decoded = {**decoded, "problems": problems}
        for part in ("encodings", "lost"):  # by header: without a contract a first row may have been taken for one
            decoded[part] = {name if known else MASK: value for name, value in decoded.get(part, {}).items()}
    problem = delivery.problem and {**delivery.problem, "values": _safe(delivery.problem.get("values", {}))}
    return msgspec.structs.replace(delivery, problem=problem, decoded=decoded)


def _safe(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if _is_safe(name, value) else MASK for name, value in values.items()}


def _is_safe(name: str, value: Any) -> bool:
    if name in CAUSES:
        return bool(catalogue("vi").gettext(str(value)) != value)
    return name in SAFE or isinstance(value, int | float)
