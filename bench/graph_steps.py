"""What writing an entity takes of our process's time, step by step, without HTTP and database.

    .venv/bin/python -m bench.graph_steps

The entity of `bench.graph` comes a second time with another speed (batch upsert, PATCH) or for the first time (create). Steps
marked `*` are the floor: reading the JSON that came and the JSON at rest, writing the document and the instances of the history,
all of it in the C of orjson. The rest is Python that looks at each member once. Microseconds of processor time, the best of
some runs.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import orjson

from bench.graph import entity
from nhip.graph.codes import Codes
from nhip.graph.contexts.model import CORE
from nhip.graph.document.expand import expand_entity
from nhip.graph.finding import Finding
from nhip.graph.lives import Life
from nhip.graph.model import Doc, Operation

_AT = "2026-11-22T08:00:00.000000Z"
_ROUNDS, _EACH = 7, 500


def _us(work: Callable[[], object]) -> float:
    """Microseconds of one call."""
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.thread_time()
        for _ in range(_EACH):
            work()
        best = min(best, time.thread_time() - started)
    return round(best / _EACH * 1e6, 2)


def _changed(at_rest: tuple[bytes, bytes], op: Operation) -> Life:
    """An entity that was read from the table and is changed by an operation."""
    life = Life(op.id)
    life.load((op.id, *at_rest, 1, None, 1, 1))
    life.apply(op, _AT)
    return life


def _new(op: Operation) -> Life:
    life = Life(op.id)
    life.apply(op, _AT)
    return life


def measure() -> dict[str, float]:
    """Step -> microseconds an entity."""
    body = orjson.dumps(entity(5, 77))
    doc = expand_entity(orjson.loads(body), CORE)
    old: Doc = expand_entity(entity(5), CORE)
    at_rest = orjson.dumps(old), orjson.dumps({"c": _AT, "m": _AT})
    replace = Operation(name="upsert-replace", id=doc["id"], doc=doc)
    create = Operation(name="create", id=doc["id"], doc=doc)
    instances = [value[0] for name, value in doc.items() if ":" in name]
    codes = cast(Codes, SimpleNamespace(iris={name: n for n, name in enumerate([*doc, *doc["type"]])}, indexed={}))
    changed, new = [_changed(at_rest, replace) for _ in range(64)], [_new(create) for _ in range(64)]
    sent: Any = orjson.loads(body)
    steps: dict[str, Callable[[], object]] = {
        "* read what came": lambda: orjson.loads(body),
        "expand and check it": lambda: expand_entity(sent, CORE),
        "* read what rests": lambda: [orjson.loads(part) for part in at_rest],
        "read what rests, replace it": lambda: _changed(at_rest, replace),
        "create it": lambda: _new(create),
        "* write the document and its times": lambda: [orjson.dumps(doc), orjson.dumps({"c": _AT, "m": _AT})],
        "* write five instances for the history": lambda: [orjson.dumps(one) for one in instances],
    }
    found = {name: _us(work) for name, work in steps.items()}
    found["rows of the narrow tables, changed"] = round(_us(lambda: Finding(1, codes, changed)) / 64, 2)
    found["rows of the narrow tables, new"] = round(_us(lambda: Finding(1, codes, new)) / 64, 2)
    return found


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 100)  # as a node has it
    for step, took in measure().items():
        print(f"{step:42} {took:6.2f} us")
