"""An acknowledged write survives kill -9 of the process and of PostgreSQL; `make soak` does it hundreds of times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_nothing_acknowledged_is_lost_by_killing() -> None:
    command = [sys.executable, "-m", "tests.graph.store.killing", "--process", "4", "--database", "3"]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was lost" in done.stdout
