"""What a page needs to be passed on: its full URL in each language, and a QR code of it."""

from dataclasses import dataclass

import qrcode
from flask import Flask, current_app, request, url_for
from qrcode.image.svg import SvgPathFillImage

from clinic.language import LANGUAGES
from clinic.practice.models import Therapist
from clinic.web import languages
from clinic.web.assets import asset_url


@dataclass(frozen=True)
class PageLinks:
    """A page's own full URL, and that of the same page in each language; none for a page in one language only."""

    canonical: str
    languages: dict[str, str]


def page_links() -> PageLinks:
    """The links of the page that is being answered: without its query, save the language that the URL names."""
    plain = full_url(request.path)
    if not languages.is_translated():
        return PageLinks(plain, {})
    each = in_each_language(plain)
    return PageLinks(each.get(request.args.get(languages.IN_URL, ""), plain), each)


def init_app(app: Flask) -> None:
    """Tell templates a page's links, and the picture of a page that has none of its own."""
    app.context_processor(
        lambda: {
            "page_links": page_links,
            "page_picture": full_url(asset_url("icon-512.png")),
        }
    )


def in_each_language(url: str) -> dict[str, str]:
    """A page's full URL in each language; `x-default` leaves the choice to the visitor's browser."""
    return {"x-default": url, **{code: f"{url}?{languages.IN_URL}={code}" for code in LANGUAGES}}


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
