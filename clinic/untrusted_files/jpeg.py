"""JPEG pictures without what is noted beside the picture, bit for bit the same to look at.

Source: ITU-T T.81, annex B (markers), read 2026-12-01.
"""

import struct
from typing import Final

BEGIN: Final = b"\xff\xd8"
SCAN: Final = 0xDA
COMMENT: Final = 0xFE
APPLICATION: Final = range(0xE0, 0xF0)
OF_COLOURS: Final = frozenset({0xE0, 0xE2, 0xEE})
"""JFIF, the colour profile, and Adobe's way to store colours: without them colours change."""


def without_notes(picture: bytes) -> bytes:
    """The picture without its notes: where and with what it was taken, thumbnails, comments; as it is if it is no plain JPEG."""
    if not picture.startswith(BEGIN):
        return picture
    kept, at = [BEGIN], len(BEGIN)
    while at + 4 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        (length,) = struct.unpack_from(">H", picture, at + 2)
        end = at + 2 + length
        if marker == SCAN:
            return b"".join([*kept, picture[at:]])
        if length < 2 or end > len(picture):
            break
        if marker in OF_COLOURS or not (marker in APPLICATION or marker == COMMENT):
            kept.append(picture[at:end])
        at = end
    return picture
