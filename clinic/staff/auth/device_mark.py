"""The mark of a browser that a member of staff has signed in with before: a sealed cookie of its own.

It opens nothing. It only says that tries from this browser are counted apart, so that nobody elsewhere can use them up.
Signing out keeps it; *Forget this device* takes the person's own part of it away.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from flask import Response, after_this_request, current_app, request

from clinic import sealed
from clinic.accounts.models import User

LIFE = timedelta(days=400)
"""No browser keeps a cookie longer."""
PLACE = "cookie.device_mark"
MOST = 30
"""People who share one browser."""


@dataclass(frozen=True)
class DeviceMark:
    """What the cookie says: which browser this is, and who has signed in with it, the latest last."""

    device: str
    accounts: tuple[str, ...] = ()

    def knows(self, user_id: UUID | None) -> bool:
        """Whether this person has signed in with the browser before."""
        return user_id is not None and str(user_id) in self.accounts


def of_request() -> DeviceMark | None:
    """The mark this browser sent; None where there is none that we made."""
    sent = request.cookies.get(cookie_name())
    if not sent:
        return None
    try:
        found = sealed.unseal(base64.urlsafe_b64decode(sent), PLACE)
    except (binascii.Error, ValueError, sealed.Unsealable):
        return None
    return DeviceMark(found["device"], tuple(found["accounts"]))


def remember(user: User) -> None:
    """Mark this browser, in the answer to come, as one that this person has signed in with."""
    mark = of_request() or DeviceMark(secrets.token_urlsafe(16))
    others = [one for one in mark.accounts if one != str(user.id)]
    _send(replace(mark, accounts=(*others, str(user.id))[-MOST:]))


def forget(user: User) -> None:
    """Take this person out of the mark, in the answer to come; of others who share the browser it still knows."""
    mark = of_request()
    if mark is not None:
        _send(replace(mark, accounts=tuple(one for one in mark.accounts if one != str(user.id))))


def cookie_name() -> str:
    """The cookie's name, which over https binds it to this host and path."""
    return "__Host-lumbar-device" if current_app.config["SESSION_COOKIE_SECURE"] else "lumbar-device"


def _send(mark: DeviceMark) -> None:
    content = sealed.seal({"device": mark.device, "accounts": list(mark.accounts)}, PLACE)
    value = base64.urlsafe_b64encode(content).decode()

    @after_this_request
    def with_mark(response: Response) -> Response:
        response.set_cookie(
            cookie_name(),
            value if mark.accounts else "",
            max_age=LIFE if mark.accounts else 0,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
            path="/",
        )
        return response
