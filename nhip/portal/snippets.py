"""Ready-made pieces of code that read a dataset: they run as they are copied."""

from __future__ import annotations

import json

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.model import Entry


class Snippet(msgspec.Struct, frozen=True):
    """A piece of code in a language or program, with a line on where it goes."""

    title: str
    text: str
    hint: str = ""


def snippets(root: str, entry: Entry) -> list[Snippet]:
    """Snippets for the dataset of an installation at `root`. Titles and hints are marked English."""
    home, texts = f"{root}/dataset/{entry.name}", [column.name for column in entry.columns if column.type == "text"]
    found = [
        Snippet("curl", f'curl -o {entry.name}.csv "{home}/export.csv"', _("The whole dataset into a file")),
        Snippet(
            "curl, JSON",
            f'curl "{home}/rows?_size=10"',
            _("The first ten rows; filters are in the reference of the rows API"),
        ),
        Snippet("Python", _python(home, texts), _("Needs pandas")),
        Snippet(
            "DuckDB",
            f"SELECT * FROM read_parquet('{home}/export.parquet') LIMIT 10;",
            _("Reads only the parts it needs"),
        ),
        Snippet("R", _r(home, texts), ""),
        Snippet("Excel, Power Query", _power_query(home), _("Data, Get data, Blank query, Advanced editor")),
    ]
    if "geojson" in entry.formats:
        hint = _("Layer, Add layer, Add vector layer, Protocol: HTTP")
        found.append(Snippet("QGIS", f"{home}/export.geojson", hint))
    return found


def _python(home: str, texts: list[str]) -> str:
    """With the columns of text named: pandas would make numbers of codes and telephones (`01.10` to 1.1, `+84…` to 84…)."""
    if not texts:
        return f'import pandas as pd\n\ndu_lieu = pd.read_csv("{home}/export.csv")\nprint(du_lieu.head())'
    return "\n".join(
        (
            "import pandas as pd",
            "",
            f"chu = {_listed(texts, '[', ']')}",
            f'du_lieu = pd.read_csv("{home}/export.csv", dtype=dict.fromkeys(chu, "string"))',
            "print(du_lieu.head())",
        )
    )


def _r(home: str, texts: list[str]) -> str:
    """With the columns of text named, as for pandas. The names are those of the file: R would change some of them."""
    read = f'read.csv("{home}/export.csv", fileEncoding = "UTF-8", check.names = FALSE'
    if not texts:
        return f"du_lieu <- {read})"
    classes = 'colClasses = setNames(rep("character", length(chu)), chu)'
    return f"chu <- {_listed(texts, 'c(', ')')}\ndu_lieu <- {read},\n  {classes})"


def _listed(names: list[str], begin: str, end: str) -> str:
    """Names as strings of Python and of R, five to a line."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    lines = [", ".join(quoted[at : at + 5]) for at in range(0, len(quoted), 5)]
    return begin + (",\n" + " " * 8).join(lines) + end


def _power_query(home: str) -> str:
    return "\n".join(
        (
            "let",
            f'    Source = Csv.Document(Web.Contents("{home}/export.csv"), [Delimiter=",", Encoding=65001]),',
            "    Table = Table.PromoteHeaders(Source)",
            "in",
            "    Table",
        )
    )
