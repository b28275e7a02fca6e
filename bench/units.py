"""Addresses per CPU second, and how many are right, by generation and way of writing.

    .venv/bin/python -m bench.units [--sample 800] [--json]

right: exactly the present code, or exactly the set of codes that a split leaves open. flagged: ambiguous, the right codes among
the candidates. wrong: one code, and not the right one. none: nothing found.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import random
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from nhip.places.register import Register
from nhip.places.resolver import Resolver
from tests.places.styles import CLEAN, MESSY, headed, short

DAY = date(2026, 11, 21)
GENERATIONS = {"present": DAY, "before July 2025": date(2025, 6, 30), "before 2021": date(2020, 6, 1)}
SEED = 20261121
Case = tuple[str, tuple[str, ...]]


def cases(register: Register, on: date) -> list[Case]:
    """The path of every commune in force on the day, with the present codes of its ground."""
    units = sorted(register.iter_units("commune", on), key=lambda unit: unit.code)
    return [(register.path(unit, on), register.moved(unit.uid, DAY)) for unit in units]


def misspelt(text: str, chance: random.Random) -> str:
    """One letter of the commune's name left out, doubled or changed."""
    first, comma, rest = text.partition(", ")
    words = first.split(" ")
    skip = 2 if first.startswith(("Thị trấn", "Đặc khu")) else 1
    kind, name = " ".join(words[:skip]), " ".join(words[skip:])
    places = [i for i, letter in enumerate(name) if letter.isalpha()][1:]
    if len(places) < 4:
        return text
    at = chance.choice(places)
    letter = chance.choice(["", name[at] * 2, chance.choice("nhgtiao")])
    return f"{kind} {name[:at]}{letter}{name[at + 1 :]}{comma}{rest}"


def judge(resolver: Resolver, text: str, wanted: tuple[str, ...]) -> str:
    """right, flagged, wrong or none."""
    found = resolver.resolve(text, as_of=DAY)
    if found.codes == wanted and (found.status == "exact") == (len(wanted) == 1):
        return "right"
    if found.status == "none":
        return "none"
    return "flagged" if found.status == "ambiguous" and set(wanted) <= set(found.codes) else "wrong"


def accuracy(register: Register, resolver: Resolver, size: int) -> dict[str, dict[str, int]]:
    """Counts of judgements by generation and style."""
    result: dict[str, dict[str, int]] = {}
    chance = random.Random(SEED)
    for generation, on in GENERATIONS.items():
        sample = chance.sample(cases(register, on), size)
        for style, write in {**CLEAN, **MESSY, "one letter wrong": lambda text: misspelt(text, chance)}.items():
            tally = Counter(judge(resolver, write(text), wanted) for text, wanted in sample)
            result[f"{generation}, {style}"] = {kind: tally[kind] for kind in ("right", "flagged", "wrong", "none")}
    return result


def speed(register: Register) -> dict[str, float]:
    """CPU seconds to load, and distinct addresses with a street per CPU second: at first sight, and when seen before."""
    start = time.process_time()
    resolver = Resolver(Register.load())
    loaded = time.process_time() - start
    chance = random.Random(SEED)
    texts = [
        headed(short(text)).replace(",", f" {chance.randint(1, 999)},", 1)
        for on in GENERATIONS.values()
        for text, _ in cases(register, on)
    ]
    chance.shuffle(texts)
    rates = []
    for _ in range(2):
        start = time.process_time()
        for text in texts:
            resolver.resolve(text, as_of=DAY)
        rates.append(len(texts) / (time.process_time() - start))
    return {
        "load_cpu_s": round(loaded, 3),
        "addresses": len(texts),
        "addresses_per_cpu_s": round(rates[0]),
        "addresses_per_cpu_s_again": round(rates[1]),
    }


def real_cases(resolver: Resolver) -> dict[str, int] | None:
    """The 20 real addresses beside the checkout, where they are."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "vi" / "addresses20.tsv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wanted = [tuple(sorted(row["ward_code_2025"].split(";"))) for row in rows]
    return dict(Counter(judge(resolver, row["address"], codes) for row, codes in zip(rows, wanted, strict=True)))


def measure(size: int = 800) -> dict[str, Any]:
    """All figures: speed, accuracy by generation and style, the real addresses."""
    register = Register.load()
    resolver = Resolver(register)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "speed": speed(register),
        "real": real_cases(resolver),
        "accuracy": accuracy(register, resolver, size),
    }


def main() -> None:
    """Print the figures as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=800)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.sample)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=1))
        return
    print(figures["machine"])
    print(figures["speed"])
    print(f"real addresses: {figures['real']}")
    print(f"{'':44}{'right':>8}{'flagged':>9}{'wrong':>7}{'none':>6}")
    for name, row in figures["accuracy"].items():
        print(f"{name:44}{row['right']:8}{row['flagged']:9}{row['wrong']:7}{row['none']:6}")


if __name__ == "__main__":
    main()
