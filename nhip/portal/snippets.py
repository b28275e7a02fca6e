"""Ready-made pieces of code that read a dataset: they run as they are copied."""

from __future__ import annotations

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
    home = f"{root}/dataset/{entry.name}"
    found = [
        Snippet("curl", f'curl -o {entry.name}.csv "{home}/export.csv"', _("The whole dataset into a file")),
        Snippet(
            "curl, JSON",
            f'curl "{home}/rows?_size=10"',
            _("The first ten rows; filters are in the reference of the rows API"),
        ),
        Snippet("Python", _python(home), _("Needs pandas")),
        Snippet(
            "DuckDB",
            f"SELECT * FROM read_parquet('{home}/export.parquet') LIMIT 10;",
            _("Reads only the parts it needs"),
        ),
        Snippet("R", f'du_lieu <- read.csv("{home}/export.csv", fileEncoding = "UTF-8")', ""),
        Snippet("Excel, Power Query", _power_query(home), _("Data, Get data, Blank query, Advanced editor")),
    ]
    if "geojson" in entry.formats:
        hint = _("Layer, Add layer, Add vector layer, Protocol: HTTP")
        found.append(Snippet("QGIS", f"{home}/export.geojson", hint))
    return found


def _python(home: str) -> str:
    return f'import pandas as pd\n\ndu_lieu = pd.read_csv("{home}/export.csv")\nprint(du_lieu.head())'


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
