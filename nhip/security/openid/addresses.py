"""Addresses of the conversation with a provider: which ones may be used, and ours that it leads back to."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from nhip.settings import Settings

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def public_address(settings: Settings) -> str:
    """Where people and programs reach this installation, without a closing slash; our name as an OAuth issuer too."""
    return (settings.base_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def redirect_uri(settings: Settings, provider: str) -> str:
    """Where the provider sends the browser back to; each provider has its own, so that answers cannot be mixed up."""
    return f"{public_address(settings)}/openid/{provider}/callback"


def is_fit(address: str, *, query: bool = True) -> bool:
    """Whether tokens may travel there: https, or http on this very machine; no user, no fragment, no control characters."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not address.isascii() or not address.isprintable() or " " in address or len(address) > 2_000:
        return False
    if not host or parts.username is not None or "#" in address or (parts.query and not query):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)


def with_query(address: str, **values: str) -> str:
    """`address` with `values` in its query, in the place of any of the same name; empty ones are left out."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in values]
    added = [(name, value) for name, value in values.items() if value]
    return urlunsplit(parts._replace(query=urlencode(kept + added)))
