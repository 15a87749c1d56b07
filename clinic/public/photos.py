"""The files of photos. Their URL holds a hash of their content, so browsers store them for good."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from clinic.practice import photos
from clinic.web.access import anyone, audience

blueprint = Blueprint("photos", __name__, url_prefix="/photos")


@blueprint.get("/<digest>.<format_>")
@audience(anyone)
def show(digest: str, format_: str) -> ResponseReturnValue:
    """A file of a location's photo, or of the portrait of a therapist whose page is shown. Raises NotFound."""
    file = photos.public_file(digest, format_)
    answer = Response(file.content, mimetype=f"image/{file.format}")
    answer.set_etag(file.digest)
    return answer.make_conditional(request)
