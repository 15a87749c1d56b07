"""Photos as they are stored: checked by content, turned upright, cropped, and encoded anew in two sizes and three formats.

A page for clients weighs at most 100 kB with everything it loads, so each size has a number of bytes that its file may have: a
photo full of detail is encoded more coarsely until it fits.

Nothing of the file that was sent is stored: not its metadata (where it was taken, by which camera), nor anything hidden
behind its picture. What a file claims to be is ignored; its content decides. Pixels are counted before any is decoded.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PIL import Image, ImageOps

from clinic.refusal import Refusal
from clinic.untrusted_files import images
from clinic.untrusted_files.kinds import Flaw, UnfitFile

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 30_000_000
"""A camera's 24 megapixels fit; decoded they need some 100 MB of memory for a moment."""
READ = ("JPEG", "PNG", "WEBP", "AVIF")
WRITTEN = (
    ("avif", 60, 1.0, {"speed": 7}),
    ("webp", 78, 1.5, {"method": 4}),
    ("jpeg", 80, 2.0, {"optimize": True, "progressive": True}),
)
"""Each format with its best quality, how much larger than AVIF it may be, and what its encoder is told. Browsers take the first
they read, which is AVIF in all but old ones."""
COARSER = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.12)
"""The parts of the best quality that are tried, until a file is small enough."""


class PhotoShape(Enum):
    """How a photo is cropped: its small and its large size, in pixels."""

    PORTRAIT = ((160, 160), (480, 480))
    PLACE = ((480, 320), (1200, 800))


MOST_BYTES_AT = {(160, 160): 2_000, (480, 480): 12_000, (480, 320): 9_000, (1200, 800): 60_000}
"""How many bytes an AVIF file of each size may have."""


class NoPhoto(Refusal):
    """The file is no picture that we can read."""

    status = 422
    code = "no-photo"
    sentence = "This file is not a picture that we can read. Please send a JPEG, PNG, WebP or AVIF file."


class TooManyPixels(Refusal):
    """The picture would need too much memory; also what a decompression bomb is told."""

    status = 422
    code = "too-many-pixels"
    sentence = (
        "This picture has more than 30 million pixels, so it was not opened. Please send a smaller one."
    )


class TooManyBytes(Refusal):
    """The file is larger than a photo needs to be."""

    status = 422
    code = "too-many-bytes"
    sentence = "This file is larger than 12 MB. Please send a smaller one."


class TooFewPixels(Refusal):
    """The picture would be blurred at its large size."""

    status = 422
    code = "too-few-pixels"
    sentence = (
        "This picture is too small: it would look blurred. Please send one of at least 480 pixels a side."
    )


@dataclass(frozen=True)
class EncodedPhoto:
    """A photo in one format and size."""

    format: str
    width: int
    height: int
    content: bytes

    @property
    def digest(self) -> str:
        """The first half of its SHA-256, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()[:32]


def encoded(sent: bytes, shape: PhotoShape) -> list[EncodedPhoto]:
    """The photo in all formats and sizes, each as finely as its number of bytes allows.

    Raises TooManyBytes, NoPhoto, TooManyPixels, and TooFewPixels if a side is below 480 pixels.
    """
    if len(sent) > MOST_BYTES:
        raise TooManyBytes
    photo = _opened(sent)
    if min(photo.size) < min(PhotoShape.PORTRAIT.value[1]):
        raise TooFewPixels
    return [
        EncodedPhoto(
            format_,
            *size,
            _written(fitted, format_, best=best, most=int(MOST_BYTES_AT[size] * share), options=options),
        )
        for size in shape.value
        for fitted in [ImageOps.fit(photo, size)]
        for format_, best, share, options in WRITTEN
    ]


def _opened(sent: bytes) -> Image.Image:
    try:
        return images.upright(sent, formats=READ, most_pixels=MOST_PIXELS)
    except UnfitFile as unfit:
        raise (TooManyPixels if unfit.flaw is Flaw.TOO_LARGE_INSIDE else NoPhoto) from None


def _written(photo: Image.Image, format_: str, *, best: int, most: int, options: Mapping[str, Any]) -> bytes:
    """The file at the best quality at which it has no more than `most` bytes, or at the lowest one."""
    written = b""
    for part in COARSER:
        into = io.BytesIO()
        photo.save(into, format=format_.upper(), quality=round(best * part), **options)
        written = into.getvalue()
        if len(written) <= most:
            break
    return written
