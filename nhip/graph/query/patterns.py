"""Regular expressions that cannot explode: RE2 (linear time, bounded memory) for q, idPattern and scopes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from nhip.graph.query.errors import BadParameter, TooLong
from nhip.kernel.i18n import _

MAX_PATTERN = 1024


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str) -> Any:
    """An object with `search(text)`; raises re2.error."""
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    return re2.compile(pattern, options)


def check_pattern(pattern: str, parameter: str) -> None:
    """Raise BadParameter if `pattern` is no regular expression, TooLong past the bound."""
    if len(pattern) > MAX_PATTERN:
        raise TooLong(parameter=parameter, what=_("its regular expression is too long"), limit=MAX_PATTERN)
    try:
        compile_pattern(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise BadParameter(parameter=parameter, what=_("it is no regular expression")) from error
