"""Compile the live graph's inner loop (nhip/compiled.py says what) into build/fast: needs a C compiler and Python's headers.

mypyc, as it takes the typed source as it is and comes with mypy; Cython wants a dialect or gains little.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Distribution

from nhip.compiled import BESIDE, FOLDER, ROOT, SOURCES, STAMP, fingerprint

_DIRECT = ["-fno-plt", "-fno-semantic-interposition"]
"""Calls go where they go, without a table between: gcc and clang know both."""


def compile_into(folder: Path, opt_level: str = "3") -> None:
    """Compile into `folder`, whose stamp is written last. Raises what setuptools raises when there is no compiler."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work, "c")
        extensions = mypycify([*SOURCES], opt_level=opt_level, debug_level="0", target_dir=str(target))
        for extension in extensions:
            extension.extra_compile_args += _DIRECT
        command = Distribution({"ext_modules": extensions}).get_command_obj("build_ext")
        assert command is not None
        command.build_lib, command.build_temp = str(folder), work  # type: ignore[attr-defined]
        command.ensure_finalized()
        command.run()
    for file in BESIDE:
        shutil.copy(ROOT / file, folder / file)
    (folder / STAMP).write_text(fingerprint(), encoding="ascii")


def main() -> None:
    os.chdir(ROOT)
    stamp = FOLDER / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint():
        print("The live graph's inner loop is compiled already.")
        return
    made = FOLDER.with_name("fast.new")
    for folder in (FOLDER, made):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        compile_into(made)
    except Exception as error:
        shutil.rmtree(made, ignore_errors=True)
        sys.exit(f"Not compiled ({error}). It takes a C compiler and Python's headers: apt-get install gcc python3-dev")
    made.rename(FOLDER)
    print(f"The live graph's inner loop is compiled: {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
