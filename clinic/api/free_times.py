"""When a treatment can begin: the call that API callers and the slot picker make most.

It is answered before Flask (`free_times_first`). Only what was not answered there reaches this module: what is refused, and
a question that comes with more than a question.
"""

from flask import Response, current_app, request

from clinic.api import free_times_first
from clinic.api.blueprint import blueprint
from clinic.web.access import anyone, audience


@blueprint.get("/availability")
@audience(anyone)
def free_times() -> Response:
    """The free starts of a treatment on local days, by location and day."""
    if (reason := request.environ.get(free_times_first.REASON)) is not None:
        raise reason
    answer = free_times_first.answered(current_app, request.environ)
    if request.if_none_match.contains_weak(answer.etag):
        return Response(status=304, headers=answer.headers)
    return Response(answer.body, mimetype="application/json", headers=answer.headers)
