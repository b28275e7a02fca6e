"""Writes the reference page of all kinds of sources from their settings: `python -m nhip.connectors.reference`."""

from __future__ import annotations

import sys
from typing import Any

from nhip.connectors.model import Connector
from nhip.connectors.registry import SettingField, fields_of, list_connectors

_HEAD = """# Kinds of sources

Written by `python -m nhip.connectors.reference > docs/reference/connectors.md`; a test keeps it true. `nhip source add KIND --set
name=value` takes text: lists are comma-separated or JSON, tables are JSON. Credentials are entered apart from settings, are kept
encrypted (AES-256-GCM, key in `<data_dir>/keys/secrets.key`) and are never shown again.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *(_section(connector) for connector in list_connectors())])


def settings_table(connector: Connector) -> str:
    """The settings of a kind as a Markdown table."""
    rows = [f"| `{f.name}` | {_type(f)} | {_default(f)} | {_escaped(f.description)} |" for f in fields_of(connector)]
    return "\n".join(["| Setting | Type | Default | Meaning |", "|---|---|---|---|", *rows])


def _section(connector: Connector) -> str:
    secrets = ", ".join(f"`{field.name}` ({field.title})" for field in connector.secrets) or "none"
    parts = [f"## `{connector.kind}`: {connector.title}", connector.yields, settings_table(connector)]
    return "\n\n".join(
        [*parts, f"Credentials: {secrets}.", f"How to: [{_file(connector)}](../howto/{_file(connector)}).\n"]
    )


def _file(connector: Connector) -> str:
    return f"connect-{connector.kind.replace('_', '-')}.md"


def _type(field: SettingField) -> str:
    return ", ".join(f"`{choice}`" for choice in field.choices) or field.type


def _default(field: SettingField) -> str:
    return "**required**" if field.required else _shown(field.default)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value:g}`" if isinstance(value, int | float) and value < 1e6 else f"`{value}`" if value else "empty"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
