"""Da Nang's data portal (congdulieu.vn, opendata.danang.gov.vn)."""

from nhip.connectors.danang.reader import DaNangSource, discover, fetch, probe
from nhip.connectors.model import Connector
from nhip.connectors.web import SECRETS
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="danang",
    title=_("Da Nang portal"),
    yields=_("The rows of each dataset as NDJSON."),
    settings=DaNangSource,
    secrets=SECRETS[:1],
    fetch=fetch,
    test=probe,
    discover=discover,
)
