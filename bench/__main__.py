"""Run the benches, print their figures with the machine, and merge them into bench/results.json.

    .venv/bin/python -m bench [units] [check] [pipeline] [ledger] [portal] [gate] [--quick]

--quick: small files, for a look in two minutes; its figures are only printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from bench import check, dcat, gate, graph, ledger, permissions, pipeline, portal, results, signin, units


def run_units(quick: bool) -> None:
    """Addresses per CPU second, and how many are right."""
    figures = units.measure(200 if quick else 800)
    judged = {
        kind: sum(row[kind] for row in figures["accuracy"].values()) for kind in ("right", "flagged", "wrong", "none")
    }
    rate = {"rows": figures["speed"]["addresses"], "rows_per_cpu_s": figures["speed"]["addresses_per_cpu_s"]}
    results.record("units", {**rate, **figures["speed"], "real": figures["real"], "judged": judged})


def run_check(quick: bool) -> None:
    """`nhip check`, and frictionless beside it."""
    check.run(200_000 if quick else 2_000_000, (50_000,) if quick else check.ORACLE_ROWS)


def run_pipeline(quick: bool) -> None:
    """Delivery to version, once and ten-fold."""
    pipeline.run(200_000 if quick else 2_000_000, 10 if not quick else 0)


def run_ledger(quick: bool) -> None:
    """Appending and verifying."""
    ledger.run(100_000 if quick else 1_000_000)


def run_permissions(quick: bool) -> None:
    """A question about rights, compiling them, and what a page costs more for somebody who is signed in."""
    permissions.run(quick)


def run_signin(quick: bool) -> None:
    """The hash of a sign-in, and everything else of it."""
    signin.run(10 if quick else 30)


def run_portal(quick: bool) -> None:
    """Searching the catalogue, and asking for rows of a large release."""
    portal.run(quick)


def run_gate(quick: bool) -> None:
    """The publication gate: recall, false alarms, and a look at a large table."""
    gate.run(quick)


def run_dcat(quick: bool) -> None:
    """Describing a dataset for other catalogues, and checking that."""
    dcat.run(quick)


def run_graph(quick: bool) -> None:
    """The live graph over HTTP, with 1,000,000 entities."""
    graph.run(quick, 20_000 if quick else 1_000_000)


BENCHES: dict[str, Callable[[bool], None]] = {
    "units": run_units,
    "check": run_check,
    "pipeline": run_pipeline,
    "ledger": run_ledger,
    "portal": run_portal,
    "dcat": run_dcat,
    "gate": run_gate,
    "graph": run_graph,
    "permissions": run_permissions,
    "signin": run_signin,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which to run, of {', '.join(BENCHES)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    results.kept = not asked.quick
    for name in asked.names or BENCHES:
        BENCHES[name](asked.quick)
    print(results.table())


if __name__ == "__main__":
    main()
