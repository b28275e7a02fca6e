"""Reads a remote folder by SFTP. The server proves itself by a pinned key before anything secret is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import paramiko

from nhip.connectors.drop import MAX_FILES, Seen, check_pattern, fetch_drop, is_hidden_or_unfinished, matches
from nhip.connectors.errors import BadSetting, FileRefused, FolderMissing, HostKeyChanged, HostKeyUnknown, TooManyFiles
from nhip.connectors.model import Fetched, Note, Payload, State, TestResult
from nhip.connectors.sink import Sink
from nhip.kernel.i18n import _
from nhip.security.addresses import open_socket
from nhip.security.outgoing_errors import AnswerCutShort, TimedOut, WrongCredentials
from nhip.security.secrets import Secret
from nhip.settings import Settings

_MAX_DEPTH = 8
_PIECE = 32 << 10
_WINDOW = 4 << 20


class SftpSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of an `sftp` source."""

    host: Annotated[str, msgspec.Meta(min_length=1, description=_("Name or address of the server."))]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535, description=_("Port."))] = 22
    username: Annotated[str, msgspec.Meta(min_length=1, description=_("User name."))]
    path: Annotated[str, msgspec.Meta(description=_("Folder on the server."))] = "."
    pattern: Annotated[
        str, msgspec.Meta(description=_("Which files: * for any letters, **/ for any depth of folders."))
    ] = "*"
    fingerprint: Annotated[
        str, msgspec.Meta(description=_("Fingerprint of the server's key, SHA256:...; `nhip source test` shows it."))
    ] = ""
    settle_seconds: Annotated[
        float, msgspec.Meta(ge=0, le=86_400, description=_("A file must be untouched for so many seconds."))
    ] = 10.0


def fetch(source: SftpSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """New and changed files. Raises HostKeyUnknown, HostKeyChanged, WrongCredentials, FolderMissing, OutgoingError."""
    pattern = check_pattern("sftp", source.pattern)
    with _connected(source, secret, sink.settings) as client:
        listing = list(_listed(client, source, pattern))
        return fetch_drop(
            listing, state, source.settle_seconds, lambda file: _read(client, source, file, sink), failures=[]
        )


def probe(source: SftpSource, secret: Secret, settings: Settings) -> TestResult:
    """Shows the server's key at first contact; with the key pinned, signs in and lists the folder."""
    pattern = check_pattern("sftp", source.pattern)
    if not source.fingerprint:
        with _greeted(source, settings) as transport:
            values = {"host": source.host, "fingerprint": _fingerprint(transport)}
        return TestResult(notes=[Note(HostKeyUnknown.template(), values)])
    with _connected(source, secret, settings) as client:
        names = [file.name for file in _listed(client, source, pattern)]
    values = {"path": f"{source.host}:{source.path}", "count": str(len(names))}
    note = Note(_("The folder {path} has {count} files that fit."), values)
    return TestResult(notes=[note], would_fetch=names[:100], datasets=1)


def _fingerprint(transport: paramiko.Transport) -> str:
    """The form that `ssh-keygen -lf` prints: SHA-256, base64 without padding."""
    digest = hashlib.sha256(transport.get_remote_server_key().asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@contextmanager
def _greeted(source: SftpSource, settings: Settings) -> Iterator[paramiko.Transport]:
    """A connection with keys exchanged and nobody signed in."""
    timeout = float(settings.fetch_timeout_s)
    sock = open_socket(source.host, source.port, settings)
    sock.settimeout(timeout)
    transport = paramiko.Transport(sock)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout
    try:
        with _explained(source, settings):
            transport.start_client(timeout=timeout)
            yield transport
    finally:
        transport.close()


@contextmanager
def _connected(source: SftpSource, secret: Secret, settings: Settings) -> Iterator[paramiko.SFTPClient]:
    with _greeted(source, settings) as transport:
        shown = _fingerprint(transport)
        if not source.fingerprint:
            raise HostKeyUnknown(host=source.host, fingerprint=shown)
        if not hmac.compare_digest(shown.encode(), source.fingerprint.strip().rstrip("=").encode()):
            raise HostKeyChanged(host=source.host, fingerprint=shown, expected=source.fingerprint)
        _sign_in(transport, source, secret)
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise AnswerCutShort(host=source.host)
        channel = client.get_channel()
        if channel is not None:
            channel.settimeout(float(settings.fetch_timeout_s))
        yield client


@contextmanager
def _explained(source: SftpSource, settings: Settings) -> Iterator[None]:
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise WrongCredentials(host=source.host, code="SSH") from error
    except TimeoutError as error:
        raise TimedOut(host=source.host, seconds=settings.fetch_timeout_s) from error
    except (paramiko.SSHException, EOFError, ConnectionError) as error:
        raise AnswerCutShort(host=source.host) from error


def _sign_in(transport: paramiko.Transport, source: SftpSource, secret: Secret) -> None:
    text = secret.value("private_key")
    if not text:
        transport.auth_password(source.username, secret.value("password"))
        return
    key = _private_key(text, secret.value("passphrase"))
    transport.auth_publickey(source.username, key)


def _private_key(text: str, passphrase: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"), passphrase or None)
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise BadSetting(kind="sftp", name="private_key", why=_("it cannot be read, or the passphrase is wrong")) from None


def _listed(client: paramiko.SFTPClient, source: SftpSource, pattern: str) -> Iterator[Seen]:
    """Plain files that fit. Links are not followed, and names that a hostile server made up are not used."""
    found = 0
    todo = [""]
    while todo:
        folder = todo.pop()
        try:
            entries = client.listdir_attr(f"{source.path}/{folder}" if folder else source.path)
        except TimeoutError:
            raise
        except OSError as error:
            raise FolderMissing(path=f"{source.host}:{source.path}/{folder}") from error
        for entry in sorted(entries, key=lambda e: e.filename):
            name = f"{folder}/{entry.filename}" if folder else entry.filename
            mode = entry.st_mode or 0
            if "/" in entry.filename or entry.filename in (".", "..") or is_hidden_or_unfinished(name):
                continue
            if stat.S_ISDIR(mode) and "/" in pattern and name.count("/") < _MAX_DEPTH:
                todo.append(name)
            elif stat.S_ISREG(mode) and matches(name, pattern):
                found += 1
                if found > MAX_FILES:
                    raise TooManyFiles(path=f"{source.host}:{source.path}", limit=MAX_FILES)
                yield Seen(name, entry.st_size or 0, float(entry.st_mtime or 0))


def _read(client: paramiko.SFTPClient, source: SftpSource, file: Seen, sink: Sink) -> Payload | None:
    """The file's bytes, or None when it changed or went away while it was read."""
    path = f"{source.path}/{file.name}"
    name = file.name.rpartition("/")[2]
    try:
        with client.open(path, "rb") as remote:
            with sink.file(name, origin=f"{source.host}:{path}", modified=file.modified) as draft:
                for piece in _pieces(remote, file.size):
                    draft.write(piece)
            after = remote.stat()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise FileRefused(path=file.name) from error
    if (after.st_size, after.st_mtime) != (file.size, int(file.mtime)) or draft.payload.size != file.size:
        draft.payload.path.unlink()
        return None
    return draft.payload


def _pieces(remote: paramiko.SFTPFile, size: int) -> Iterator[bytes]:
    """`size` bytes, 4 MB of requests under way at a time: fast on long lines, and memory stays small however large the file."""
    for start in range(0, size, _WINDOW):
        end = min(start + _WINDOW, size)
        yield from remote.readv([(at, min(_PIECE, end - at)) for at in range(start, end, _PIECE)])
