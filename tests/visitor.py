"""A person with a browser that runs no scripts: opens pages, fills in what the form shows, presses a button by its words."""

import time
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import Client, ClientSession, Contact, User
from clinic.db import db
from clinic.web.signed_in_staff import STAFF_FIELD
from tests.web.reading import Element, read

PASSWORD = "velvet thumb ocean 9"


class Browser(FlaskClient):
    """A browser without JavaScript. Each request finds an empty `g`, as in life, though tests keep one app context open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        if has_app_context():
            for name in list(g):
                g.pop(name)
        return super().open(*args, **kwargs)


class Visitor:
    """One browser. `answer` is what the server said last; redirects are followed by `follow` or by submitting."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser
        self.answer: TestResponse
        self.path = "/"

    def open(self, path: str) -> "Visitor":
        """Go to an address and wherever it sends the browser on."""
        self.path = path
        self.answer = self.browser.get(path)
        return self.follow()

    def follow(self) -> "Visitor":
        """Go where the last answer sends the browser, if it does."""
        for _ in range(10):
            if self.answer.status_code not in (301, 302, 303, 307, 308):
                return self
            self.path = _local(urljoin(self.path, self.answer.headers["Location"]))
            self.answer = self.browser.get(self.path)
        raise AssertionError("redirected ten times")

    def press(self, button: str, **fields: str) -> "Visitor":
        """Send the form that has this button, with these values in place of what stands there, and follow."""
        form, pressed = self.form_with(button)
        values: dict[str, Any] = {**shown(form), **fields}
        if "name" in pressed.attributes:
            values[pressed.get("name")] = pressed.attributes.get("value", "")
        target = urljoin(self.path, form.attributes.get("action") or self.path)
        self.path = _local(target)
        self.answer = self.browser.post(self.path, data=values)
        return self.follow()

    def form_with(self, button: str) -> tuple[Element, Element]:
        """The form that carries a button with these words."""
        for form in self.page.all("form"):
            for candidate in form.all("button"):
                if candidate.text == button:
                    return form, candidate
        raise AssertionError(f"no form has a button {button!r} on {self.path}: {self.text[:500]}")

    @property
    def page(self) -> Element:
        """The page that is open."""
        return read(self.answer.get_data(as_text=True))

    @property
    def text(self) -> str:
        """What it says."""
        return self.page.text

    @property
    def heading(self) -> str:
        """Its first heading."""
        return self.page.all("h1")[0].text

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return self.page.one("title").text

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return self.answer.status_code

    def token(self) -> str:
        """The CSRF token of the page that is open."""
        inputs = self.page.all("input")
        return next(one.get("value") for one in inputs if one.attributes.get("name") == "csrf_token")


def shown(form: Element) -> dict[str, Any]:
    """The values a browser would send for what stands in a form now."""
    values: dict[str, Any] = {}
    for control in form.below():
        name = control.attributes.get("name")
        if control.name == "input" and name:
            kind = control.attributes.get("type", "text")
            if kind in ("checkbox", "radio"):
                if control.has("checked"):
                    values.setdefault(name, []).append(control.attributes.get("value", "on"))
            elif kind not in ("submit", "button"):
                values[name] = control.attributes.get("value", "")
        elif control.name == "textarea" and name:
            values[name] = "".join(part for part in control.parts if isinstance(part, str))
        elif control.name == "select" and name:
            options = control.all("option")
            chosen = [one for one in options if one.has("selected")] or options[:1]
            values[name] = chosen[0].attributes.get("value", "") if chosen else ""
    return values


def as_staff(app: Flask, user: User) -> FlaskClient:
    """A browser in which this person has passed password and second factor just now."""
    browser = app.test_client()
    raw = sessions.open_staff(user, clock.now())
    db.session.commit()
    with browser.session_transaction() as session:
        session["_user_id"] = user.fs_uniquifier
        session["_fresh"] = True
        session["fs_paa"] = time.time()
        session[STAFF_FIELD] = raw
    return browser


def as_client(app: Flask, contact: Contact, client: Client | None) -> FlaskClient:
    """A browser in which this address was proven and, when a client is given, that person chosen."""
    browser = app.test_client()
    raw = sessions.open_client(contact, client.id if client else None, clock.now())
    db.session.commit()
    browser.set_cookie(app.config["CLIENT_COOKIE_NAME"], raw)
    return browser


def client_session(raw: str, now: datetime) -> ClientSession | None:
    """The live session of a client that this secret opens."""
    return db.session.scalar(sessions.live_client(raw, now))


def token_for(browser: FlaskClient) -> str:
    """A CSRF token as it stands on every page this browser is shown, without opening one."""
    with browser.session_transaction() as session:
        raw = session.setdefault("csrf_token", "0" * 40)
    signer = URLSafeTimedSerializer(browser.application.secret_key, salt="wtf-csrf-token")
    return str(signer.dumps(raw))


def _local(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
