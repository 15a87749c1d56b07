"""Whoever reads the database, or a dump of it, finds nothing that opens a door: no address that is a key, no secret of a cookie."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import services as accounts
from clinic.accounts import sessions, team
from clinic.accounts.models import Client, LinkPurpose
from clinic.booking.models import Appointment, IdempotencyKey
from clinic.db import Base, db
from clinic.messaging.kinds.afterwards import owe_own_tips
from clinic.practice.models import Treatment
from clinic.staff.auth.second_factor import RecoveryCodes
from clinic.web.browser import FIELD
from tests import make
from tests.api.caller import Caller
from tests.attack.test_pressed_twice import DETAILS, JOINS, with_a_time_kept
from tests.messaging.conftest import Pass, postbox, run
from tests.messaging.mailers import Postbox, part
from tests.public.test_intake_pages import Visitor as Answering
from tests.visitor import Visitor, shown

__all__ = ["postbox", "run"]

LINKS = re.compile(r"https?://[^/\s]+/(?:api/v1/)?[a-z-]+/(?:[a-z-]+/)?([A-Za-z0-9_.-]{22,})")
SHAPE = re.compile(rb"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22,23}(?![A-Za-z0-9_-])")
"""Id and mac in base64url: what stands in every derived address."""
ID = re.compile(r"[0-9a-f-]{36}")
"""The mailed way back to a draft or a consent names a row and opens nothing: its page mails a one-time link."""
THURSDAY = "2031-03-20T10:00+01:00"

pytestmark = pytest.mark.usefixtures("clock_at_now")


def test_no_column_of_any_table_holds_what_opens_a_door(
    app: Flask, database: sa.Connection, run: Pass, postbox: Postbox
) -> None:
    sold = make.offering(slug="massage")
    known = make.client(mail="ada@client.example")
    handed_out = [
        *pages(app, sold),
        *calls(app, sold),
        *letters(app, known, run, postbox),
        *sign_ins(app, known),
    ]
    assert len(handed_out) >= 25, "the acts above no longer hand out what they did"
    found = {
        (place, secret)
        for place, content in everything()
        for secret in handed_out
        if any(shown in content for shown in as_stored(secret))
    }
    assert found == set()
    assert {place for place, content in everything() if SHAPE.search(content)} == set()


@pytest.mark.parametrize("button", ["Book this session", "Join the waiting list"])
def test_an_answer_that_was_kept_leads_to_what_was_made_without_its_address(
    app: Flask, database: sa.Connection, button: str
) -> None:
    sold = make.offering()
    visitor = Visitor(app.test_client())
    if button == "Book this session":
        with_a_time_kept(visitor, sold)
    else:
        visitor.open(f"/waiting-list/{sold.slug}")
    form, _ = visitor.form_with(button)
    path, details = visitor.path, DETAILS if button == "Book this session" else JOINS
    first = visitor.press(button, **details).path
    again = visitor.browser.post(path, data={**shown(form), **details})
    assert (again.status_code, again.headers["Location"]) == (303, first)
    kept = db.session.scalars(sa.select(IdempotencyKey)).one()
    assert kept.subject_id is not None
    assert kept.location is None


def pages(app: Flask, sold: Treatment) -> Iterator[str]:
    """A stranger answers, books, and waits for something else; the browser's own secret counts too."""
    visitor = Visitor(app.test_client())
    with_a_time_kept(visitor, sold).press("Book this session", **DETAILS)
    yield token_of(visitor.path)
    visitor.open(f"/waiting-list/{sold.slug}").press("Join the waiting list", **JOINS)
    yield token_of(visitor.path)
    answering = Answering(app.test_client())
    answering.send(age_years=["16"], clinician_seen=["yes_cleared"])
    answering.post("/guardian", {"mail": "parent@client.example"})
    for browser in (visitor.browser, answering.browser):
        with browser.session_transaction() as session:
            yield session[FIELD]


def calls(app: Flask, sold: Treatment) -> Iterator[str]:
    """A program books; the hold's secret is a key as long as the hold lives."""
    caller = Caller(app.test_client())
    kept = caller.keep(sold, THURSDAY)
    assert kept.status_code == 201, kept.get_data(as_text=True)
    hold = kept.get_json()["hold"]
    yield hold
    answer = caller.book(hold)
    assert answer.status_code == 201
    yield answer.get_json()["token"]


def letters(app: Flask, known: Client, run: Pass, postbox: Postbox) -> Iterator[str]:
    """Everything that the letters lead to: confirmations, places on the list, one-time links."""
    Visitor(app.test_client()).open("/my/sign-in").press("Send me a link", mail="ada@client.example")
    visit = db.session.scalars(sa.select(Appointment).order_by(Appointment.created_at)).first()
    assert visit is not None
    owe_own_tips(visit.id, clock.now())
    db.session.commit()
    run(clock.now() + timedelta(seconds=1))
    texts = [part(mail, "text/plain") for mail in postbox.mails]
    kinds = {str(mail["Subject"]) for mail in postbox.mails}
    assert len(kinds) >= 4, kinds
    yield from {secret for text in texts for secret in LINKS.findall(text) if not ID.fullmatch(secret)}


def sign_ins(app: Flask, known: Client) -> Iterator[str]:
    """Sessions, one-time links of every purpose, set-up links, the second factor and what replaces it."""
    now, person = clock.now(), make.user(roles=["owner"])
    for purpose in LinkPurpose:
        about = {"contact_id": known.contacts[0].id} if purpose == LinkPurpose.SIGN_IN else {}
        yield accounts.mint_link(purpose=purpose, now=now, **(about or {"subject_id": known.id}))
    yield team.mint_set_up_link(person, now)
    yield sessions.open_staff(person, now)
    yield sessions.open_client(known.contacts[0], known.id, now)
    factory = app.extensions["security"].totp_factory
    person.tf_totp_secret = factory.generate_totp_secret()
    yield factory.get_totp_pretty_key(person.tf_totp_secret).replace("-", "")
    yield from RecoveryCodes(app).create_recovery_codes(person)
    db.session.commit()


def token_of(path: str) -> str:
    """The part of an address that is the key."""
    return max(path.split("/"), key=len)


def as_stored(secret: str) -> Iterator[bytes]:
    """A secret as it could stand somewhere: as text, or as the bytes that the text stands for."""
    yield secret.encode()
    for piece in secret.split(".")[1:] or [secret]:
        if re.fullmatch(r"[A-Za-z0-9_-]{22,}", piece):
            yield base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


def everything() -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table, as bytes, with its place."""
    names = sa.inspect(db.session.connection()).get_table_names()
    assert set(names) >= set(Base.metadata.tables)
    for name in names:
        for row in db.session.execute(
            sa.text(f'SELECT * FROM "{name}"')
        ).mappings():  # Names of our own tables.
            for column, value in row.items():
                if value is not None:
                    yield f"{name}.{column}", as_bytes(value)


def as_bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value, default=str)).encode()
