"""Photos: what is taken, what is refused, and what of a file remains."""

import io
import struct
import zlib
from itertools import pairwise

import pytest
from PIL import Image

from clinic.practice import photo_encoding
from clinic.practice.photo_encoding import NoPhoto, PhotoShape, TooFewPixels, TooManyBytes, TooManyPixels

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def sent(picture: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    into = io.BytesIO()
    picture.save(into, format=format_, **options)
    return into.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def photo_of_a_phone() -> bytes:
    """Taken sideways, red at the top once upright, saying where and with what."""
    upright = Image.new("RGB", (600, 900), "blue")
    upright.paste("red", (0, 0, 600, 450))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKER] = "SecretCam"
    exif.get_ifd(GPS)[1] = "N"
    return sent(upright.rotate(90, expand=True), exif=exif, comment=b"SecretComment")


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_each_format_becomes_three_formats_in_two_sizes(format_: str) -> None:
    files = photo_encoding.encoded(sent(Image.new("RGB", (700, 600), "teal"), format_), PhotoShape.PORTRAIT)
    assert [(each.format, each.width, each.height) for each in files] == [
        (written, size, size) for size in (160, 480) for written in ("avif", "webp", "jpeg")
    ]
    for each in files:
        found = opened(each.content)
        assert (found.format or "").lower() == each.format
        assert found.size == (each.width, each.height)
    assert len({each.digest for each in files}) == 6


def test_a_photo_is_turned_upright_and_says_nothing_of_where_it_was_taken() -> None:
    source = photo_of_a_phone()
    assert b"SecretCam" in source
    for each in photo_encoding.encoded(source, PhotoShape.PORTRAIT):
        found = opened(each.content)
        assert not found.getexif()
        assert b"Secret" not in each.content
        top, bottom = (found.convert("RGB").getpixel((each.width // 2, y)) for y in (5, each.height - 5))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert top[0] > 200 > 60 > top[2]
        assert bottom[2] > 200 > 60 > bottom[0]


def test_what_is_hidden_behind_a_picture_is_not_stored() -> None:
    polyglot = sent(Image.new("RGB", (500, 500), "teal"), "PNG") + b"<script>alert(1)</script>PK\x03\x04"
    for each in photo_encoding.encoded(polyglot, PhotoShape.PORTRAIT):
        assert b"script" not in each.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"\xff\xd8\xff\xe0" + b"\0" * 200,
        sent(Image.new("RGB", (900, 900), "teal"))[:600],
        sent(Image.new("RGB", (900, 900), "teal"), "PNG")[:200],
        png_that_claims(500, 500),
    ],
    ids=["empty", "svg", "pdf", "gif", "a jpeg's beginning", "half a jpeg", "half a png", "too little png"],
)
def test_what_is_no_readable_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NoPhoto):
        photo_encoding.encoded(content, PhotoShape.PLACE)


@pytest.mark.parametrize("side", [6_000, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_opened(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(self: Image.Image) -> None:
        raise AssertionError("its pixels were decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    with pytest.raises(TooManyPixels):
        photo_encoding.encoded(png_that_claims(side, side), PhotoShape.PORTRAIT)


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TooManyBytes):
        photo_encoding.encoded(b"\0" * (photo_encoding.MOST_BYTES + 1), PhotoShape.PORTRAIT)


@pytest.mark.parametrize("size", [(479, 900), (900, 479)])
def test_a_picture_that_would_blur_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(TooFewPixels):
        photo_encoding.encoded(sent(Image.new("RGB", size)), PhotoShape.PORTRAIT)


def test_transparent_parts_become_white() -> None:
    clear = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    for each in photo_encoding.encoded(sent(clear, "PNG"), PhotoShape.PORTRAIT):
        assert opened(each.content).convert("RGB").getpixel((80, 80)) == (255, 255, 255)


def test_a_photo_full_of_detail_stays_within_the_bytes_of_its_size() -> None:
    grain = Image.merge("RGB", [Image.effect_noise((1200, 1200), 60) for _ in range(3)])
    for shape in PhotoShape:
        for each in photo_encoding.encoded(sent(grain, quality=90), shape):
            if each.format == "avif":
                assert len(each.content) <= photo_encoding.MOST_BYTES_AT[each.width, each.height]


def test_a_photo_that_is_small_anyway_is_encoded_as_finely_as_ever() -> None:
    light = Image.linear_gradient("L").resize((1200, 800)).convert("RGB")
    into = io.BytesIO()
    light.save(into, "AVIF", quality=60, speed=7)
    assert into.getvalue() in [
        each.content for each in photo_encoding.encoded(sent(light, "PNG"), PhotoShape.PLACE)
    ]


def test_the_sizes_of_a_shape_have_one_aspect() -> None:
    for shape in PhotoShape:
        assert all(a[0] * b[1] == a[1] * b[0] for a, b in pairwise(shape.value))
