"""Which columns may go into the graph: only what the contract classifies as public, or internal where the mapping says so.

Denied by default: a column without a classification stays out, and so does one that is public in one contract only, of the one
that the version was checked against and the one in force. What is personal or sensitive never goes in.
"""

from __future__ import annotations

from collections.abc import Sequence

from nhip.datasets.contract.model import Contract
from nhip.things.building import MISSING, NOT_OPEN
from nhip.things.model import Fault, Mapping

_DERIVED = ("__unit", "__units", "__unit_old")
_POINTS = {"latitude": ("x", "y"), "longitude": ("x", "y")}
"""Columns that Nhịp adds beside projected coordinates."""


def allowed(contracts: Sequence[Contract], *, internal: bool) -> frozenset[str]:
    """The columns that may go in by all of `contracts`, those derived from them included."""
    return frozenset.intersection(*(_by_one(contract, internal) for contract in contracts))


def usable(mapping: Mapping, there: Sequence[str], contracts: Sequence[Contract]) -> tuple[frozenset[str], list[Fault]]:
    """The columns of a mapping that are `there` and may go in by all of `contracts`; which others are missing or may not."""
    may = allowed(contracts, internal=mapping.internal) if contracts else frozenset()
    wanted = mapping.columns()
    faults = [Fault(0, MISSING, name) for name in wanted if name not in there]
    faults += [Fault(0, NOT_OPEN, name) for name in wanted if name in there and name not in may]
    return frozenset(name for name in wanted if name in there and name in may), faults


def _by_one(contract: Contract, internal: bool) -> frozenset[str]:
    good = ("public", "internal") if internal else ("public",)
    if contract.classification not in ("", "public", *good):
        return frozenset()
    found = {field.name for field in contract.fields if field.classification in good}
    derived = {name + end for name in found for end in _DERIVED}
    kinds = {field.kind for field in contract.fields if field.name in found}
    points = {name for name, needed in _POINTS.items() if kinds.issuperset(needed)}
    named = {field.name for field in contract.fields}
    return frozenset(found | (derived - named) | (points - named))
