"""The Vietnamese catalogue says everything that the product says, and says it with the glossary's words."""

from __future__ import annotations

import ast
import re
import sys
import unicodedata
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeGuard

import pytest
from babel.messages.pofile import read_po

from nhip.connectors.registry import fields_of, list_connectors
from nhip.console import common, evidence, routes
from nhip.console.sources.pages import EVERY
from nhip.datasets import rules
from nhip.kernel.values.rules import RULES
from nhip.web.i18n import LOCALE

ROOT = Path(__file__).parents[2]
PADDING = ("vui lòng", "xin vui lòng", "quý khách", "tiến hành", "thực hiện việc", "kính")
"""Words of offices that say nothing (docs/glossary.md and the design: short, active, addressed to a person)."""
RETIRED = {
    "bản giao": "lần giao",
    "thiết đặt": "thiết lập",
    "đang hiệu lực": "đang có hiệu lực",
    "giữ lại ngoài": "giữ lại",
}
"""Words that once stood beside the glossary's for the same thing."""


def _entries() -> dict[str, str]:
    with (LOCALE / "vi" / "LC_MESSAGES" / "nhip.po").open("rb") as file:
        catalogue = read_po(file, locale="vi")
    assert not [entry.id for entry in catalogue if entry.fuzzy and entry.id]
    return {_one(entry.id): _one(entry.string) for entry in catalogue if entry.id}


def _one(text: object) -> str:
    """A text, or the first form of a counted one."""
    return str(text[0] if isinstance(text, list | tuple) else text or "")


ENTRIES = _entries()


def _spoken() -> Iterator[tuple[str, str]]:
    """Texts that are translated from variables: where they stand, and the text."""
    for connector in list_connectors():
        yield connector.kind, connector.title
        yield connector.kind, connector.yields
        yield from ((connector.kind, secret.title) for secret in connector.secrets)
        yield from ((f"{connector.kind}.{field.name}", field.description) for field in fields_of(connector))
    yield from (("rule", text) for text in (*rules.TITLES.values(), *rules.FAMILIES.values()))
    yield from RULES.items()
    yield from (("virtue", text) for text in (*common.VIRTUES.values(), *common.MEANINGS.values()))
    yield from (("formula", text) for text in evidence.FORMULAS.values())
    yield from (("evidence", title) for terms in evidence.TERMS.values() for _name, title in terms)
    yield from (("every", title) for _seconds, title in EVERY)
    for item in routes.NAVIGATION:
        yield "navigation", item.title
        yield "navigation", item.group


def test_texts_kept_in_variables_are_in_the_catalogue() -> None:
    spoken = list(_spoken())
    assert len(spoken) > 150
    assert [(where, text) for where, text in spoken if not ENTRIES.get(text)] == []


def test_every_marked_text_is_literal() -> None:
    """A mark around anything else would never reach the catalogue."""
    hidden = []
    for path in sorted((ROOT / "nhip").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if _is_mark(node) and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant)):
                hidden.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert hidden == []


def _is_mark(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"


def test_the_extraction_finds_each_kind_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    sys.modules.pop("messages", None)
    found = import_module("messages").list_messages()
    assert "Data health" in found  # a literal in Python
    assert "No dataset has these words in its title." in found  # a template
    assert "There is no such delivery." in found  # the docstring of an error two classes below NhipError
    assert "Addresses of files to download." in found  # the description of a connector's setting
    assert ("{n} day ago", "{n} days ago") in found  # a counted text
    assert not [text for text in found if isinstance(text, str) and not text.strip()]


def test_code_stands_in_both_languages_alike() -> None:
    """What a person has to type, and placeholders of other languages, are not translated."""
    wrong = []
    for english, vietnamese in ENTRIES.items():
        kept = re.findall(r"`(?:nhip |make |chmod |--)[^`]*`|\bNHIP_[A-Z_]+\b|https?://", english)
        wrong += [(english, code) for code in kept if code not in vietnamese and "NAME" not in code]
    assert wrong == []


def test_vietnamese_is_written_well() -> None:
    for english, vietnamese in ENTRIES.items():
        assert vietnamese == unicodedata.normalize("NFC", vietnamese), english
        assert vietnamese == vietnamese.strip() and "  " not in vietnamese, english
        assert vietnamese.endswith(".") == english.endswith("."), (english, vietnamese)
        if _begins_with_words(english, vietnamese):
            assert vietnamese[0].isupper() == english[0].isupper(), (english, vietnamese)


def _begins_with_words(*texts: str) -> bool:
    """Names keep their capitals wherever they stand."""
    return all(text[:1].isalpha() and not re.match(r"(?:ODCS|Nhịp|Python|YAML|SQL|VN-2000)\b", text) for text in texts)


def test_vietnamese_uses_the_words_of_the_glossary() -> None:
    for text in ENTRIES.values():
        padding = [word for word in PADDING if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
        assert padding == [], text
        for retired, word in RETIRED.items():
            assert not re.search(rf"\b{retired}\b", text, re.IGNORECASE), f"write “{word}”: {text}"


def test_labels_in_the_docs_are_those_of_the_pages() -> None:
    """Bold Vietnamese in tutorials and how-tos names something to press or to read on a page."""
    said = {vietnamese.lower() for vietnamese in ENTRIES.values()}
    named = [
        (page.name, label)
        for folder in ("tutorial", "howto")
        for page in sorted((ROOT / "docs" / folder).glob("*.md"))
        for label in re.findall(r"\*\*([^*\n]+)\*\*", page.read_text(encoding="utf-8"))
        if any(unicodedata.combining(sign) for sign in unicodedata.normalize("NFD", label))
    ]
    assert len(named) > 10
    assert [(page, label) for page, label in named if label.strip(" .,:").lower() not in said] == []
