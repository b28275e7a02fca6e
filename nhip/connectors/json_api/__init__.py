"""Rows behind a JSON interface, page by page."""

from nhip.connectors.json_api.reader import JsonApiSource, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="json_api",
    title=_("JSON interface"),
    yields=_("All rows of all pages as one NDJSON file, byte for byte."),
    settings=JsonApiSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
)
