"""The QR code of a therapist's page, read back from its picture by the standard's own steps (ISO/IEC 18004), not by the library that drew it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from clinic.db import db
from clinic.practice.models import TherapistProfile
from clinic.practice.profiles import ProfileDetails
from clinic.web.sharing import qr_svg
from tests.make import Make

Modules = list[list[bool]]
MARGIN = 4
BLOCKS = {1: (1, 16), 2: (1, 28), 3: (1, 44), 4: (2, 32), 5: (2, 43), 6: (4, 27)}
"""By version: how many blocks at the level of correction M, and the data codewords of each (table 9)."""
ALIGNED = {1: None, 2: 18, 3: 22, 4: 26, 5: 30, 6: 34}
"""By version: the middle of the one alignment pattern (annex E)."""
MASKS: list[Callable[[int, int], int]] = [
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
]
"""Where a mask turns the colour: where these are 0 (table 10)."""
LEVEL_M, FORMAT_MASK, BYTES = 0b00, 0b101010000010010, 0b0100


def modules(svg: bytes) -> Modules:
    """What is dark in a picture, without its margin."""
    root = ElementTree.fromstring(svg)
    side = float(root.attrib["viewBox"].split()[2])
    (path,) = (each for each in root.iter() if each.tag.endswith("path"))
    dark = {
        (int(float(x)), int(float(y))) for x, y in re.findall(r"M\s*([\d.]+)[, ]([\d.]+)", path.attrib["d"])
    }
    count = round(side)
    assert all(MARGIN <= at < count - MARGIN for spot in dark for at in spot), "the margin is light"
    inside = range(MARGIN, count - MARGIN)
    return [[(x, y) in dark for x in inside] for y in inside]


def is_function(y: int, x: int, side: int, middle: int | None) -> bool:
    """Whether a module belongs to the patterns by which a camera finds its way, or says how to read the rest."""
    if (y < 9 and (x < 9 or x >= side - 8)) or (y >= side - 8 and x < 9) or 6 in (y, x):
        return True
    return middle is not None and abs(y - middle) <= 2 and abs(x - middle) <= 2


def bits(code: Modules) -> Iterator[bool]:
    """The unmasked bits in the order of the codewords: in pairs of columns from the right, upwards and downwards by turns."""
    side = len(code)
    middle = ALIGNED[(side - 17) // 4]
    told = [code[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [code[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    form = int("".join(str(int(bit)) for bit in told), 2) ^ FORMAT_MASK
    assert form >> 13 == LEVEL_M
    mask = MASKS[form >> 10 & 0b111]
    rights = [*range(side - 1, 6, -2), *range(5, 0, -2)]
    for turn, right in enumerate(rights):
        for y in range(side) if turn % 2 else reversed(range(side)):
            for x in (right, right - 1):
                if not is_function(y, x, side, middle):
                    yield code[y][x] ^ (mask(y, x) == 0)


def text(svg: bytes) -> str:
    """What a camera reads in a picture."""
    code = modules(svg)
    blocks, length = BLOCKS[(len(code) - 17) // 4]
    stream = list(bits(code))
    words = [
        int("".join(str(int(bit)) for bit in stream[at : at + 8]), 2)
        for at in range(0, blocks * length * 8, 8)
    ]
    data = bytes(words[at * blocks + block] for block in range(blocks) for at in range(length))
    assert data[0] >> 4 == BYTES
    shifted = int.from_bytes(data) << 4
    whole = (shifted & (1 << len(data) * 8) - 1).to_bytes(len(data))
    return whole[1 : 1 + whole[0]].decode()


@pytest.mark.parametrize("letters", [7, 20, 38, 55, 80, 100])
def test_what_is_drawn_is_read_back(letters: int) -> None:
    address = ("https://book.example/therapists/" + "thea-" * 20)[:letters]
    assert text(qr_svg(address)) == address


def test_the_code_of_a_therapist_leads_to_their_page(client: FlaskClient, make: Make) -> None:
    make.practice()
    person = make.therapist(make.location(), slug="thea-of-the-long-name")
    person.profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True)))
    db.session.commit()
    address = text(client.get(f"/therapists/{person.slug}/qr.svg").data)
    assert address == f"{client.application.config['PUBLIC_URL']}/therapists/{person.slug}"
    assert client.get(address).status_code == 200
