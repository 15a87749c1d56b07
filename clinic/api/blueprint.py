"""The part of the URL map that is the JSON interface."""

from flask import Blueprint

from clinic.web.access import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

# A forged request of another site carries the visitor's cookies; nothing here looks at any.
csrf.exempt(blueprint)
