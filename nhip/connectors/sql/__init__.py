"""Tables and queries of databases."""

from nhip.connectors.model import Connector, SecretField
from nhip.connectors.sql.reader import fetch, probe
from nhip.connectors.sql.source import SqlSource
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="sql",
    title=_("Database (SQL)"),
    yields=_("The rows of one query, every value as text, as NDJSON or Parquet; with a cursor column only new rows."),
    settings=SqlSource,
    secrets=(SecretField("password", _("Password")),),
    fetch=fetch,
    test=probe,
)
