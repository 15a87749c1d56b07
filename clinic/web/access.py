"""Who each page is for: declared beside the view and enforced before it.

An endpoint that has not declared its audience stops the application at start-up. Staff sign in by password and second
factor (`clinic.staff.auth.sign_in`); clients by one-time link, in a session of another kind. Neither replaces the
other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, current_app, flash, g, jsonify, redirect, request, session, url_for
from flask import Response as FlaskResponse
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from clinic import clock
from clinic.accounts import audit, permissions, sessions
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.language import N_
from clinic.refusal import Refusal
from clinic.web import browser, typed_text
from clinic.web.framing import is_framed
from clinic.web.safe_redirects import own_path
from clinic.web.signed_in_client import client_session
from clinic.web.signed_in_staff import (
    PROVING,
    UNLOCKING,
    find_staff_session,
    is_by_itself,
    is_fresh,
    is_handed_over,
    is_locked,
    signed_in_user,
)

V = TypeVar("V", bound=Callable[..., Any])

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MACHINE_PATHS = ("/api/", "/health")
PROVE_BY_LINK = N_(
    "For this, please prove once more that it is you: we send a link to your e-mail address, and it leads back here."
)
FILES = ("static", "photos.show")
"""Endpoints whose URL names their content: they set no cookie, and browsers and caches may store what they answer."""


@dataclass(frozen=True)
class Audience:
    """A kind of visitor a page may be for."""

    name: str


anyone = Audience("anyone")
contact = Audience("contact")
"""Has proven an address, but may still have to say who they are."""
client = Audience("client")
"""Has proven an address and is one client."""
staff = Audience("staff")


@dataclass(frozen=True)
class Policy:
    """What an endpoint asks of a visitor: the audience, a recent proof of identity, and of staff one of these permissions.

    `upload_bytes` is the longest form with a file that it takes; 0 takes no files.
    """

    audience: Audience
    permissions: frozenset[Permission] = frozenset()
    fresh: bool = False
    upload_bytes: int = 0


class Undeclared(RuntimeError):
    """Some endpoints have no declared audience; the message names them."""


class NotSignedIn(Refusal):
    """The page is for people who have signed in."""

    status = 401
    code = "not-signed-in"
    sentence = N_("Please sign in first.")


class SignInAndSendAgain(NotSignedIn):
    """A form with text was sent after the session ended: the text is shown again instead of the sign-in page."""

    code = "session-ended"
    sentence = N_(
        "Your session has ended, so nothing was saved. Please sign in in another window, then send it again."
    )


class ProveAndSendAgain(NotSignedIn):
    """A form with text needs a proof of identity, and the last one is too old."""

    code = "prove-again"
    sentence = N_("Please confirm in another window that it is you, then send this again. Nothing was saved.")


class BrowserLocked(Refusal):
    """The browser is locked; what was typed is shown again."""

    status = 423
    code = "locked"
    sentence = N_(
        "This browser is locked, so nothing was saved. Unlock it in another window, then send this again."
    )


class NotAllowed(Refusal):
    """The person is signed in but may not open this."""

    status = 403
    code = "not-allowed"
    sentence = N_("You are signed in, but this is not open to you.")


class FromElsewhere(Refusal):
    """Another site sent the form in this person's name."""

    status = 403
    code = "from-elsewhere"
    sentence = N_(
        "That came from another website, so nothing was done. Please start again from our own page."
    )


