"""Papers of a request: looked at before they are kept, pictures made anew from their pixels, handed out only as downloads."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.privacy.requests import store
from nhip.privacy.requests.model import Request
from nhip.security.images import clean_image
from nhip.security.uploads import PAPERS, PICTURES, checked_upload

MOST_MB = 20
"""Largest paper."""


async def attach(installation: Installation, tx: Connection, request: Request, data: bytes, declared_name: str) -> None:
    """Keep a paper with its request. Raises a subclass of UnusableUpload."""
    kind = await asyncio.to_thread(checked_upload, data, declared_name, PAPERS)
    name, media_type = kind.safe_name, kind.media_type
    if kind.name in PICTURES:
        picture = await asyncio.to_thread(clean_image, data)
        data, media_type = picture.bytes, picture.media_type
        name = str(PurePosixPath(name).with_suffix(".jpg" if media_type == "image/jpeg" else ".png"))
    digest = sha256(data).hexdigest()
    object_name = f"papers/{digest[:2]}/{digest}"
    await asyncio.to_thread(_put, installation, object_name, data)
    await store.insert_attachment(tx, request.id, name, media_type, object_name, len(data))


def _put(installation: Installation, name: str, data: bytes) -> None:
    installation.work.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=installation.work, prefix="paper-") as file:
        file.write(data)
        file.flush()
        installation.objects.put(name, Path(file.name))
