"""Catalogues in DCAT (W3C), whichever software serves them."""

from nhip.connectors.dcat.reader import DcatSource, discover, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="dcat",
    title=_("DCAT catalogue"),
    yields=_("The distributions of each dataset as files."),
    settings=DcatSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
    discover=discover,
)
