"""What can go wrong on the way to another system. No message holds a query string, a header or a credential."""

from __future__ import annotations

from nhip.errors import NhipError

__all__ = [
    "AddressRefused",
    "AnswerCutShort",
    "AnswerTooLarge",
    "BadAddress",
    "NameNotFound",
    "NotTheAnswer",
    "OutgoingError",
    "PackedTooTightly",
    "RedirectRefused",
    "RemoteFailed",
    "RemoteMissing",
    "RequestRefused",
    "TimedOut",
    "TlsFailed",
    "TooManyRequests",
    "Unreachable",
    "WrongCredentials",
]


class OutgoingError(NhipError):
    """The other system could not be read."""

    status = 502


class BadAddress(OutgoingError):
    """This is not an address that Nhịp can read: {url}. Write http:// or https://, then the name, without user or password."""

    status = 400


class AddressRefused(OutgoingError):
    """Nhịp does not connect to {host}: {address} is a private or reserved network address. If this is an agency's own system,
    an administrator can allow its network with the setting `outgoing_private`."""

    status = 400


class NameNotFound(OutgoingError):
    """No network address is known for {host}. Check the name, or whether the other system still exists."""


class Unreachable(OutgoingError):
    """{host} does not accept connections on port {port}. {why}"""


class TimedOut(OutgoingError):
    """{host} did not answer for {seconds} seconds. Nothing was changed; the next run tries again."""

    status = 504


class TlsFailed(OutgoingError):
    """The secure connection to {host} failed: {why}. Its certificate may have expired or belong to another name."""


class AnswerTooLarge(OutgoingError):
    """{host} sends more than {limit_mb} MB, the largest size that is accepted (setting `max_file_mb`)."""

    status = 413


class PackedTooTightly(OutgoingError):
    """{host} sends compressed data that grows more than {times}-fold; this looks like a decompression bomb and was stopped."""

    status = 413


class AnswerCutShort(OutgoingError):
    """The connection to {host} ended before the whole answer had arrived. Nothing was kept; the next run tries again."""


class RedirectRefused(OutgoingError):
    """{host} forwards to another address in a way that Nhịp does not follow: {why}."""


class WrongCredentials(OutgoingError):
    """{host} refuses the credentials (it answers {code}). Enter the user name and password or key again."""


class RemoteMissing(OutgoingError):
    """There is nothing at {url} any more (the answer is {code})."""


class TooManyRequests(OutgoingError):
    """{host} wants fewer requests; it asks to wait {seconds} seconds. The next run tries again."""

    status = 503


class RemoteFailed(OutgoingError):
    """{host} has a fault of its own: it answers {code} for {url}."""


class RequestRefused(OutgoingError):
    """{host} does not accept the request for {url} (it answers {code}). Check the settings of the source."""


class NotTheAnswer(OutgoingError):
    """{host} answers with {what} instead of data at {url}. Often this is a sign-in page: check the address and the
    credentials."""
