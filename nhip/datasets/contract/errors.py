"""What can be wrong with a contract, a rule or a template, said so that the person who wrote it can put it right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nhip.datasets.contract.notes import ContractProblem, render
from nhip.errors import BadInput


class ContractUnreadable(BadInput):
    """The contract cannot be read (line {line}): {what}"""

    status = 422


class _WithProblems(BadInput):
    """This cannot be used: {what}."""

    status = 422
    SHOWN = 20

    def __init__(self, problems: Sequence[ContractProblem], **values: Any) -> None:
        self.problems = list(problems)
        super().__init__(count=len(self.problems), what=self._lines(str), **values)

    def message(self, translate: Any = str) -> str:
        """The message with one line a problem, both in the language of `translate`."""
        values = {**self.values, "what": self._lines(translate)}
        return str(translate(self.template())).format(**values)

    def _lines(self, translate: Any) -> str:
        return "; ".join(render(problem, translate) for problem in self.problems[: self.SHOWN])


class ContractInvalid(_WithProblems):
    """The contract cannot be used, {count} mistake(s): {what}"""


class TemplateInvalid(_WithProblems):
    """The Excel template cannot be used, {count} mistake(s): {what}"""


class ExpressionRefused(BadInput):
    """The rule `{expression}` cannot be used: {what}"""

    status = 422


class TemplateUnreadable(BadInput):
    """The Excel template cannot be read: {what}."""

    status = 422


class TemplateTooLong(BadInput):
    """“{what}” is too long for a cell of Excel. Keep this contract as YAML."""

    status = 422


class TableMissing(BadInput):
    """{file} has no table {table}. It has: {known}."""

    status = 422
