"""What a query may be, and how a cursor is put around it. The database's own read-only transaction is the second lock."""

from __future__ import annotations

import re

from nhip.connectors.errors import QueryRefused
from nhip.kernel.i18n import _

_PIECE = re.compile(
    r"""(?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
      | (?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<open>/\*)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FORBIDDEN = frozenset(
    {
        "alter", "attach", "call", "copy", "create", "dblink", "delete", "detach", "drop", "exec", "execute", "grant",
        "insert", "into", "load_extension", "load_file", "lo_export", "lo_import", "lock", "merge", "opendatasource",
        "openquery", "openrowset", "pg_ls_dir", "pg_read_binary_file", "pg_read_file", "pragma", "readfile", "revoke",
        "truncate", "update", "writefile", "xp_cmdshell",
    }
)  # fmt: skip


def check_query(text: str) -> str:
    """The query without comments and the last semicolon. Raises QueryRefused unless it is one SELECT or WITH."""
    clean, words = [], []
    for match in _PIECE.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "comment":
            if piece.startswith(("/*!", "/*M!")):
                raise QueryRefused(why=_("comments that MySQL executes are not taken"))
            piece = " "
        elif kind == "word":
            words.append(piece.lower())
        elif kind == "text" and "\\'" in piece:
            raise QueryRefused(why=_("write a quote inside text as '' and not as \\'"))
        elif kind == "open" or piece in "'\"`$":
            raise QueryRefused(why=_("a quote or comment is not closed, or text stands between dollar signs"))
        clean.append(piece)
    query = "".join(clean).strip().rstrip(";").strip()
    _require_one_select(query, words)
    return query


def _require_one_select(query: str, words: list[str]) -> None:
    if not words or words[0] not in ("select", "with") or query[:1].lower() not in "sw":
        raise QueryRefused(why=_("it does not begin with SELECT or WITH"))
    if any(match.lastgroup == "other" and match[0] == ";" for match in _PIECE.finditer(query)):
        raise QueryRefused(why=_("it has several statements"))
    if found := sorted(_FORBIDDEN.intersection(words)):
        raise QueryRefused(why=found[0].upper())


def quoted(name: str, sign: str) -> str:
    """`name` as an identifier between `sign`s."""
    return sign + name.replace(sign, sign * 2) + sign


def columns_only(query: str) -> str:
    """A query that tells the columns and brings no row."""
    return f"SELECT * FROM ({query}) nhip_source WHERE 1 = 0"


def gaps(query: str, column: str) -> str:
    """A query that brings a row when the cursor (a quoted identifier) is empty anywhere."""
    return f"SELECT 1 FROM ({query}) nhip_source WHERE {column} IS NULL"


def in_order(query: str, column: str, mark: str) -> str:
    """`query` in the order of the cursor, from the value at `mark` on (all rows when `mark` is empty).

    `>=` and not `>`: rows that share the last value may have come since; the ones already had are known by their hashes.
    """
    where = f" WHERE {column} >= {mark}" if mark else ""
    return f"SELECT * FROM ({query}) nhip_source{where} ORDER BY {column}"
