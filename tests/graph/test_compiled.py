"""The inner loop as machine code does what it does as Python; what does not fit the source is left alone."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from nhip import compiled

_TESTS = ("store/test_operations.py", "store/test_service.py", "store/test_recent.py", "document/test_times.py")
_WHICH = "import nhip.graph.quick as quick; print(quick.__file__)"


def _run(folder: Path | str, *command: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, compiled.ELSEWHERE: str(folder), "PYTEST_XDIST_WORKER": f"compiled{os.getpid()}"}
    return subprocess.run(
        [sys.executable, *command], cwd=compiled.ROOT, env=told, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def machine_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make fast` makes, in a folder of its own."""
    if shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").is_file():
        pytest.skip("no C compiler, or no headers of Python")
    if importlib.util.find_spec("mypyc") is None:
        pytest.skip("mypyc is not installed")
    folder = tmp_path_factory.mktemp("compiled") / "fast"
    made = _run("", "-c", f"from scripts.compile_graph import *; compile_into(Path({str(folder)!r}), '0')")
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def test_machine_code_passes_the_tests_of_the_store(machine_code: Path) -> None:
    assert _run(machine_code, "-c", _WHICH).stdout.startswith(str(machine_code))
    ran = _run(
        machine_code, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/graph/{name}" for name in _TESTS)
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout


def test_what_was_made_of_other_source_is_not_taken(machine_code: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(machine_code, other)
    (other / compiled.STAMP).write_text("0" * 32)
    plain = str(compiled.ROOT / "nhip" / "graph" / "quick.py")
    assert [_run(folder, "-c", _WHICH).stdout.strip() for folder in (other, "", tmp_path / "none")] == [plain] * 3


def test_all_that_is_compiled_is_there() -> None:
    assert [name for name in (*compiled.SOURCES, *compiled.BESIDE) if not (compiled.ROOT / name).is_file()] == []
