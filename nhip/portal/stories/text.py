"""Text of stories: a small part of Markdown (CommonMark), without HTML and pictures, links to the web and to us alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_LINK = re.compile(r"(https?://|mailto:|/(?!/)|#)", re.IGNORECASE)
_ALLOWED = ("heading", "list", "blockquote", "emphasis", "link", "escape", "entity", "newline")


def _made() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "maxNesting": 12}).enable(list(_ALLOWED))
    parser.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    return parser


_parser = _made()


def render(text: str) -> Markup:
    """`text` as HTML: headings from the second level on, as the story's title is the first."""
    tokens = _parser.parse(text)
    return Markup(_parser.renderer.render(_lowered(tokens), _parser.options, {}))  # noqa: S704 - the parser escapes; HTML is off


def _lowered(tokens: Sequence[Token]) -> Sequence[Token]:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 4)}"
    return tokens
