"""Portals that run CKAN, or speak its Action API."""

from nhip.connectors.ckan.reader import CkanSource, discover, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="ckan",
    title=_("CKAN portal"),
    yields=_("The resources of each dataset as files; tables that have no file as NDJSON."),
    settings=CkanSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
    discover=discover,
)
