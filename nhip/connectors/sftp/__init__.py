"""Files that an agency offers by SFTP."""

from nhip.connectors.model import Connector, SecretField
from nhip.connectors.sftp.reader import SftpSource, fetch, probe
from nhip.kernel.i18n import _

CONNECTOR = Connector(
    kind="sftp",
    title=_("SFTP"),
    yields=_("Each new or changed file of the remote folder, as it is."),
    settings=SftpSource,
    secrets=(
        SecretField("password", _("Password")),
        SecretField("private_key", _("Private key (OpenSSH or PEM text)")),
        SecretField("passphrase", _("Passphrase of the private key")),
    ),
    fetch=fetch,
    test=probe,
)
