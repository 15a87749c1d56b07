"""Letters about a time that was only asked for: that it moved, and that it is withdrawn; never that an appointment is cancelled."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking import changes, request_decisions
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.messaging import promises
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.test_letters import about, call_letter, read_html, words
from tests.visitor import Visitor

SETTLED = timedelta(seconds=120)
HOUR = timedelta(hours=1)
OF_APPOINTMENTS = ("appointment is cancelled", "Cancelled:", "Termin ist abgesagt", "Abgesagt:", "Ihr Termin")


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(Message.kind).order_by(Message.id)))


@pytest.fixture
def request_(make: Make, massage: Treatment, ada: Client) -> Appointment:
    """A time Ada asked for."""
    return make.appointment(of=massage, who=ada, state=State.REQUESTED, request_reason="level")


def move(visit: Appointment, by: timedelta, now: datetime, actor: str = "link:x") -> None:
    with transaction():
        changes.move(visit.id, visit.starts_at + by, revision=visit.revision, actor=actor, now=now)
    db.session.refresh(visit)


def cancel(visit: Appointment, now: datetime, actor: str = "link:x") -> None:
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor=actor, now=now)
    db.session.refresh(visit)


def test_a_moved_request_is_told_as_moved(
    request_: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    move(request_, HOUR, now)
    assert promises.letter_to_come(request_, now) is MessageKind.REQUEST_MOVED
    run(now + SETTLED)
    run(now + 2 * SETTLED)
    assert kinds() == [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_MOVED]
    assert postbox.subjects[-1] == "Your request has moved: now Thursday 6 March, 11:00"


def test_a_request_that_moved_before_any_letter_is_simply_received(
    request_: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    move(request_, HOUR, now)
    run(now + SETTLED)
    assert postbox.subjects == ["We have your request: Thursday 6 March, 11:00"]


def test_a_request_that_was_moved_back_before_anybody_heard_needs_no_letter(
    request_: Appointment, run: Pass, now: datetime
) -> None:
    run(now)
    move(request_, HOUR, now)
    move(request_, -HOUR, now)
    assert promises.letter_to_come(request_, now) is None
    run(now + SETTLED)
    sent = db.session.scalars(sa.select(Message.kind).where(Message.sent_at.is_not(None))).all()
    assert sent == [MessageKind.REQUEST_RECEIVED]


@pytest.mark.parametrize(
    ("actor", "says"), [("link:x", "You took the request back."), ("user:1", "We had to take it back.")]
)
def test_a_cancelled_request_is_withdrawn_and_no_appointment_is_cancelled(
    request_: Appointment, run: Pass, postbox: Postbox, now: datetime, actor: str, says: str
) -> None:
    run(now)
    cancel(request_, now, actor)
    run(now + SETTLED)
    run(now + 2 * SETTLED)
    assert kinds() == [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_WITHDRAWN]
    assert postbox.subjects[-1] == "Your request is withdrawn: Thursday 6 March, 10:00"
    mail = postbox.mails[-1]
    assert says in part(mail, "text/plain")
    assert "text/calendar" not in [one.get_content_type() for one in mail.walk()], (
        "there is nothing to take out"
    )


def test_a_confirmed_request_that_is_cancelled_is_a_cancelled_appointment(
    request_: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    with transaction():
        request_decisions.confirm(request_.id, actor="system", now=now)
    run(now)
    db.session.refresh(request_)
    cancel(request_, now)
    run(now + SETTLED)
    assert kinds()[-1] == MessageKind.CANCELLATION
    assert postbox.subjects[-1] == "Cancelled: Thursday 6 March, 10:00 at Alder Lane"


def test_a_booking_that_answers_made_a_request_is_cancelled_as_the_booking_it_was_told_as(
    make: Make, visit: Appointment, run: Pass, now: datetime
) -> None:
    run(now)
    assert kinds() == [MessageKind.CONFIRMATION]
    visit.state, visit.request_reason, visit.decide_by = State.REQUESTED, "safety", now + HOUR
    db.session.commit()
    cancel(visit, now)
    run(now + SETTLED)
    assert kinds() == [MessageKind.CONFIRMATION, MessageKind.CANCELLATION], "its calendar entry has to go"


@pytest.mark.parametrize(
    ("spoken", "kind", "subject", "sentence"),
    [
        ("en", MessageKind.REQUEST_MOVED, "Your request has moved: now", "is now for another time"),
        ("de", MessageKind.REQUEST_MOVED, "Anfrage verschoben: jetzt", "gilt jetzt für eine andere Zeit"),
        ("en", MessageKind.REQUEST_WITHDRAWN, "Your request is withdrawn:", "Nothing was booked"),
        ("de", MessageKind.REQUEST_WITHDRAWN, "Anfrage zurückgenommen:", "Es war noch nichts gebucht"),
    ],
)
def test_letters_about_a_request_never_speak_of_an_appointment_that_stands_or_is_cancelled(
    visit: Appointment,
    ada: Client,
    now: datetime,
    spoken: str,
    kind: MessageKind,
    subject: str,
    sentence: str,
) -> None:
    ada.language = spoken
    letter = about(visit, ada, kind, now)
    assert letter.subject.startswith(subject)
    for form in (words(letter), read_html(letter)):
        assert sentence in form
        assert [said for said in OF_APPOINTMENTS if said in form] == []


@pytest.mark.parametrize(
    ("spoken", "state", "sentence", "is_there"),
    [
        ("en", State.REQUESTED, "This is not a booking yet.", True),
        ("en", State.BOOKED, "This is not a booking yet.", False),
        ("de", State.REQUESTED, "Gebucht ist sie noch nicht.", True),
        ("de", State.BOOKED, "Gebucht ist sie noch nicht.", False),
    ],
)
def test_a_letter_that_we_call_says_whether_the_time_is_booked(
    make: Make,
    visit: Appointment,
    ada: Client,
    now: datetime,
    spoken: str,
    state: State,
    sentence: str,
    is_there: bool,
) -> None:
    ada.language = spoken
    letter = call_letter(make, visit, ada, now, state)
    for form in (words(letter), read_html(letter)):
        assert (sentence in form) == is_there


@pytest.mark.parametrize(
    ("spoken", "question", "press", "said"),
    [
        ("en", "Take this request back?", "Take the request back", "Your request is withdrawn."),
        ("de", "Diese Anfrage zurücknehmen?", "Anfrage zurücknehmen", "Ihre Anfrage ist zurückgenommen."),
    ],
)
def test_the_pages_say_that_a_request_is_taken_back(
    app: Flask,
    request_: Appointment,
    ada: Client,
    clock_at_now: None,
    spoken: str,
    question: str,
    press: str,
    said: str,
) -> None:
    ada.language = spoken
    db.session.commit()
    page = Visitor(app.test_client()).open(
        signed_links.manage_path(request_.id, request_.link_epoch) + "/cancel"
    )
    assert page.heading == question
    assert said in page.press(press).text