class PageSessions(SecureCookieSessionInterface):
    """The session cookie is for pages only: the API, static files and pages in a frame use none.

    A late answer for a file would otherwise restore an older session, and so undo a sign-in or lose a message.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """As Flask opens it; an empty one where the cookie says nothing."""
        if request.path.startswith(MACHINE_PATHS) or is_framed(request):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: FlaskResponse) -> None:
        """As Flask saves it, on pages."""
        is_without = request.path.startswith(MACHINE_PATHS) or is_framed(request)
        if request.endpoint not in FILES and not is_without:
            super().save_session(app, session, response)


csrf = CSRFProtect()


def audience(
    who: Audience, *needed: Permission, fresh: bool = False, upload_bytes: int = 0
) -> Callable[[V], V]:
    """Declare who a view is for.

    For staff, holding any one of the given permissions is enough; none given means all staff. `fresh` asks for a proof of
    identity within the last minutes: of staff `SECURITY_FRESHNESS`, of clients a one-time link (`sessions.CLIENT_FRESH`).
    `upload_bytes` lets the page take a form with a file, of at
    most so many bytes; nobody else's form is read beyond the usual length.
    """
    policy = Policy(who, frozenset(needed), fresh, upload_bytes)

    def declared(view: V) -> V:
        cast(Any, view).policy = policy
        return view

    return declared


Rescue = Callable[..., bool]


def rescued_by(keep: Rescue) -> Callable[[V], V]:
    """Declare what happens to a form that is sent when its writer's session has just ended.

    `keep` is called with that member of staff and the URL's arguments, inside a transaction, and returns whether it
    stored anything. The browser goes to the sign-in and from there back to the page.
    """

    def declared(view: V) -> V:
        cast(Any, view).rescue = keep
        return view

    return declared


def declare(app: Flask, endpoints: Mapping[str, Audience | Policy]) -> None:
    """Declare the endpoints of extensions, which do not have our decorator."""
    table = app.extensions.setdefault("policies", {})
    for endpoint, who in endpoints.items():
        table[endpoint] = who if isinstance(who, Policy) else Policy(who)


def policy(app: Flask, endpoint: str) -> Policy | None:
    """What an endpoint declared; None if it declared nothing."""
    table: dict[str, Policy] = app.extensions.get("policies", {})
    found: Policy | None = getattr(app.view_functions.get(endpoint), "policy", None)
    return found or table.get(endpoint)


def require_declared(app: Flask) -> None:
    """Raise Undeclared unless every endpoint of the URL map has an audience."""
    silent = sorted(
        {rule.endpoint for rule in app.url_map.iter_rules() if policy(app, rule.endpoint) is None}
    )
    if silent:
        raise Undeclared(f"no audience declared for: {', '.join(silent)}")


def init_app(app: Flask) -> None:
    """Enforce audiences before each request, before everything else; then CSRF. Tell templates what the visitor may
    do."""
    https = app.config["PUBLIC_URL"].startswith("https://")
    app.config.setdefault("CLIENT_COOKIE_NAME", "__Host-lumbar-client" if https else "lumbar-client")
    app.session_interface = PageSessions()
    app.before_request(enforce)
    # Over https the library would also require a Referer, which no browser sends from a page with a secret URL.
    # `came_from_elsewhere` checks what browsers do send, on every form, and the token's cookie is `__Host-`.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf.init_app(app)
    declare(app, {"static": anyone})
    app.context_processor(
        lambda: {
            "may": may,
            "client_session": client_session,
            "is_handed_over": is_handed_over,
            "is_locked": is_locked,
        }
    )


def enforce() -> ResponseReturnValue | None:
    """Before each request: let the right visitors through, and send others where they can sign in."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    if request.method not in SAFE_METHODS and came_from_elsewhere():
        raise FromElsewhere
    if not request.path.startswith(MACHINE_PATHS):
        find_staff_session()
        _part_with_who_was_signed_in()
    asked = policy(current_app, request.endpoint)
    if asked is None:
        raise Undeclared(f"no audience declared for: {request.endpoint}")
    g.policy = asked
    turned_away = None
    if is_locked() and _is_for_staff(asked) and request.endpoint not in UNLOCKING:
        turned_away = _to_the_lock()
    elif is_handed_over() and request.blueprint == "security" and request.endpoint not in PROVING:
        turned_away = _to_the_door("security.verify")
    elif asked.audience == staff:
        turned_away = _enforce_staff(asked)
    elif asked.audience in (contact, client):
        turned_away = _enforce_client(asked)
    if turned_away is None and asked.upload_bytes:
        request.max_content_length = asked.upload_bytes
    return turned_away


def _is_for_staff(asked: Policy) -> bool:
    """Also the pages of the sign-in that are open to anyone: they know the person by the cookie alone."""
    return asked.audience == staff or request.blueprint == "security"


def _to_the_lock() -> ResponseReturnValue:
    """What any staff page answers while the browser is locked: a page that asks by itself reads it, a person is led."""
    if is_by_itself():
        return jsonify(locked=True), BrowserLocked.status
    if typed_text.typed():
        raise BrowserLocked
    return redirect(url_for("auth.unlock", next=_here()), 303)


