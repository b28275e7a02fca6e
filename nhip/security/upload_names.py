"""Names of files that strangers hand in: what may be kept and shown of them, and how they go into a header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from nhip.kernel.text import nfc
from nhip.security.upload_errors import WrongName

_PROGRAMS: Final = """
exe scr pif bat cmd ps1 psm1 vbs vbe js jse mjs ws wsf wsh hta msi msp jar class lnk scf dll sh bash py pl rb php phtml php3
php5 phar asp aspx jsp jspx cgi htm html xhtml mht mhtml shtml svg svgz swf apk dmg iso vhd docm dotm xlsm xltm xlam pptm
potm chm cpl gadget htaccess
"""
RUNS_ANYWHERE: Final = frozenset(_PROGRAMS.split())
"""Endings of what something starts; some web servers start it by an ending before the last one too (`photo.php.jpg`)."""
RUNS: Final = RUNS_ANYWHERE | {"com", "so", "url", "inf", "reg", "img", "one", "xml", "xsl"}
"""As the last ending these start something too; before it they are ordinary words (`gmail.com.pdf`)."""
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
_LONGEST: Final = 120


def safe_name(
    declared: str, suffixes: tuple[str, ...], known: Collection[str] = (), alike: Collection[str] = ()
) -> str:
    """A name to keep and show: no folders, control, invisible or text-turning characters, nothing a file system reserves.

    Its ending is one of `suffixes`: the first where it had none, and in place of one of `alike`. Raises WrongName for an
    ending that something would start, and for another one of `known`.
    """
    name = plain(declared)
    stem, ending = split(name)
    if any(part.lower() in RUNS_ANYWHERE for part in stem.split(".")[1:]) or ending[1:] in RUNS:
        raise WrongName(name=name)
    if ending not in suffixes:
        if ending in known and ending not in alike:
            raise WrongName(name=name)
        stem, ending = (stem if ending in alike else name), suffixes[0]
    stem = stem.strip(" .-") or "file"
    return ("_" if _RESERVED.match(stem) else "") + stem[:_LONGEST].rstrip(" .") + ending


def plain(declared: str) -> str:
    """The last part of a path of any system, NFC, without what cannot be seen or means something to a shell."""
    last = re.split(r"[/\\]", nfc(declared[:1_000]))[-1]
    seen = "".join(
        " " if sign.isspace() else sign for sign in last if sign.isspace() or unicodedata.category(sign)[0] != "C"
    )
    return re.sub(r'[<>:"|?*%;`$]', "_", re.sub(" +", " ", seen)).strip(" .")


def split(name: str) -> tuple[str, str]:
    """The stem, and the ending in small letters with its point ("" for none)."""
    ending = PurePosixPath(name).suffix
    return (name[: -len(ending)], ending.lower()) if ending else (name, "")


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name` (RFC 6266, RFC 8187); no name can break out of the header."""
    shown = plain(name) or "file"
    spelled = unicodedata.normalize("NFD", shown.replace("đ", "d").replace("Đ", "D"))
    simple = re.sub(r"[^A-Za-z0-9 ._()-]", "_", "".join(sign for sign in spelled if not unicodedata.combining(sign)))
    return f"attachment; filename=\"{simple or '_'}\"; filename*=UTF-8''{quote(shown, safe='')}"
