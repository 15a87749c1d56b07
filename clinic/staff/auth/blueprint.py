"""The one blueprint of the pages around the sign-in."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__, url_prefix="/staff")
