"""Portals that run DKAN, as Ho Chi Minh City's does."""

from nhip.connectors.dkan.reader import DkanSource, discover, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="dkan",
    title=_("DKAN portal"),
    yields=_("The resources of each dataset as files; tables whose file cannot be had as NDJSON."),
    settings=DkanSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
    discover=discover,
)
