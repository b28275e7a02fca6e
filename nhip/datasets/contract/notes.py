"""Problems of a contract with the place where they are, and the collector that every reader here writes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.datasets.model import Problem, Severity
from nhip.kernel.i18n import _

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a contract to a value in it."""


class ContractProblem(Problem, frozen=True, kw_only=True):
    """A problem at a place: `path` is `schema[0].properties[2].enum` in YAML or `Sheet!B4` in a template, `line` counts
    from 1 (0 in a template). Severity: fatal cannot be loaded; error is a mistake; warning is worth a look."""

    path: str = ""
    line: int = 0


def render(problem: ContractProblem, translate: Callable[[str], str] = str) -> str:
    """The problem as one sentence with its place, in the language of `translate`."""
    text = fill(translate(problem.message), translated(problem.values, translate))
    if problem.line:
        return fill(translate(_("line {line}, {path}: {text}")), {**_place(problem), "text": text})
    return f"{problem.path}: {text}" if problem.path else text


def translated(values: dict[str, Any], translate: Callable[[str], str]) -> dict[str, str]:
    """Values that are messages themselves (`expected {wanted}`) in the language of `translate`, the others as they are."""
    return {name: translate(str(value)) if value else str(value) for name, value in values.items()}


def _place(problem: ContractProblem) -> dict[str, str]:
    return {"line": str(problem.line), "path": problem.path or "."}


def fill(template: str, values: dict[str, str]) -> str:
    """`template` with its `{places}` filled; text inside the values is never read as a template."""
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return template


class Notes:
    """Collects problems while something is read, so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[ContractProblem] = []

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        *,
        path: str = "",
        line: int = 0,
        column: str = "",
        **values: Any,
    ) -> None:
        """Note a problem; `message` is an English template over `values`."""
        texts = {name: shorten(value) for name, value in values.items()}
        note = ContractProblem(
            code=code, message=message, severity=severity, path=path, line=line, column=column, values=texts
        )
        if note not in self.problems:
            self.problems.append(note)

    def of(self, *severities: Severity) -> list[ContractProblem]:
        """The problems of these severities, in the order they were noted."""
        return [problem for problem in self.problems if problem.severity in severities]


class Place:
    """Where a problem is noted: a path of the document, or the column's name where there is none."""

    def __init__(self, notes: Notes, lines: dict[Path, int], path: Path, column: str) -> None:
        self.notes, self.lines, self.path, self.column = notes, lines, path, column

    def error(self, code: str, message: str, **values: Any) -> None:
        """Note a mistake."""
        self._add("error", code, message, values)

    def warning(self, code: str, message: str, **values: Any) -> None:
        """Note something worth a look."""
        self._add("warning", code, message, values)

    def _add(self, severity: Any, code: str, message: str, values: dict[str, Any]) -> None:
        path = path_text(self.path) if self.lines else self.column
        line = self.lines.get(self.path, 1) if self.lines else 0
        self.notes.add(severity, code, message, path=path, line=line, column=self.column, **values)


def path_text(path: Path) -> str:
    """`("schema", 0, "name")` as `schema[0].name`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".")


def shorten(value: Any, limit: int = 200) -> str:
    """`value` as text of at most `limit` characters, so that a huge cell cannot fill a message."""
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
