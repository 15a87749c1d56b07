"""What a page needs to be passed on: its full URL, and a QR code of it."""

import qrcode
from flask import current_app, url_for
from qrcode.image.svg import SvgPathFillImage

from clinic.practice.models import Therapist


def full_url(path: str) -> str:
    """A path of ours as the world sees it."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def therapist_url(person: Therapist) -> str:
    """The full URL of a therapist's public page."""
    return full_url(url_for("people.therapist", slug=person.slug))


def qr_svg(text: str) -> bytes:
    """A QR code of a text as an SVG picture: dark on white in every theme, with four modules of margin."""
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M, border=4, image_factory=SvgPathFillImage
    )
    code.add_data(text)
    picture: bytes = code.make_image().to_string()
    return picture
