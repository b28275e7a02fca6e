"""ODCS v3.1 YAML <-> Contract (Open Data Contract Standard of Bitol, https://bitol-io.github.io/open-data-contract-standard)."""

from __future__ import annotations

from nhip.datasets.contract.document import parse
from nhip.datasets.contract.errors import ContractInvalid
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.reader import read
from nhip.datasets.contract.writer import to_yaml


def load(text: str) -> Contract:
    """The contract in `text`. Raises ContractUnreadable (not safe YAML) or ContractInvalid (every fatal problem with its
    line, path and what is expected). What Nhịp cannot check is left out; `lint` tells it."""
    contract, notes = read(parse(text))
    if contract is None:
        raise ContractInvalid(notes.of("fatal"))
    return contract


def dump(contract: Contract) -> str:
    """The contract as ODCS v3.1 YAML; `load(dump(c)) == c`."""
    return to_yaml(contract)
