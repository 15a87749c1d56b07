"""The one blueprint of the staff's pages; each module beside it adds the pages of one noun."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
