"""The policy of publishing as dated data: what blocks, what warns, who decides, deadlines with their sources."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule with where it is from; `verified` where somebody read that source itself."""

    code: str
    title: str
    title_en: str
    source: str
    verified: bool
    months: int | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from `valid_from` until the next policy. `blocks` and `warns` are names of recognisers."""

    name: str
    valid_from: date
    four_eyes: bool
    blocks: frozenset[str]
    warns: frozenset[str]
    rule: list[PolicyRule]


@cache
def list_policies() -> list[Policy]:
    """Every policy, the oldest first."""
    found = tomllib.loads(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))
    return sorted(msgspec.convert(found["policy"], list[Policy]), key=lambda policy: policy.valid_from)


def policy_at(day: date) -> Policy:
    """The policy in force on `day`; before the first one, the first."""
    policies = list_policies()
    return next((p for p in reversed(policies) if p.valid_from <= day), policies[0])
