"""The part of the URL map that is the JSON interface."""

from flask import Blueprint

from clinic.api.kept import KeptAnswers
from clinic.web.access import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

# A forged request of another site carries the visitor's cookies; nothing here looks at any.
csrf.exempt(blueprint)

KEPT = "kept_answers"
KEPT_BYTES = 16 * 1024 * 1024
"""How much of the memory of a process the kept answers may take."""

blueprint.record_once(lambda state: state.app.extensions.update({KEPT: KeptAnswers(KEPT_BYTES)}))
