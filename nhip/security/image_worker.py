"""The process that decodes one picture: from standard input to standard output, under limits, then it ends.

Started by `nhip.security.images` only. It imports nothing of Nhịp but this file, to begin quickly and to hold no secret.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
from importlib import import_module
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base

FORMATS: Final = ["JPEG", "MPO", "PNG", "WEBP", "GIF", "HEIF"]
LOSSLESS: Final = frozenset(["PNG", "GIF"])
QUALITY: Final = 85
CPU_SECONDS: Final = 30


class Refused(Exception):
    """The picture is not taken; the message is the word for `images`: `type`, `pixels` or `damaged`."""


def main() -> None:
    """Read, decode, write. Arguments: longest side in pixels, most pixels, memory in MB."""
    longest, most, memory_mb = (int(word) for word in sys.argv[1:4])
    _limit(memory_mb)
    try:
        head, body = cleaned(sys.stdin.buffer.read(), longest, most)
    except Refused as refused:
        head, body = {"fault": str(refused)}, b""
    except Exception:  # a decoder's own errors are of every kind; all mean the same to the sender
        head, body = {"fault": "damaged"}, b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


def _limit(memory_mb: int) -> None:
    """What this process may use from here on: memory, time, no file that grows."""
    for what, most in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a tighter limit is there already
            resource.setrlimit(what, (most, most))


def cleaned(data: bytes, longest: int, most: int) -> tuple[dict[str, Any], bytes]:
    """What to say about the picture, and its new bytes. Raises Refused, or whatever a decoder raises."""
    Image.MAX_IMAGE_PIXELS = None  # ours is judged below, before anything is decoded
    _with_heic()
    try:
        picture = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError as error:
        raise Refused("type") from error
    lossless = picture.format in LOSSLESS
    if picture.width * picture.height > most or picture.width < 1 or picture.height < 1:
        raise Refused("pixels")
    told = _facts(picture)
    picture.draft("RGB", (longest, longest))  # JPEG is decoded at a fraction of its size where that is enough
    picture.load()
    upright = _small(ImageOps.exif_transpose(picture), longest)
    plain = _plain(upright, picture.info.get("icc_profile"))
    made = io.BytesIO()
    if lossless or plain.mode in ("RGBA", "LA"):
        plain.save(made, "PNG", optimize=False, compress_level=6)
    else:
        plain.save(made, "JPEG", quality=QUALITY, progressive=True, optimize=True)
    media_type = "image/png" if made.getvalue()[:1] == b"\x89" else "image/jpeg"
    return {"media_type": media_type, "width": plain.width, "height": plain.height, **told}, made.getvalue()


def _with_heic() -> None:
    with contextlib.suppress(ImportError):
        import_module("pi_heif").register_heif_opener(thumbnails=False)
    Image.init()


def _small(picture: Image.Image, longest: int) -> Image.Image:
    """Not longer than `longest` on any side. Palettes and wide channels are resolved first, for they do not scale."""
    if picture.mode in ("P", "PA", "1") or picture.mode.startswith(("I", "F")):
        picture = _narrow(picture)
    if max(picture.size) > longest:
        picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _narrow(picture: Image.Image) -> Image.Image:
    """Eight bits a channel: 16-bit grey keeps its upper byte, palettes become colours."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.point(lambda level: level * (1 / 256)).convert("L")
    if picture.mode == "F":
        return picture.convert("L")
    return picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """A new picture in sRGB or grey with nothing but its pixels; one without a see-through pixel has no alpha."""
    if profile:
        picture = _in_srgb(picture, profile)
    if picture.mode in ("RGBA", "LA") and picture.getchannel("A").getextrema()[0] == 255:
        picture = picture.convert("RGB" if picture.mode == "RGBA" else "L")
    if picture.mode not in ("RGB", "RGBA", "L", "LA"):
        picture = picture.convert("RGB")
    made = Image.new(picture.mode, picture.size)
    made.paste(picture)
    return made


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them; with a profile that cannot be read, as they are."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        return turned or picture
    return picture


def _facts(picture: Image.Image) -> dict[str, Any]:
    """Where and when the camera says that it was; {} where it says nothing that makes sense."""
    found: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # whatever is wrong with the claims, the picture is still a picture
        exif = picture.getexif()
        inner = exif.get_ifd(IFD.Exif)
        taken = inner.get(Base.DateTimeOriginal) or exif.get(Base.DateTime) or ""
        if taken:
            zone = inner.get(Base.OffsetTimeOriginal) or inner.get(Base.OffsetTime) or ""
            found["taken"] = f"{str(taken)[:19]}{str(zone)[:6]}"
        gps = exif.get_ifd(IFD.GPSInfo)
        longitude = _degrees(gps[GPS.GPSLongitude], gps[GPS.GPSLongitudeRef], "W", 180)
        latitude = _degrees(gps[GPS.GPSLatitude], gps[GPS.GPSLatitudeRef], "S", 90)
        if (longitude, latitude) != (0.0, 0.0):  # what cameras write that do not know
            found["where"] = (longitude, latitude)
    return found


def _degrees(parts: Any, side: str, negative: str, most: int) -> float:
    """Degrees, minutes and seconds as one number. Raises ValueError beyond `most` and for what is no number."""
    degrees, minutes, seconds = (float(part) for part in parts)
    value = round(degrees + minutes / 60 + seconds / 3600, 7)
    if not 0 <= value <= most:
        raise ValueError(value)
    return -value if str(side).strip("\0 ").upper() == negative else value


if __name__ == "__main__":
    main()
