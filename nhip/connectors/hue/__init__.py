"""Hue's data portal (data.hue.gov.vn)."""

from nhip.connectors.hue.reader import HueSource, discover, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="hue",
    title=_("Hue portal"),
    yields=_("The rows of JSON files as NDJSON with the titles of their columns; other files as they are."),
    settings=HueSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
    discover=discover,
)
