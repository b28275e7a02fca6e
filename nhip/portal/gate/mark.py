"""Which gate it is: a digest of the policy in force and of everything that the gate looks with."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec

from nhip.kernel.time import today
from nhip.portal.gate.policy import policy_at


def gate_mark() -> str:
    """The mark of today's gate; it changes with the policy, with each recogniser and with how columns are looked at together."""
    policy = msgspec.json.encode(policy_at(today()), order="deterministic")
    return hashlib.sha256(policy + _tools().encode()).hexdigest()[:32]


@cache
def _tools() -> str:
    """Digest of the modules of this package, which are the recognisers and the rules."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
