"""A file behind an address."""

from nhip.connectors.http.reader import HttpSource, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="http",
    title=_("Download (HTTP)"),
    yields=_("The file behind the address, each time it has changed."),
    settings=HttpSource,
    secrets=SECRETS,
    fetch=fetch,
    test=probe,
)
