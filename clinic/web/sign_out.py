"""What stays in a browser after signing out: its language, pending notices, and the device mark.

`Clear-Site-Data` with `"cookies"` would remove the mark too, so our cookies are deleted one by one.
"""

from flask import Flask, Response, request, session

from clinic.web import signed_in_client
from clinic.web.languages import CHOSEN

SIGN_OUTS = ("portal.sign_out", "security.logout")
STAYS = (CHOSEN, "_flashes")
CLEARED = '"cache", "storage"'


def init_app(app: Flask) -> None:
    """Clear a browser after each sign-out."""
    app.after_request(_clear)


def _clear(response: Response) -> Response:
    """Remove everything of the person who signed out; if a client leaves, a member of staff signed in here stays signed
    in."""
    if request.endpoint not in SIGN_OUTS or response.status_code not in (302, 303):
        return response
    response.headers["Clear-Site-Data"] = CLEARED
    signed_in_client.forget_client(response)
    if "_user_id" not in session:
        kept = {name: session[name] for name in STAYS if name in session}
        session.clear()
        session.update(kept)
    return response
