"""The practice's own websites, which may show its booking pages in a frame.

A website is stored as its origin, as browsers name it: scheme, host and port, without a path. Everything else would end
up in a security header, so only what is read and written anew here is stored, and the database refuses the rest.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import urlsplit

from clinic.accounts import audit
from clinic.db import db
from clinic.practice.editing import print_of, require_unchanged
from clinic.practice.models import MOST_WEBSITES, Practice
from clinic.refusal import Refusal

OWN_MACHINE = ("localhost", "127.0.0.1")
"""Hosts that may be without https, for whoever builds the website."""
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PORTS = {"https": 443, "http": 80}


class NotAWebsite(Refusal):
    """What was typed is not the address of a website that can be allowed."""

    status = 422
    code = "not-a-website"
    sentence = "Write each address as in https://www.alderlane.example, one a line."


class WithoutHttps(NotAWebsite):
    """The website's connection is not protected, so anybody on the way could change the page around the frame."""

    code = "without-https"
    sentence = (
        "Every website has to begin with https://. Without it, anybody on the way could change the page."
    )


class TooManyWebsites(NotAWebsite):
    """More websites than can be allowed."""

    code = "too-many-websites"
    sentence = f"At most {MOST_WEBSITES} websites can be allowed."


def origin_of(typed: str) -> str:
    """The origin of a website: lower case, ASCII, without its default port; what follows the host is left out.

    Raises NotAWebsite for anything that names no single host, and WithoutHttps.
    """
    try:
        parts = urlsplit(typed.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise NotAWebsite from None
    if parts.scheme not in PORTS or parts.username is not None or not _is_host(host):
        raise NotAWebsite
    if parts.scheme == "http" and host not in OWN_MACHINE:
        raise WithoutHttps
    return (
        f"{parts.scheme}://{host}"
        if port in (None, PORTS[parts.scheme])
        else f"{parts.scheme}://{host}:{port}"
    )


def origins_of(lines: Iterable[str]) -> list[str]:
    """The origins of several websites, in order, each once; empty lines are skipped. Raises NotAWebsite."""
    found = list(dict.fromkeys(origin_of(line) for line in lines if line.strip()))
    if len(found) > MOST_WEBSITES:
        raise TooManyWebsites
    return found


def allow(origins: Iterable[str], *, seen_as: str, actor: str, now: datetime) -> None:
    """Let exactly these websites show the booking pages from now on. Raises ChangedMeanwhile."""
    practice = db.session.get_one(Practice, 1, with_for_update=True, populate_existing=True)
    require_unchanged(seen_as, mark(practice))
    allowed = list(origins)
    if practice.websites == allowed:
        return
    practice.websites = allowed
    db.session.flush()
    audit.record(actor, "change", practice, fields=["websites"], now=now)


def mark(practice: Practice) -> str:
    """The mark of a page that shows the websites of now."""
    return print_of(("websites", tuple(practice.websites)))


def _is_host(host: str) -> bool:
    if host == "localhost":
        return True
    labels = host.split(".")
    if not all(LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        return False
    if labels[-1].isdigit():
        return _is_address(host)
    return len(labels) > 1


def _is_address(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False
