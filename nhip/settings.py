"""Settings: environment variables `NHIP_*` over `nhip.toml` in the data folder over the defaults here."""

from __future__ import annotations

import ast
import os
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from nhip.errors import BadInput

_CONTACTS = r"^((mailto:[^\s,@]+@[^\s,@]+|https://[^\s,]+|tel:\+?[0-9][0-9.()-]*)(,\s*|$))*$"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of an installation. Sizes are in bytes unless the name says otherwise; durations in seconds."""

    data_dir: Path = Path("var")
    """Folder that holds the embedded database, the object store and the keys."""
    database_url: str = ""
    """PostgreSQL 15 or later; empty means the embedded server in `data_dir`."""
    object_url: str = ""
    """Object store: `s3://bucket/prefix`; empty means the folder `objects` in `data_dir`."""
    host: str = "127.0.0.1"
    """Address that `nhip up` listens on."""
    port: int = 8321
    """Port that `nhip up` listens on."""
    base_url: str = ""
    """Public address of this installation, for links and cookies; empty means `http://host:port`."""
    hosts: str = ""
    """Comma-separated further names under which people reach this installation; others are refused. Always known: that of
    `base_url`, `host` and localhost."""
    trusted_proxies: str = ""
    """Comma-separated networks (CIDR) of reverse proxies that are believed about the client's address (`X-Forwarded-For`);
    this machine always is."""
    hsts_subdomains: bool = True
    """Whether browsers shall use https for all names below that of `base_url` too, for two years; no where one has no https."""
    requests_per_minute: int = 6_000
    """Requests that one address may make a minute; an office of 200 people behind one address stays far below. 0: no limit."""
    signins_per_minute: int = 60
    """Attempts to sign in, tokens and recoveries that one address may ask for a minute. 0: no limit."""
    heavy_per_minute: int = 120
    """Uploads and exports that one address may begin a minute. 0: no limit."""
    security_contact: Annotated[str, msgspec.Meta(pattern=_CONTACTS)] = ""
    """Whom somebody tells who finds a hole in this installation: `mailto:an-toan@example.vn`, an https address, several with
    commas. Shown at `/.well-known/security.txt`; empty means that there is no such page."""
    language: str = "vi"
    """Language of pages when the browser states none: `vi` or `en`."""
    city: str = "Thành phố mẫu"
    """Name of the locality shown on every page."""
    province_code: str = "46"
    """Code of the locality's province or centrally run city, for addresses that do not name it."""
    memory_mb: int = 600
    """Memory that one DuckDB session may use before it spills to disk, in MB."""
    threads: int = 2
    """Threads of one DuckDB session."""
    max_file_mb: int = 10_240
    """Largest delivery that is accepted, in MB."""
    max_unpacked_mb: int = 20_480
    """Largest size that an archive may unpack to, in MB."""
    max_columns: int = 2_000
    """Most columns that a table may have."""
    outgoing_private: str = ""
    """Comma-separated networks (CIDR) inside the private ranges that sources may reach; empty means none."""
    fetch_timeout_s: int = 60
    """Seconds without a byte after which a source counts as hanging."""
    map_tiles: str = ""
    """Address of the background of maps, with {z}, {x} and {y}: `https://tiles.example.vn/{z}/{x}/{y}.png`. Readers' browsers ask
    it for pictures. Empty: maps have no background, and nobody outside learns who looks at what."""
    map_credit: str = ""
    """Whom the background of maps is owed to, shown below it."""
    session_hours: int = 12
    """Hours that a sign-in lasts."""
    session_idle_minutes: int = 120
    """Minutes without a request after which a session ends."""
    sessions_per_account: int = 10
    """Browsers in which one person may be signed in at the same time; the one unused for the longest is signed out."""
    second_factor: Literal["offered", "privileged", "everybody"] = "privileged"
    """Who works only with a second factor (passkey or one-time codes): nobody has to (`offered`), whoever holds a sensitive
    permission (`privileged`), or `everybody`. Whoever has one always uses it."""
    confirm_minutes: int = 15
    """Minutes after which a sensitive act asks again who it is."""
    workers: int = 2
    """Deliveries processed at the same time."""

    graph_history_days: int = 0
    """Days that the history of the live graph is kept, by when a value was observed; 0: for ever."""
    graph_mirror_check_s: int = 30
    """Seconds after which a mirror of a peer looks whether it missed something."""
    graph_mirror_compare_s: int = 21_600
    """Seconds after which a mirror is compared with its peer entity by entity, whatever it heard."""

    backup_to: str = ""
    """Folder that the backup of each night goes to, on another disk or machine; empty means none is made."""
    backup_hour: int = 2
    """Hour of the day (Vietnam time) at which the backup of the night is made."""
    backup_keep: int = 14
    """How many backups of that folder are kept."""

    smtp_url: str = ""
    """Mail server that letters to readers go out by: `smtp://user:password@host:587` (STARTTLS where it is offered; a password
    goes to other machines under TLS only) or `smtps://…:465`; empty means that no letters are sent."""
    mail_from: str = ""
    """Sender of these letters: `Dữ liệu mở Huế <du-lieu@hue.example>`."""
    story_four_eyes: bool = False
    """Whether whoever edited a story last may not be the one who publishes it."""

    def __repr__(self) -> str:
        """Without the addresses that may hold passwords, so that they cannot reach a log."""
        return f"Settings(data_dir={self.data_dir}, port={self.port})"


def load(overrides: dict[str, Any] | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Settings from defaults, `nhip.toml`, the environment and `overrides`, the later ones winning.

    Raises BadInput naming the setting that cannot be read.
    """
    env = dict(os.environ) if environ is None else environ
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        if (text := env.get(f"NHIP_{name.upper()}")) is not None:
            values[name] = text
    values.update({k: v for k, v in (overrides or {}).items() if v is not None})
    folder = Path(str(values.get("data_dir", Settings().data_dir)))
    merged = {**_from_file(folder / "nhip.toml"), **values}
    merged["data_dir"] = str(Path(str(merged.get("data_dir", folder))).expanduser().resolve())
    try:
        return msgspec.convert(merged, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise BadInput(what=f"settings: {error}") from error


def meanings() -> dict[str, str]:
    """What each setting means, in English: the text below it in this file, which pages, reference and catalogue share."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == Settings.__name__)
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            found[ast.unparse(field.target)] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def origins(settings: Settings) -> dict[str, str]:
    """Where the settings that are not as they come were set: `file` (nhip.toml) or `start` (environment, command line), by name.

    Judged by the values, as the parts of `nhip up` are handed all of them by their environment.
    """
    default, written = Settings(), _from_file(settings.data_dir / "nhip.toml")
    changed = [name for name in Settings.__struct_fields__ if getattr(settings, name) != getattr(default, name)]
    return {name: "file" if str(written.get(name)) == str(getattr(settings, name)) else "start" for name in changed}


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(what=f"{path}: {error}") from error


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
