"""How to report a vulnerability: `security.txt` (RFC 9116, read 2026-11-28)."""

from datetime import timedelta

from flask import Blueprint, Response, current_app

from clinic import clock
from clinic.refusal import NotFound
from clinic.web.access import anyone, audience

blueprint = Blueprint("well_known", __name__, url_prefix="/.well-known")

GOOD_FOR = timedelta(days=180)
"""Less than the year that the RFC recommends as a maximum; every reader gets a new date."""


@blueprint.get("/security.txt")
@audience(anyone)
def security() -> Response:
    """Contact, expiry and canonical URL. Raises NotFound while the settings name no contact."""
    contact: str | None = current_app.config["SECURITY_CONTACT"]
    if not contact:
        raise NotFound
    expires = (clock.now() + GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, de",
        f"Canonical: {current_app.config['PUBLIC_URL']}/.well-known/security.txt",
    )
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")
