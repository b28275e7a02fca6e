"""The policy of publishing as dated data: what blocks, what warns, who decides, deadlines with their sources."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule with where it is from; `verified` where somebody read that source itself. `months`, `days`: its term."""

    code: str
    title: str
    title_en: str
    source: str
    verified: bool
    months: int | None = None
    days: int | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from `valid_from` until the next policy. `blocks` and `warns` are names of what the gate finds; `k`, `l`: the
    smallest group of people, and the fewest values of a sensitive column in it, that may be open."""

    name: str
    valid_from: date
    four_eyes: bool
    k: int
    l: int  # noqa: E741 - the letter of l-diversity
    blocks: frozenset[str]
    warns: frozenset[str]
    rule: list[PolicyRule]

    def months(self, code: str) -> int | None:
        """The term of a rule in months; None where this policy has none."""
        return next((rule.months for rule in self.rule if rule.code == code), None)


@cache
def list_policies() -> list[Policy]:
    """Every policy, the oldest first."""
    found = tomllib.loads(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))
    return sorted(msgspec.convert(found["policy"], list[Policy]), key=lambda policy: policy.valid_from)


def policy_at(day: date) -> Policy:
    """The policy in force on `day`; before the first one, the first."""
    policies = list_policies()
    return next((p for p in reversed(policies) if p.valid_from <= day), policies[0])
