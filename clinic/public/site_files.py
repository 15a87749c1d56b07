"""Files that machines look for at the root: which pages to list and which not, and what a home screen shows."""

from datetime import datetime

from flask import Blueprint, Response, jsonify, render_template, url_for

from clinic import clock
from clinic.practice import opening_hours, profiles
from clinic.practice import queries as practice
from clinic.practice.models import OnlineBooking
from clinic.web.access import anyone, audience
from clinic.web.assets import asset_url
from clinic.web.sharing import full_url, in_each_language

blueprint = Blueprint("site_files", __name__)

PRIVATE = (
    "/a/",
    "/api/",
    "/before",
    "/book/details",
    "/c/",
    "/check-in/",
    "/embed",
    "/guardian",
    "/intake",
    "/kept-time",
    "/l/",
    "/my",
    "/new-address/",
    "/o/",
    "/own-page/",
    "/own-tips/",
    "/scores/",
    "/staff",
    "/stop/",
    "/tablet",
    "/visit/",
    "/w/",
    "/waiting-list/",
)
"""Beginnings of paths that are nobody else's business. Pages that one can reach all the same ask not to be listed."""
PETROL, PAPER = "#005964", "#FAF6F3"


@blueprint.get("/robots.txt")
@audience(anyone)
def robots() -> Response:
    """Which paths are to be left alone; all of them until clients may know of the practice."""
    if not _is_findable():
        return _text("User-agent: *\nDisallow: /\n")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    return _text("\n".join([*lines, "", f"Sitemap: {full_url(url_for('.sitemap'))}", ""]))


@blueprint.get("/sitemap.xml")
@audience(anyone)
def sitemap() -> Response:
    """Every page that may be listed, in each language; none until clients may know of the practice."""
    pages = _pages(clock.now()) if _is_findable() else []
    written = render_template(
        "public/sitemap.xml", pages=[in_each_language(full_url(path)) for path in pages]
    )
    return Response(written, mimetype="application/xml")


@blueprint.get("/site.webmanifest")
@audience(anyone)
def manifest() -> Response:
    """The practice's name, colours and icons, for a home screen."""
    present = practice.find_practice()
    name = present.name if present else "Lumbar"
    icons = [
        ("icon-192.png", 192, "any"),
        ("icon-512.png", 512, "any"),
        ("icon-maskable-512.png", 512, "maskable"),
    ]
    answer = jsonify(
        id="/",
        name=name,
        short_name=name[:12].strip(),
        start_url="/",
        display="browser",
        theme_color=PETROL,
        background_color=PAPER,
        icons=[
            {"src": asset_url(file), "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
            for file, side, purpose in icons
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


def _is_findable() -> bool:
    present = practice.find_practice()
    return present is not None and present.online_booking != OnlineBooking.NOT_OPEN


def _pages(now: datetime) -> list[str]:
    people = practice.therapists(opening_hours.today(now))
    return [
        url_for("home.home"),
        url_for("booking.treatments"),
        *(url_for("booking.choose", slug=sold.slug) for sold in practice.treatments()),
        *(url_for("people.therapist", slug=each.slug) for each in people if profiles.has_page(each)),
        *(url_for("people.location", slug=place.slug) for place in practice.locations(now.date())),
        url_for("legal.privacy"),
        url_for("legal.terms"),
        url_for("legal.accessibility"),
    ]


def _text(content: str) -> Response:
    return Response(content, mimetype="text/plain")
