"""Where the figures go: bench/results.json, name -> figures, with the machine and the commit they were taken on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench import figures as figures_page
from nhip import compiled

HERE = Path(__file__).parent
WORK = HERE / "work"
RESULTS = HERE / "results.json"
RECORDED: dict[str, dict[str, Any]] = {}
"""What this process recorded, by name."""
kept = True
"""Whether results.json takes it: what small files give is only looked at."""


class Measured(NamedTuple):
    """A finished program: what it printed, its exit code and what it took (its own CPU seconds, not those of the machine)."""

    output: str
    code: int
    wall_s: float
    cpu_s: float
    peak_mb: int


def measure(command: list[str]) -> Measured:
    """Run `command` to its end; its errors go to ours."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    peak = used.ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Measured(output, process.returncode, round(wall, 2), round(used.ru_utime + used.ru_stime, 2), peak)


def machine() -> dict[str, Any]:
    """Processor, cores, and how busy the machine is with other work."""
    names = [
        line.split(":", 1)[1].strip() for line in _read("/proc/cpuinfo").splitlines() if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "compiled": compiled.take(),
        "pace": _pace(),
    }


def _pace() -> float:
    """Millions of turns of an empty Python loop per CPU second, best of five: on a shared host one CPU second is not like
    another, and figures with different paces cannot be compared."""
    turns, best = 1_000_000, 0.0
    for _ in range(5):
        started = time.process_time()
        for _ in range(turns):
            pass
        best = max(best, turns / (time.process_time() - started) / 1e6)
    return round(best, 1)


def record(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """Put the figures into results.json and docs/reference/figures.md under `name`, print them, give them back."""
    entry = {**figures, "machine": machine(), "commit": _commit()}
    RECORDED[name] = entry
    if kept:
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
        text = json.dumps({**results, name: entry}, indent=1, ensure_ascii=False, sort_keys=True)
        RESULTS.write_text(text + "\n", encoding="utf-8")
        figures_page.write()
    print(name, json.dumps(figures, ensure_ascii=False), f"load {entry['machine']['load']}", flush=True)
    return entry


def table() -> str:
    """The figures recorded by this process, a line each, under the machine and commit of the last one."""
    columns = ("rows", "findings", "cpu_s", "wall_s", "rows_per_cpu_s", "rows_per_s", "peak_mb")
    lines = [" | ".join(("name", *columns)), " | ".join(["---"] * (len(columns) + 1))]
    for name, entry in RECORDED.items():
        cells = [entry.get(column) for column in columns]
        lines.append(" | ".join([name, *("-" if cell is None else f"{cell:,}" for cell in cells)]))
    last = list(RECORDED.values())[-1]
    on = last["machine"]
    state = f"load {on['load']}, pace {on.get('pace', '-')}"
    about = f"{on['processor']}, {on['cores']} cores, {state}, Python {on['python']}, commit {last['commit']}"
    return "\n".join([about, *(f"| {line} |" for line in lines)])


def _read(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _commit() -> str:
    git = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
