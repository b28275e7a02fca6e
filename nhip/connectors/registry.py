"""The kinds of sources. Each is a folder of this package that exports `CONNECTOR`; it is imported when first asked for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from nhip.connectors.errors import BadSetting, UnknownKind, UnknownSetting
from nhip.connectors.faults import reason_of
from nhip.connectors.model import Connector
from nhip.connectors.titles import title_of_setting
from nhip.kernel.i18n import _

KINDS = ("folder", "sftp", "http", "json_api", "sql", "ckan", "dkan", "dcat", "danang", "hue")
"""In the order in which people see them."""


_SIGNING_IN = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"})
_SIGNED = re.compile(r"(?i)(?:^|;)\s*(?:uid|user|user id|pwd|password)\s*=")


class SettingField(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as a form or a table shows it. `title` and `description` are English texts and gettext keys."""

    name: str
    title: str
    type: Literal["text", "number", "yes/no", "list", "table"]
    required: bool
    default: Any
    description: str
    choices: tuple[str, ...] = ()


def get_connector(kind: str) -> Connector:
    """The connector of `kind`. Raises UnknownKind."""
    if kind not in KINDS:
        raise UnknownKind(kind=kind, kinds=", ".join(KINDS))
    connector: Connector = importlib.import_module(f"nhip.connectors.{kind}").CONNECTOR
    return connector


def list_connectors() -> list[Connector]:
    """All connectors."""
    return [get_connector(kind) for kind in KINDS]


def read_settings(connector: Connector, values: Mapping[str, Any]) -> Any:
    """The validated settings struct from `values`, which may all be text as the command line and forms give them.

    Lists may be comma-separated or JSON, tables JSON. Raises BadSetting naming the setting.
    """
    fields = {field.name: field for field in fields_of(connector)}
    ready: dict[str, Any] = {}
    for name, value in values.items():
        if name not in fields:
            raise UnknownSetting(kind=connector.kind, name=name, known=", ".join(fields))
        ready[name] = _from_text(connector, fields[name], value)
    for name, field in fields.items():
        if field.required and ready.get(name) in (None, ""):
            raise BadSetting(kind=connector.kind, name=name, why=_("it is required"))
    try:
        settings = msgspec.convert(ready, connector.settings, strict=False)
        _refuse_secrets(connector, settings)
        return settings
    except msgspec.ValidationError as error:
        reason, _at, place = str(error).partition(" - at `$.")
        name = re.split(r"[\[.]", place.rstrip("`"))[0] or "?"
        raise BadSetting(kind=connector.kind, name=name, why=reason_of(reason)) from error


def _refuse_secrets(connector: Connector, settings: Any) -> None:
    """Settings are shown again; what signs in belongs to the secrets. Raises BadSetting."""
    why = _("user and password do not belong here")
    for address in (getattr(settings, "url", ""), *getattr(settings, "files", ())):
        if "@" in re.split(r"[/?#]", address.partition("//")[2], maxsplit=1)[0]:
            raise BadSetting(kind=connector.kind, name="url", why=why)
    if any(name.strip().lower() in _SIGNING_IN for name in getattr(settings, "headers", ())):
        raise BadSetting(kind=connector.kind, name="headers", why=_("keys do not belong here; choose a way to sign in"))
    if _SIGNED.search(getattr(settings, "connection", "")):
        raise BadSetting(kind=connector.kind, name="connection", why=why)


def _from_text(connector: Connector, field: SettingField, value: Any) -> Any:
    if not isinstance(value, str) or field.type not in ("list", "table"):
        return value
    text = value.strip()
    if field.type == "table" or text.startswith("["):
        try:
            return msgspec.json.decode(text or "{}")
        except msgspec.DecodeError as error:
            why = _('it is no JSON, which looks like {"name": "value"} or ["one", "two"]')
            raise BadSetting(kind=connector.kind, name=field.name, why=why) from error
    return [part.strip() for part in text.split(",") if part.strip()]


def fields_of(connector: Connector) -> list[SettingField]:
    """The settings of `connector` in order, for forms and the reference."""
    hints = get_type_hints(connector.settings, include_extras=True)
    found = []
    for info in msgspec.structs.fields(connector.settings):
        plain, description = _unwrapped(hints[info.name])
        default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
        found.append(
            SettingField(
                name=info.name,
                title=title_of_setting(info.name),
                type=_shown_type(plain),
                required=info.required,
                default=None if default is msgspec.NODEFAULT else default,
                description=description,
                choices=tuple(get_args(plain)) if get_origin(plain) is Literal else (),
            )
        )
    return found


def _unwrapped(hint: Any) -> tuple[Any, str]:
    description = ""
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            description = meta.description
    return getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint, description


def _shown_type(plain: Any) -> Literal["text", "number", "yes/no", "list", "table"]:
    base = get_origin(plain) or plain
    if base is bool:
        return "yes/no"
    if base in (int, float):
        return "number"
    if base in (list, tuple):
        return "list"
    return "table" if base is dict else "text"
