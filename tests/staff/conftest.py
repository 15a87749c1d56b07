"""A practice day with people at the desk: who signs in, and who comes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.web.signed_in_staff import STAFF_FIELD
from tests.make import Make
from tests.plans.conftest import Scene, scene
from tests.visitor import token_for

__all__ = ["scene"]


def _forget_the_last_request() -> None:
    """The fixture `database` keeps one app context open, and with it what Flask keeps of a request in `g`."""
    for name in list(g):
        g.pop(name)


@dataclass(frozen=True)
class Browser:
    """A signed-in browser: looks at pages and sends the forms that stand on them."""

    client: FlaskClient

    def look(self, path: str) -> TestResponse:
        """The answer to a GET, whatever it is."""
        _forget_the_last_request()
        return self.client.get(path)

    def get(self, path: str, status: int = 200) -> str:
        """The page at an address; a test fails on any other status."""
        answer = self.look(path)
        assert answer.status_code == status, (path, answer.status)
        return answer.get_data(as_text=True)

    def post(self, path: str, **fields: object) -> TestResponse:
        """Send a form with the token that stands on every page of the staff; what the last act said has been read there."""
        _forget_the_last_request()
        with self.client.session_transaction() as kept:
            kept.pop("_flashes", None)
        return self.client.post(path, data={"csrf_token": token_for(self.client), **fields})

    def act(self, visit: Appointment, what: str, **fields: object) -> TestResponse:
        """Do something with a visit from a page that shows how it stands now."""
        db.session.refresh(visit)
        shown = {"revision": visit.revision, "state": visit.state}
        return self.post(f"/staff/appointments/{visit.id}/{what}", **{**shown, **fields})

    def acted(self, visit: Appointment, what: str, **fields: object) -> str:
        """Do something with a visit that is expected to work; gives the page that follows it."""
        answer = self.act(visit, what, **fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return self.get(answer.headers["Location"])

    def done(self, path: str, **fields: object) -> str:
        """Send a form that is expected to work; gives the page that follows it."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return self.get(answer.headers["Location"])


def signed_in_browser(app: Flask, user: User) -> FlaskClient:
    """A browser as the end of a sign-in of this member of staff leaves it. Commits."""
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = user.fs_uniquifier
        kept["_fresh"] = True
        kept["fs_cc"] = "set"
        kept["fs_paa"] = time.time()
        kept[STAFF_FIELD] = sessions.open_staff(user, clock.now())
    db.session.commit()
    return client


@pytest.fixture
def sign_in(app: Flask, database: object, clock_at_now: None) -> Callable[[User], Browser]:
    """Sign a member of staff in."""
    return lambda user: Browser(signed_in_browser(app, user))


@pytest.fixture
def therapist(scene: Scene, sign_in: Callable[[User], Browser]) -> Browser:
    """The therapist of the scene."""
    return sign_in(scene.therapist_user)


@pytest.fixture
def front_desk(make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    """Somebody at the front desk."""
    return sign_in(make.user(roles=["front_desk"], given_name="Fritz"))


@pytest.fixture
def colleague(scene: Scene, make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    """Another therapist of the same place."""
    user = make.user(roles=["therapist"], given_name="Daniel", family_name="Okafor")
    make.therapist(scene.location, user_id=user.id, given_name="Daniel", family_name="Okafor")
    return sign_in(user)
