"""The device mark: a separate sealed cookie in a browser with which a member of staff has signed in before.

It opens nothing. Tries from this browser are counted separately, so that nobody elsewhere can use them up. Signing out
keeps it; *Forget this device* removes this person from it.
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
"""Browsers keep no cookie longer."""
PLACE = "cookie.device_mark"
MOST = 30
"""People who share one browser."""


@dataclass(frozen=True)
class DeviceMark:
    """The cookie's content: the browser's id, and who has signed in with it, latest last."""

    device: str
    accounts: tuple[str, ...] = ()

    def knows(self, user_id: UUID | None) -> bool:
        """Whether this person has signed in with the browser before."""
        return user_id is not None and str(user_id) in self.accounts


def of_request() -> DeviceMark | None:
    """The mark that this browser sent; None without a valid one."""
    sent = request.cookies.get(cookie_name())
    if not sent:
        return None
    try:
        found = sealed.unseal(base64.urlsafe_b64decode(sent), PLACE)
    except (binascii.Error, ValueError, sealed.Unsealable):
        return None
    return DeviceMark(found["device"], tuple(found["accounts"]))


def remember(user: User) -> None:
    """Mark this browser, in the response, as one with which this person has signed in."""
    mark = of_request() or DeviceMark(secrets.token_urlsafe(16))
    others = [one for one in mark.accounts if one != str(user.id)]
    _send(replace(mark, accounts=(*others, str(user.id))[-MOST:]))


def forget(user: User) -> None:
    """Remove this person from the mark, in the response; others who share the browser stay in it."""
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
