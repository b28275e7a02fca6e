"""What can be wrong with a contract, a rule or a template, said so that the person who wrote it can put it right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nhip.datasets.contract.notes import ContractProblem, fill, render, translated
from nhip.errors import BadInput


class _Worded(BadInput):
    """This cannot be used: {what}{detail}."""

    status = 422

    def __init__(self, *, what: str, detail: str = "", **values: Any) -> None:
        super().__init__(what=what, detail=f" ({detail})" if detail else "", **values)

    def message(self, translate: Any = str) -> str:
        """The message with its reason, both in the language of `translate`; `detail` stays as it is."""
        return fill(str(translate(self.template())), translated(self.values, translate))


class ContractUnreadable(_Worded):
    """The contract cannot be read (line {line}): {what}{detail}."""


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
        return fill(str(translate(self.template())), values)

    def _lines(self, translate: Any) -> str:
        return "; ".join(render(problem, translate) for problem in self.problems[: self.SHOWN])


class ContractInvalid(_WithProblems):
    """The contract cannot be used, {count} mistake(s): {what}"""


class TemplateInvalid(_WithProblems):
    """The Excel template cannot be used, {count} mistake(s): {what}"""


class ExpressionRefused(_Worded):
    """The rule `{expression}` cannot be used: {what}{detail}."""


class TemplateUnreadable(_Worded):
    """The Excel template cannot be read: {what}{detail}."""


class TemplateTooLong(BadInput):
    """“{what}” is too long for a cell of Excel. Keep this contract as YAML."""

    status = 422


class TableMissing(BadInput):
    """{file} has no table {table}. It has: {known}."""

    status = 422