def _enforce_staff(asked: Policy) -> ResponseReturnValue | None:
    user = signed_in_user()
    if user is None:
        _rescue()
        return _to_the_door("security.verify" if is_handed_over() else "security.login")
    if asked.permissions and not any(permissions.may(user, each) for each in asked.permissions):
        raise NotAllowed
    if asked.fresh and not is_fresh():
        if typed_text.typed():
            raise ProveAndSendAgain
        return redirect(url_for("security.verify", next=_here()), 303)
    return None


def _rescue() -> None:
    """Store a form whose writer's session has just ended, if the page declares how."""
    keep: Rescue | None = getattr(current_app.view_functions[request.endpoint or ""], "rescue", None)
    writer: User | None = g.get("ended_session_of")
    if keep is None or writer is None or request.method != "POST":
        return
    with transaction():
        g.comes_back = keep(writer, **(request.view_args or {}))
    if g.comes_back:
        flash("Your session had ended. Sign in, and what you typed is there again.", "plain")


def _enforce_client(asked: Policy) -> ResponseReturnValue | None:
    found = client_session()
    if found is None:
        return _to_the_door("portal.sign_in")
    now = clock.now()
    if sessions.is_due_to_be_seen(found, now):
        with transaction():
            found.seen_at = now
    if asked.audience == client and found.client_id is None:
        return redirect(url_for("portal.choose"), 303)
    if asked.fresh and not sessions.is_fresh_client(found, now):
        flash(PROVE_BY_LINK, "plain")
        return redirect(url_for("portal.sign_in", next=_here()), 303)
    return None


def _to_the_door(endpoint: str) -> ResponseReturnValue:
    if request.path.startswith(MACHINE_PATHS):
        raise NotSignedIn
    if not g.get("comes_back") and typed_text.typed():
        raise SignInAndSendAgain
    return redirect(url_for(endpoint, next=_here()), 303)


def _here() -> str | None:
    """Where to return to: the requested page, or the page a form stood on; a form's target only if what it sent is
    stored there."""
    if g.get("comes_back"):
        return request.path
    return request.full_path.rstrip("?") if request.method == "GET" else _page_of_form()


def _page_of_form() -> str | None:
    """The page of staff or of a client that sent this request's form, if the browser names it."""
    if came_from_elsewhere():
        return None
    try:
        sent_by = urlsplit(request.referrer or "")
    except ValueError:
        return None
    page = own_path(sent_by.path + (f"?{sent_by.query}" if sent_by.query else ""))
    of_theirs = page is not None and page.startswith(("/staff", "/my/"))
    return page if of_theirs and sent_by.netloc in _own_hosts() else None


def _own_hosts() -> set[str]:
    return {urlsplit(address).netloc for address in (current_app.config["PUBLIC_URL"], request.host_url)}


def came_from_elsewhere() -> bool:
    """Whether the browser says that another site sent this request; a second defence besides the CSRF token.

    A page with `no-referrer` sends its own forms with the origin `null` and without a Referer, so those alone prove
    nothing.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin in (None, "null"):
        origin = request.headers.get("Referer")
    if not origin:
        return False
    ours = (current_app.config["PUBLIC_URL"], request.host_url)
    try:
        return urlsplit(origin)[:2] not in {urlsplit(address)[:2] for address in ours}
    except ValueError:  # No browser sends an origin that is not a URL.
        return True


def require_own_form() -> None:
    """For a form without a token: raise CSRFError unless the browser says that a page of ours sent it.

    Silence is not enough here. Browsers name the origin of every form that is posted, except from pages with a secret URL.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    if request.headers.get("Origin") in (None, "null") or came_from_elsewhere():
        raise CSRFError


def _part_with_who_was_signed_in() -> None:
    """Once a client's session is over, by time or by signing out, the browser no longer knows the next person."""
    browser.tidy()
    if browser.SIGNED_IN in session and client_session() is None:
        browser.forget_browser()


def actor() -> str:
    """The actor for the audit log: `user:<id>`, `contact:<id>` or `visitor`. On a client's page staff act as
    clients."""
    asked: Policy | None = g.get("policy")
    for_clients = asked is not None and asked.audience in (contact, client)
    user = None if for_clients else signed_in_user()
    if user is not None:
        return audit.by_user(user.id)
    found = client_session()
    return audit.by_contact(found.contact_id) if found is not None else audit.VISITOR


def may(permission: str) -> bool:
    """Whether the signed-in member of staff holds a permission; for templates and views."""
    user = signed_in_user()
    return user is not None and permissions.may(user, permission)
