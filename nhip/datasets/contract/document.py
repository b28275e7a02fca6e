"""Safe YAML with places: every value knows its line and the text that was written.

Scalars follow YAML 1.2: `no`, `on`, `01`, `12:30` and `2024-01-01` stay text, so that codes keep their leading zeros and
answers like NO stay answers. Size, depth and expansion of aliases are bounded.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from nhip.datasets.contract.errors import ContractUnreadable
from nhip.datasets.contract.notes import Path
from nhip.datasets.contract.parserwords import yaml_words
from nhip.kernel.i18n import _

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
"""Values after aliases are expanded; 2,000 columns with every key set are about 60,000."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_INT = r"[-+]?(?:0|[1-9][0-9]{0,29})"
_FLOAT = r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}(?:[eE][-+][0-9]{1,3})?|\.[0-9]{1,30}(?:[eE][-+][0-9]{1,3})?)"


class _Loader(_BASE):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(rf"^{_INT}$"), list("-+0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}float", re.compile(rf"^{_FLOAT}$"), list("-+.0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])


class Document(msgspec.Struct, frozen=True):
    """Parsed YAML: `data` in plain Python types, the line (from 1) of every path and the written text of every scalar."""

    data: Any
    lines: dict[Path, int]
    raw: dict[Path, str]


def parse(text: str) -> Document:
    """`text` as a Document. Raises ContractUnreadable with the line for anything unsafe, too large or not YAML."""
    if len(text) > MAX_CHARACTERS:
        raise ContractUnreadable(line=1, what=_("the file is larger than 2,000,000 characters"))
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        line, what, shown = yaml_words(error, text)
        raise ContractUnreadable(line=line, what=what, detail=shown) from error
    document = Document(None, {}, {})
    if root is None:
        raise ContractUnreadable(line=1, what=_("the file is empty"))
    return Document(_Builder(document).build(root, ()), document.lines, document.raw)


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the recursive composer sees it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ContractUnreadable(line=line, what=_("it is nested deeper than 40 levels"))


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise ContractUnreadable(line=line, what=_("its aliases unfold to too many values"))
        self.document.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path, line)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.build(item, (*path, place)) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path, line)
        raise _tag(node, line)

    def _mapping(self, node: yaml.MappingNode, path: Path, line: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ContractUnreadable(line=at, what=_("a key must be plain text"))
            if key.value in found:
                raise ContractUnreadable(line=at, what=_("this key is written twice"), detail=key.value[:80])
            found[key.value] = self.build(value, (*path, key.value))
            self.document.lines[(*path, key.value)] = at
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path, line: int) -> Any:
        self.document.raw[path] = node.value
        match node.tag.removeprefix(_TAG):
            case "str":
                return node.value
            case "null":
                return None
            case "bool" if node.value.lower() in ("true", "false"):
                return node.value.lower() == "true"
            case "int" if re.fullmatch(_INT, node.value):
                return int(node.value)
            case "float" if re.fullmatch(rf"{_FLOAT}|{_INT}", node.value):
                return float(node.value)
        raise _tag(node, line)


def _tag(node: yaml.Node, line: int) -> ContractUnreadable:
    return ContractUnreadable(line=line, what=_("this YAML tag is not allowed"), detail=node.tag[:80])
