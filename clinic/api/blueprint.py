"""The blueprint of the JSON API."""

from flask import Blueprint

from clinic.web.access import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

# Another site could forge a request with the visitor's cookies, but nothing here reads cookies.
csrf.exempt(blueprint)
