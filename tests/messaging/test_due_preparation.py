"""Who is reminded, two days before a visit, that parts of its questions are still to do."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake.models import Consent
from clinic.messaging import services
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Owed
from clinic.plans import preparation
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.owed import berlin, occasions
from tests.plans import at_the_gate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUDGES = MessageKind.PREPARATION


@pytest.fixture
def asking(massage: Treatment) -> Treatment:
    """A treatment that asks health questions before booking."""
    massage.intake = "before_booking"
    db.session.commit()
    return massage


@pytest.fixture
def visit(make: Make, asking: Treatment, ada: Client) -> Appointment:
    """Nine days ahead, at 09:00 UTC; before the booking only what it needed was asked."""
    at_the_gate.send(ada, make.NOW - HOUR)
    found: Appointment = make.appointment(of=asking, who=ada, starts_at=make.NOW + 9 * DAY)
    return found


def answer_everything(visit: Appointment, at: datetime) -> None:
    while (found := preparation.preparation_of(visit, at)) and (task := found.next_after("")):
        posted = at_the_gate.posts(found, task.part.code)
        preparation.save_part(visit, task.part.code, posted, actor="link", now=at)
    db.session.commit()


def test_a_client_is_nudged_once_two_days_before(visit: Appointment, run: Pass, now: datetime) -> None:
    for hours in (200, 49):
        run(visit.starts_at - hours * HOUR)
    assert occasions(NUDGES) == []
    for hours in (48, 47, 24, 3):
        run(visit.starts_at - hours * HOUR)
    assert occasions(NUDGES) == ["nudge"]


def test_what_is_partly_done_is_nudged_and_what_is_done_is_not(
    make: Make, visit: Appointment, asking: Treatment, run: Pass, now: datetime
) -> None:
    found = preparation.preparation_of(visit, now)
    assert found is not None
    preparation.save_part(visit, "day", at_the_gate.posts(found, "day"), actor="link", now=now)
    db.session.commit()
    bob = make.client(mail="bob@client.example", given_name="Bob")
    at_the_gate.send(bob, now)
    other = make.appointment(of=asking, who=bob, starts_at=visit.starts_at + HOUR)
    answer_everything(other, now)
    run(other.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == ["nudge"]


def test_who_finished_or_was_asked_everything_before_is_not_nudged(
    visit: Appointment, run: Pass, now: datetime
) -> None:
    answer_everything(visit, now)
    preparation.finish(visit, looked_at=(), actor="link", now=now)
    db.session.commit()
    run(visit.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == []


def test_who_booked_within_two_days_of_the_visit_is_not_nudged(
    make: Make, visit: Appointment, run: Pass
) -> None:
    visit.time_agreed_at = visit.starts_at - 47 * HOUR
    db.session.commit()
    run(visit.starts_at - 46 * HOUR)
    assert occasions(NUDGES) == []


def test_who_wants_no_reminders_gets_no_nudge(visit: Appointment, ada: Client, run: Pass) -> None:
    ada.contacts[0].wants_reminders = False
    db.session.commit()
    run(visit.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == []


def test_who_withdrew_their_consent_is_asked_nothing_more(
    visit: Appointment, run: Pass, now: datetime
) -> None:
    db.session.execute(sa.update(Consent).values(withdrawn_at=now))
    db.session.commit()
    run(visit.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == []


@pytest.mark.parametrize("state", [State.CANCELLED, State.REQUESTED])
def test_only_a_booked_visit_is_nudged_about(visit: Appointment, run: Pass, state: State) -> None:
    visit.state, visit.decide_by = state, visit.starts_at - HOUR
    visit.cancelled_by = "client" if state is State.CANCELLED else None
    db.session.commit()
    run(visit.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == []


def test_a_treatment_without_health_questions_nudges_nobody(visit: Appointment, run: Pass) -> None:
    visit.treatment.intake = "none"
    db.session.commit()
    run(visit.starts_at - 47 * HOUR)
    assert occasions(NUDGES) == []


def test_of_several_visits_only_the_next_one_is_nudged_about(
    make: Make, visit: Appointment, asking: Treatment, ada: Client, run: Pass
) -> None:
    make.appointment(of=asking, who=ada, starts_at=visit.starts_at + DAY)
    run(visit.starts_at - 20 * HOUR)
    assert occasions(NUDGES) == ["nudge"]


def test_a_nudge_that_falls_into_the_night_waits_for_the_morning(
    make: Make, asking: Treatment, ada: Client, run: Pass
) -> None:
    at_the_gate.send(ada, make.NOW - HOUR)
    make.appointment(of=asking, who=ada, starts_at=berlin("2031-03-12T07:30"))
    run(berlin("2031-03-10T07:45"))
    assert occasions(NUDGES) == []
    run(berlin("2031-03-10T08:00"))
    assert occasions(NUDGES) == ["nudge"]


def test_the_letter_says_how_long_it_takes_and_leads_to_the_list(
    visit: Appointment, run: Pass, postbox: Postbox
) -> None:
    run(visit.starts_at - 47 * HOUR)
    (mail,) = [one for one in postbox.mails if "a few questions are left" in str(one["Subject"])]
    text = part(mail, "text/plain")
    assert "about 8 minutes" in " ".join(text.split())
    assert "/before/" in text


def test_a_nudge_on_its_way_is_dropped_once_everything_is_done(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    answer_everything(visit, now)
    assert visit.client is not None
    owed = Owed(
        kind=NUDGES,
        subject_id=visit.id,
        recipient_id=visit.client.contacts[0].id,
        occasion="nudge",
        due_at=now,
    )
    services.owe([owed], now)
    db.session.commit()
    run(now)
    assert not [one for one in postbox.mails if "questions are left" in str(one["Subject"])]


def test_the_confirmation_names_what_is_to_do_and_only_then(
    make: Make, visit: Appointment, asking: Treatment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    (mail,) = [one for one in postbox.mails if str(one["Subject"]).startswith("Booked:")]
    text = part(mail, "text/plain")
    assert "It takes about 8 minutes" in text
    assert "/before/" in text
    bob = make.client(mail="bob@client.example", given_name="Bob")
    make.submission(who=bob, submitted_at=now)
    make.appointment(of=asking, who=bob, starts_at=visit.starts_at + HOUR)
    run(now + HOUR)
    other = [one for one in postbox.mails if str(one["Subject"]).startswith("Booked:")][-1]
    assert "bob@client.example" in str(other["To"])
    assert "/before/" not in part(other, "text/plain")
