"""The one blueprint of the waiting list's pages; each module beside it adds the pages of one noun."""

from flask import Blueprint

blueprint = Blueprint("waiting", __name__)
