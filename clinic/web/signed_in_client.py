"""The client who is signed in, by a one-time link, in a session separate from the staff session.

A session proves an email address; it names a client only once the visitor has said which of the people with
that address they are.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from flask import current_app, g, request, session
from werkzeug.wrappers import Response

from clinic import clock
from clinic.accounts import audit, sessions
from clinic.accounts.models import Client, ClientSession, Contact
from clinic.db import db
from clinic.practice.models import Practice
from clinic.web import browser, context
from clinic.web.framing import is_framed


@dataclass(frozen=True)
class SignedInClient:
    """Who is signed in, and by which contact they proved it."""

    client_id: UUID
    contact_id: UUID

    @property
    def record(self) -> Client:
        """The client's record."""
        return db.session.get_one(Client, self.client_id)

    @property
    def actor(self) -> str:
        """Who acts, for the audit."""
        return audit.by_contact(self.contact_id)


def client_session() -> ClientSession | None:
    """The browser's live client session, read once per request; None if there is none, and in a frame. It may not name a
    client yet."""
    if "client_session" not in g:
        raw = None if is_framed(request) else request.cookies.get(current_app.config["CLIENT_COOKIE_NAME"])
        g.client_session = _live(raw, clock.now()) if raw else None
        if g.client_session is not None:
            session[browser.SIGNED_IN] = True
    found: ClientSession | None = g.client_session
    return found


def _live(raw: str, now: datetime) -> ClientSession | None:
    """The live session, whose it is, by which address, and the practice, in one statement."""
    found = db.session.execute(
        sessions.live_client(raw, now)
        .join(Contact, Contact.id == ClientSession.contact_id)
        .outerjoin(Practice, sa.true())
        .add_columns(Client, Contact, *context.also_read(now))
    ).one_or_none()
    if found is None:
        return None
    context.already_read(now, found.Practice, found.first_zone)
    g.people_of_session = (
        found.Client,
        found.Contact,
    )  # The session of the database forgets what nobody holds.
    live: ClientSession = found.ClientSession
    return live


def signed_in_client() -> SignedInClient | None:
    """The client who is signed in; None if nobody is, or if they have not yet said who they are."""
    found = client_session()
    return SignedInClient(found.client_id, found.contact_id) if found and found.client_id else None


def signed_in_client_id() -> UUID | None:
    """The id of the client who is signed in, if any."""
    found = client_session()
    return found.client_id if found else None


def session_of_page() -> ClientSession:
    """The client session on a page whose audience is `contact`; such a page cannot be reached without one."""
    found = client_session()
    assert found is not None
    return found


def client_of_page() -> SignedInClient:
    """The client on a page whose audience is `client`; such a page cannot be reached without one."""
    found = signed_in_client()
    assert found is not None
    return found


def remember_client(response: Response, raw: str) -> None:
    """Set the cookie that holds the secret of a new client session."""
    response.set_cookie(
        current_app.config["CLIENT_COOKIE_NAME"],
        raw,
        max_age=sessions.CLIENT_LIFE,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )


def forget_client(response: Response) -> None:
    """Delete the cookie that holds the secret of a client session."""
    response.delete_cookie(
        current_app.config["CLIENT_COOKIE_NAME"],
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
