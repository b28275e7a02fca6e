"""Files dropped into a folder of this machine or of a mounted share."""

from nhip.connectors.folder.reader import FolderSource, fetch, probe
from nhip.connectors.model import Connector
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="folder",
    title=_("Folder"),
    yields=_("Each new or changed file of the folder, as it is."),
    settings=FolderSource,
    fetch=fetch,
    test=probe,
)
