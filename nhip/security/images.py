"""Pictures made anew from their pixels, so that nothing else of what was handed in is kept or shown to anybody.

Decoders of pictures are large C libraries that strangers feed: they run in a process of their own with an empty environment and
little memory, which cannot write files and is ended when its time is over. Where and when a photo was taken can be read first.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from nhip.kernel.time import VIETNAM, now
from nhip.security.upload_errors import (
    DamagedUpload,
    EmptyUpload,
    NotAllowedHere,
    PictureTooLarge,
    PictureTooSlow,
    UnusableUpload,
    UploadTooLarge,
)

LONGEST_PX: Final = 2_560
MOST_PIXELS: Final = 80_000_000
MOST_BYTES: Final = 40 << 20
SECONDS: Final = 20
MEMORY_MB: Final = 1_500


class CleanImage(msgspec.Struct, frozen=True, kw_only=True):
    """A picture without anything but its pixels. `where` (longitude, latitude, WGS 84) and `when` (aware, UTC) are what the
    camera claimed, None where it claimed nothing sensible."""

    bytes: bytes
    media_type: str
    width: int
    height: int
    where: tuple[float, float] | None = None
    when: datetime | None = None

    def __repr__(self) -> str:
        """Without place and time, which are personal data and must not reach a log."""
        return f"CleanImage({self.media_type}, {self.width} x {self.height})"


class Answer(msgspec.Struct, kw_only=True):
    """What the worker says in its first line; the picture follows."""

    fault: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    where: tuple[float, float] | None = None
    taken: str = ""
    """`YYYY:MM:DD HH:MM:SS` as in EXIF, `+07:00` or `Z` behind it where the camera knew."""


def clean_image(
    data: bytes,
    *,
    longest_px: int = LONGEST_PX,
    most_pixels: int = MOST_PIXELS,
    seconds: float = SECONDS,
    facts: bool = False,
) -> CleanImage:
    """`data` (PNG, JPEG, WebP, GIF's first frame, HEIC where a decoder is installed) as a new JPEG or PNG, upright, in sRGB.

    No side is longer than `longest_px`. `facts`: also give back where and when it was taken. Blocks for a fraction of a second;
    call it in a thread. Raises a subclass of UnusableUpload; a picture beyond `most_pixels` is refused before it is decoded.
    """
    if not data:
        raise EmptyUpload()
    if len(data) > MOST_BYTES:
        raise UploadTooLarge(limit_mb=MOST_BYTES >> 20)
    head, body = _worked(data, (longest_px, most_pixels, MEMORY_MB), seconds)
    answer = msgspec.json.decode(head, type=Answer)
    if answer.fault:
        raise _error(answer.fault, most_pixels)
    return CleanImage(
        bytes=body,
        media_type=answer.media_type,
        width=answer.width,
        height=answer.height,
        where=answer.where if facts else None,
        when=_moment(answer.taken) if facts else None,
    )


def _worked(data: bytes, limits: tuple[int, int, int], seconds: float) -> tuple[bytes, bytes]:
    """The worker's first line and the picture behind it. Raises PictureTooSlow; DamagedUpload when the worker died."""
    command = [sys.executable, "-I", "-m", "nhip.security.image_worker", *map(str, limits)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False, env={})
    except subprocess.TimeoutExpired:
        raise PictureTooSlow(seconds=round(seconds)) from None
    head, _line, body = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        raise DamagedUpload()
    return head, body


def _error(fault: str, most_pixels: int) -> UnusableUpload:
    if fault == "pixels":
        return PictureTooLarge(limit=round(most_pixels / 1e6))
    return NotAllowedHere(allowed="JPEG, PNG, WEBP, GIF") if fault == "type" else DamagedUpload()


def _moment(taken: str) -> datetime | None:
    """The moment of an EXIF time. Without an offset it is taken for Vietnamese time; nonsense and the future are None."""
    try:
        read = datetime.strptime(taken[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=VIETNAM)
        if zone := taken[19:].strip().replace("Z", "+00:00"):
            read = datetime.strptime(taken[:19] + zone, "%Y:%m:%d %H:%M:%S%z")
        moment = read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= 1990 and moment <= now() else None
