"""An address typed with a slash at its end leads to the page without it, as people expect of a website.

The answer is built from the route that matches and its values, never from the text of the address, so it leads to no other site.
"""

from flask import current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from clinic.web.access import MACHINE_PATHS

PERMANENT = 308


def without_slash(error: HTTPException) -> Response | None:
    """The redirect to the same address without the slashes at its end; None if there is no such page, and for machines."""
    if not isinstance(error, NotFound) or request.routing_exception is not error:
        return None
    if request.method not in ("GET", "HEAD") or not request.path.endswith("/"):
        return None
    path = request.path.rstrip("/")
    if path.startswith(("//", *MACHINE_PATHS)):
        return None
    try:
        endpoint, values = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    address = url_for(endpoint, **values)
    asked = request.query_string.decode("ascii", "ignore")
    return redirect(f"{address}?{asked}" if asked else address, PERMANENT)
