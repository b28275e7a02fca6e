"""Pictures come out as pixels and nothing else; hostile ones do not come out at all."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, IFD, Base

from nhip.kernel.time import held
from nhip.security import upload_errors as errors
from nhip.security.images import CleanImage, _moment, clean_image
from tests.security.files import HEIC, chunk, picture, zipped

SECRETS = (
    b"Exif",
    b"GPS",
    b"ICC_PROFILE",
    b"iCCP",
    b"eXIf",
    b"xmp",
    b"adobe.com",
    b"tEXt",
    b"iTXt",
    b"zTXt",
    b"<script",
    b"PK\x03",
)


def exif_of(
    where: tuple[Any, ...] | None = (107.5906, 16.4637), orientation: int = 1, taken: str = "2026:07:01 08:30:00"
) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation] = "Secret Camera 7", orientation
    inner = exif.get_ifd(IFD.Exif)
    inner[Base.DateTimeOriginal], inner[Base.OffsetTimeOriginal] = taken, "+07:00"
    if where:
        gps = exif.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLatitudeRef] = "E" if where[0] >= 0 else "W", "N" if where[1] >= 0 else "S"
        gps[GPS.GPSLongitude], gps[GPS.GPSLatitude] = _dms(where[0]), _dms(where[1])
    return exif


def _dms(value: float) -> tuple[float, float, float]:
    value = abs(value)
    return float(int(value)), float(int(value * 60 % 60)), round(value * 3600 % 60, 4)


def opened(clean: CleanImage) -> Image.Image:
    """The picture that came out, after a look that nothing else did."""
    assert not any(secret in clean.bytes for secret in SECRETS)
    made = Image.open(io.BytesIO(clean.bytes))
    assert made.size == (clean.width, clean.height)
    assert dict(made.getexif()) == {} and set(made.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    assert _kinds(clean.bytes) <= {b"IHDR", b"IDAT", b"IEND", b"\xe0", b"\xdb", b"\xc2", b"\xc4", b"\xda"}
    made.load()
    return made


def _kinds(data: bytes) -> set[bytes]:
    """The chunks of a PNG, or the segments of a JPEG up to its first scan; and nothing stands behind either."""
    found, place = set(), 8
    if data.startswith(b"\x89PNG"):
        while place < len(data):
            found.add(data[place + 4 : place + 8])
            place += 12 + int.from_bytes(data[place : place + 4], "big")
        assert place == len(data)
        return found
    assert data.endswith(b"\xff\xd9")
    place = 2
    while data[place + 1] != 0xDA:
        found.add(data[place + 1 : place + 2])
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return found


def is_red(colour: tuple[int, ...]) -> bool:
    return colour[0] > 150 and colour[2] < 90


@pytest.mark.parametrize(("kind", "media"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "jpeg"), ("GIF", "png")])
def test_every_kind_comes_out_as_png_or_jpeg(kind: str, media: str) -> None:
    clean = clean_image(picture(kind))
    assert (clean.media_type, clean.width, clean.height) == (f"image/{media}", 64, 48)
    made = opened(clean).convert("RGB")
    assert is_red(made.getpixel((5, 5))) and not is_red(made.getpixel((60, 5)))


def test_the_photo_of_an_iphone_comes_out_as_jpeg() -> None:
    pytest.importorskip("pi_heif")
    clean = clean_image(HEIC, facts=True)
    assert (clean.media_type, clean.width, clean.height) == ("image/jpeg", 64, 32)
    assert clean.when == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
    assert is_red(opened(clean).getpixel((5, 5)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_and_when_are_told_and_gone(kind: str) -> None:
    data = picture(kind, exif=exif_of())
    clean = clean_image(data, facts=True)
    assert clean.where == pytest.approx((107.5906, 16.4637), abs=1e-6)
    assert clean.when == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
    assert b"Secret Camera" in data and b"Secret Camera" not in clean.bytes
    assert "107" not in repr(clean) and "2026" not in repr(clean)
    opened(clean)
    quiet = clean_image(data)
    assert (quiet.where, quiet.when) == (None, None)


@pytest.mark.parametrize("where", [(-70.5, -33.25), (107.0, -16.0), (0.0, 0.0), (181.0, 10.0), (10.0, 91.0)])
def test_places_that_make_no_sense_are_no_places(where: tuple[float, float]) -> None:
    found = clean_image(picture("JPEG", exif=exif_of(where)), facts=True).where
    sensible = where != (0.0, 0.0) and abs(where[0]) <= 180 and abs(where[1]) <= 90
    assert found == (pytest.approx(where, abs=1e-6) if sensible else None)


@given(st.text(max_size=30))
def test_no_time_makes_it_stumble(taken: str) -> None:
    moment = _moment(taken)
    assert moment is None or moment.tzinfo is not None


def test_times_without_a_zone_are_vietnamese_and_the_future_is_nonsense() -> None:
    with held(datetime(2026, 11, 20, tzinfo=UTC)):
        assert _moment("2026:07:01 08:30:00") == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
        assert _moment("2026:07:01 08:30:00Z") == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
        assert [
            _moment(text) for text in ("2027:01:01 00:00:00", "0000:00:00 00:00:00", "1970:01:01 00:00:00", "")
        ] == [None] * 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_without_its_note(orientation: int) -> None:
    data = picture("JPEG", (64, 32), exif=exif_of(orientation=orientation))
    made = opened(clean_image(data))
    assert made.size == ((64, 32) if orientation < 5 else (32, 64))
    red = {1: (5, 5), 2: (60, 5), 3: (60, 5), 4: (5, 5), 5: (5, 5), 6: (5, 5), 7: (5, 60), 8: (5, 60)}[orientation]
    assert is_red(made.getpixel(red))


def test_comments_and_what_hangs_behind_are_gone() -> None:
    jpeg = picture("JPEG", comment=b"<script>alert(1)</script>")
    png = picture("PNG")
    sly = png[:33] + chunk(b"tEXt", b"Comment\0<script>") + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0x") + png[33:]
    gif = picture("GIF", comment=b"<script>alert(1)</script>")
    hidden = zipped({"a": b"b"})
    for data in (jpeg, jpeg + hidden, sly, sly + hidden, gif + b"<script>", picture("WEBP") + hidden):
        opened(clean_image(data))


def test_colours_are_turned_into_srgb_and_the_profile_is_gone() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_red(opened(clean_image(picture("JPEG", icc_profile=profile))).getpixel((5, 5)))
    assert is_red(opened(clean_image(picture("JPEG", icc_profile=b"not a profile" * 20))).getpixel((5, 5)))
    assert is_red(opened(clean_image(picture("PNG", icc_profile=profile))).getpixel((5, 5)))


def test_print_colours_become_screen_colours() -> None:
    clean = clean_image(picture("JPEG", mode="CMYK"))
    assert opened(clean).mode == "RGB" and is_red(opened(clean).getpixel((5, 5)))


def test_sixteen_bits_become_eight_with_the_same_light() -> None:
    grey = Image.new("I;16", (40, 20), 0x8000)
    out = io.BytesIO()
    grey.save(out, "PNG")
    made = opened(clean_image(out.getvalue()))
    assert made.mode == "L" and abs(made.getpixel((5, 5)) - 128) <= 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_comes_through(mode: str) -> None:
    clean = clean_image(picture("PNG", mode=mode))
    assert opened(clean).mode in ("L", "LA", "RGB", "RGBA")


def test_see_through_pixels_stay_and_an_alpha_for_nothing_goes() -> None:
    made = Image.new("RGBA", (20, 20), (200, 30, 30, 128))
    out = io.BytesIO()
    made.save(out, "WEBP", lossless=True)
    clean = clean_image(out.getvalue())
    assert clean.media_type == "image/png" and opened(clean).getpixel((5, 5))[3] == 128
    assert opened(clean_image(picture("PNG", mode="RGBA"))).mode == "RGB"


def test_of_a_film_the_first_picture_is_kept() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    for kind in ("GIF", "WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        made = opened(clean_image(out.getvalue()))
        assert getattr(made, "n_frames", 1) == 1 and is_red(made.convert("RGB").getpixel((5, 5)))


def test_large_pictures_become_small_ones() -> None:
    clean = clean_image(picture("JPEG", (4000, 1000)), longest_px=800)
    assert (clean.width, clean.height) == (800, 200) and is_red(opened(clean).getpixel((10, 10)))
    tall = clean_image(picture("PNG", (50, 3000)))
    assert (tall.width, tall.height) == (43, 2560)


# --- hostile -----------------------------------------------------------------------------------------------------


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a huge picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_decoded(width: int, height: int) -> None:
    with pytest.raises(errors.PictureTooLarge) as caught:
        clean_image(bomb(width, height))
    assert "80 million" in str(caught.value)


def test_a_film_of_many_frames_costs_one_frame() -> None:
    out = io.BytesIO()
    blank = Image.new("P", (3000, 3000))
    blank.save(out, "GIF", save_all=True, append_images=[Image.new("P", (3000, 3000), n % 2) for n in range(1, 20)])
    assert clean_image(out.getvalue(), seconds=10).width == 2560


def test_text_that_unpacks_hugely_is_not_unpacked_or_kills_only_the_worker() -> None:
    png = picture("PNG")
    huge = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200 << 20), 9))
    with pytest.raises(errors.DamagedUpload):
        clean_image(png[:33] + huge + png[33:])


def test_a_decoder_that_takes_too_long_is_ended() -> None:
    with pytest.raises(errors.PictureTooSlow):
        clean_image(picture("PNG", (3000, 3000)), seconds=0.01)


def test_more_memory_than_allowed_ends_the_worker_and_not_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nhip.security.images.MEMORY_MB", 120)
    with pytest.raises(errors.DamagedUpload):
        clean_image(picture("PNG", (7000, 7000)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_is_cut_off_is_damaged(kind: str) -> None:
    data = picture(kind, (600, 400))
    with pytest.raises(errors.UnusableUpload):
        clean_image(data[: len(data) // 2])


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        picture("TIFF"),
        picture("BMP"),
        picture("ICO"),
        picture("TGA"),
        b"%PDF-1.7",
        b"P6 1 1 255 abc",
        b"x",
    ],
)
def test_other_formats_reach_no_decoder(data: bytes) -> None:
    with pytest.raises(errors.NotAllowedHere):
        clean_image(data)


def test_sizes_are_limited() -> None:
    with pytest.raises(errors.EmptyUpload):
        clean_image(b"")
    with pytest.raises(errors.UploadTooLarge):
        clean_image(bytes((40 << 20) + 1))


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
@settings(max_examples=12, deadline=None)
def test_no_broken_picture_makes_it_stumble(kind: str, data: st.DataObject) -> None:
    broken = bytearray(picture(kind))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        opened(clean_image(bytes(broken)))
    except errors.UnusableUpload:
        return


def test_the_worker_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is empty and it loads nothing of Nhịp but itself."""
    monkeypatch.setenv("NHIP_DATABASE_URL", "postgresql://secret")
    seen: dict[str, Any] = {}
    import subprocess

    real = subprocess.run

    def noting(command: list[str], **options: Any) -> Any:
        seen.update(options, command=command)
        return real(command, **options)

    monkeypatch.setattr("nhip.security.images.subprocess.run", noting)
    clean_image(picture("PNG"))
    assert seen["env"] == {} and "-I" in seen["command"]
    probe = "import sys, nhip.security.image_worker; print([m for m in sys.modules if m.startswith('nhip')])"
    loaded = real([seen["command"][0], "-I", "-c", probe], capture_output=True, text=True, check=True).stdout
    assert set(eval(loaded)) == {"nhip", "nhip.security", "nhip.security.image_worker"}
