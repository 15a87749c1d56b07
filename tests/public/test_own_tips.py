"""The personal part of the aftercare: asked for on the general page, mailed, and shown once."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTerms
from clinic.messaging.models import Message, MessageKind
from clinic.plans.models import SessionNote
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.plans.intakes import BLOOD_THINNER, KNOTS, send
from tests.visitor import Visitor

DESK = {**KNOTS, "occupation_type": "desk"}
SITTING = "Stand up or walk regularly"
STRETCH = "Stretch the treated muscle gently."


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit yesterday in which trigger point therapy was given."""
    now = clock.now()
    row: Appointment = make.appointment(
        of=make.offering(), who=make.client(), starts_at=now - timedelta(days=1), state="done"
    )
    note = SessionNote(
        appointment_id=row.id,
        client_id=row.client_id,
        author_id=make.user().id,
        written_at=now,
        signed_at=now,
    )
    note.content = {"modalities": ["trigger_point"]}
    db.session.add(note)
    db.session.commit()
    return row


def asked(app: Flask, visit: Appointment) -> Visitor:
    page = Visitor(app.test_client()).open(signed_links.aftercare_path(visit.id, visit.link_epoch))
    return page.press("Send me the link")


def mailed(app: Flask) -> list[str]:
    """The links that went out, as paths."""
    postbox = Postbox()
    delivery.run_pass(clock.now(), 100, postbox, PassTerms(pause=lambda seconds: None))
    pattern = re.escape(app.config["PUBLIC_URL"]) + r"(/own-tips/\S+)"
    return [found for mail in postbox.mails for found in re.findall(pattern, part(mail, "text/plain"))]


def shown(app: Flask, visit: Appointment) -> Visitor:
    asked(app, visit)
    (link,) = mailed(app)
    return Visitor(app.test_client()).open(link).press("Show my tips")


def test_the_link_goes_to_the_clients_own_address_and_shows_what_fits_them(
    app: Flask, visit: Appointment
) -> None:
    assert visit.client is not None
    send(visit.client, DESK, at=clock.now() - timedelta(days=3))
    assert asked(app, visit).heading == "Please look at your mail"
    owed = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.OWN_TIPS)).one()
    assert owed.recipient_id == visit.client.contacts[0].id
    (link,) = mailed(app)
    before = Visitor(app.test_client()).open(link)
    assert SITTING not in before.text
    tips = before.press("Show my tips")
    assert SITTING in tips.text
    assert STRETCH in tips.text
    assert tips.answer.headers["Cache-Control"].startswith("no-store")


def test_the_general_page_shows_nothing_of_it(app: Flask, visit: Appointment) -> None:
    assert visit.client is not None
    send(visit.client, DESK, at=clock.now() - timedelta(days=3))
    page = Visitor(app.test_client()).open(signed_links.aftercare_path(visit.id, visit.link_epoch))
    assert SITTING not in page.text
    assert STRETCH not in page.text


def test_a_link_shows_the_tips_once(app: Flask, visit: Appointment) -> None:
    asked(app, visit)
    (link,) = mailed(app)
    opened = Visitor(app.test_client()).open(link)
    twin = Visitor(app.test_client()).open(link)
    assert opened.press("Show my tips").status == 200
    assert twin.press("Show my tips").status == 410
    assert twin.heading == "This link no longer works"
    assert Visitor(app.test_client()).open(link).status == 410


def test_at_therapist_review_no_exercise_is_suggested(app: Flask, visit: Appointment) -> None:
    assert visit.client is not None
    send(visit.client, BLOOD_THINNER, at=clock.now() - timedelta(days=3))
    tips = shown(app, visit).text
    assert STRETCH not in tips
    assert "Move and exercise as your clinician advised." in tips


def test_without_answers_there_is_nothing_beyond_the_general_tips(app: Flask, visit: Appointment) -> None:
    assert "nothing beyond the tips that fit everybody" in shown(app, visit).text


def test_the_look_is_recorded(app: Flask, visit: Appointment) -> None:
    shown(app, visit)
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "own_tips")).one()
    assert (entry.actor, entry.action, entry.client_id) == (f"link:{visit.id}", "read", visit.client_id)


def test_somebody_without_an_address_is_answered_alike_and_no_mail_goes(
    app: Flask, visit: Appointment
) -> None:
    assert visit.client is not None
    visit.client.contacts[0].bounced_at = clock.now()
    db.session.commit()
    assert asked(app, visit).heading == "Please look at your mail"
    assert mailed(app) == []


def test_a_link_of_another_kind_or_an_old_one_opens_nothing(app: Flask, visit: Appointment) -> None:
    for raw in ("nobody-made-this", signed_links.token(signed_links.AFTERCARE, visit.id, visit.link_epoch)):
        assert Visitor(app.test_client()).open(f"/own-tips/{raw}").status == 410


def test_at_most_three_links_are_mailed_in_an_hour(app: Flask, visit: Appointment) -> None:
    answers = [asked(app, visit).status for _ in range(4)]
    assert answers == [200, 200, 200, 429]
