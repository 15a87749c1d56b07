"""Right after booking: what the page promises is what will be."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging.models import Message
from tests.make import Make

EARLY = datetime(2031, 3, 6, 9, 15, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def early(make: Make, clock_at_now: None) -> Appointment:
    """A visit whose two-hour reminder falls into the quiet hours."""
    make.practice(reminder_offsets_minutes=[48 * 60, 120])
    visit: Appointment = make.appointment(of=make.offering(), who=make.client(), starts_at=EARLY)
    return visit


def path(visit: Appointment, page: str = "") -> str:
    return signed_links.manage_path(visit.id, visit.link_epoch) + page


def test_no_reminder_is_promised_within_the_quiet_hours(client: FlaskClient, early: Appointment) -> None:
    page = client.get(path(early, "/done")).get_data(as_text=True)
    assert page.count("A reminder by e-mail.") == 1
    assert "07:15" not in page
    assert "4 March, 09:15" in page


@pytest.mark.parametrize("fault", ["bounced", "not delivered"])
def test_whom_mail_does_not_reach_is_promised_none(
    client: FlaskClient, early: Appointment, now: datetime, fault: str
) -> None:
    assert early.client is not None
    assert "A confirmation is on its way" in client.get(path(early, "/done")).get_data(as_text=True)
    contact = early.client.contacts[0]
    if fault == "bounced":
        contact.bounced_at = now
    else:
        db.session.add(
            Message(
                kind="confirmation",
                subject_id=early.id,
                recipient_id=contact.id,
                client_id=early.client_id,
                occasion="r1",
                owed_at=now,
                due_at=now,
                given_up_at=now + timedelta(seconds=5),
                why="needs_utf8",
            )
        )
    db.session.commit()
    for page in ("/done", ""):
        shown = client.get(path(early, page)).get_data(as_text=True)
        assert "Our e-mails do not reach you." in shown
        assert "is on its way" not in shown
