"""What a value parser answers."""

from __future__ import annotations

from typing import Literal, NamedTuple

Judgement = Literal["mended", "warning", "error"]


class Parsed(NamedTuple):
    """A delivered text read as a value.

    `value` is the canonical text (ISO 8601 dates, numbers with a decimal point, `true`/`false`), castable by DuckDB; None
    when nothing certain can be said, never a guess. `rule` is empty when the delivered text already had the canonical form;
    else it names what was found (`date.form`, `date.ambiguous`, `number.form`, ...), `severity` how bad that is, and
    `suggestion` what would probably be right.
    """

    value: str | None
    rule: str = ""
    severity: Judgement = "mended"
    suggestion: str = ""
