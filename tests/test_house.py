"""The rules that keep the house pleasant: sizes, import rules, documented commands and settings, no leftovers."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bench import figures
from nhip.cli import COMMANDS, cli
from nhip.settings import Settings

ROOT = Path(__file__).parents[1]
FILE_LINES, FUNCTION_LINES = 400, 40
LONG_FILES: dict[str, str] = {}
"""Files that may be longer, each with its reason."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions (`file:name`) that may be longer, each with its reason."""


def sources() -> list[Path]:
    return sorted(p for p in (ROOT / "nhip").rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_files_are_short() -> None:
    names = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in sources()}
    assert {name: n for name, n in names.items() if n > FILE_LINES and name not in LONG_FILES} == {}


def test_functions_are_short() -> None:
    long = {}
    for path in sources():
        for node in functions(path):
            name = f"{path.relative_to(ROOT)}:{node.name}"
            if body_lines(node) > FUNCTION_LINES and name not in LONG_FUNCTIONS:
                long[name] = body_lines(node)
    assert long == {}


def test_public_functions_and_modules_say_what_they_do() -> None:
    silent = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        for node in tree.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):  # type: ignore[union-attr, arg-type]
                silent.append(f"{path.relative_to(ROOT)}:{node.name}")  # type: ignore[union-attr]
    assert silent == []


def test_no_leftovers() -> None:
    marks = re.compile(
        r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplementedError$|coming soon", re.IGNORECASE
    )
    found = []
    for path in sources():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if marks.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_only_db_commits() -> None:
    for path in sources():
        if path.parts[-2] != "db":
            text = path.read_text(encoding="utf-8")
            assert ".commit(" not in text or "sqlite" in text or "connect(" in text, path


def test_imports_follow_the_architecture() -> None:
    done = subprocess.run(["lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False, env=_environment())
    assert done.returncode == 0, done.stdout[-3000:]


def _environment() -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(Path.home()), "LC_ALL": "C.UTF-8"}


def commands(group: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for child in group.list_commands(context):
            found = group.get_command(context, child)
            assert found is not None, child
            yield from commands(found, f"{name} {child}")


def test_every_command_has_help_and_a_heading_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name, command in commands(cli, "nhip"):
        assert command.help, name
        assert f"`{name}`" in page, f"{name} is not in docs/reference/commands.md; run `make docs`"


def test_every_command_of_the_table_can_be_imported() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        assert isinstance(cli.get_command(context, name), click.Command), name


def test_every_setting_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name in Settings.__struct_fields__:
        assert f"`NHIP_{name.upper()}`" in page, name


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_in_the_docs_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_decision_records_are_short() -> None:
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40, page
        for heading in ("## Context", "## Decision", "## Consequences", "## Check"):
            assert heading in text, f"{page.name} lacks {heading}"


def test_nothing_names_the_machine_that_made_it() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        for word in (b"/wo" + b"rk/main", b"registry." + b"npmjs", b"pypi." + b"org", b"/opt/" + b"wheels"):
            assert word not in data, f"{name} names {word!r}"


def test_the_generated_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_page_of_figures_says_what_was_measured() -> None:
    results = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))
    assert figures.PAGE.read_text(encoding="utf-8") == figures.page(results), "python -m bench.figures"
