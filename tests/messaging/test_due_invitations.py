"""Who is invited to answer the health questions, and who to come again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from clinic.accounts.models import Client
from clinic.booking import changes
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.messaging import preferences
from clinic.messaging.models import MessageKind
from clinic.messaging.preferences import Topic
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox
from tests.messaging.owed import berlin, kinds, occasions

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAYTIME = timedelta(hours=3)


@pytest.fixture
def asked(massage: Treatment) -> Treatment:
    """A treatment that asks the health questions before booking."""
    massage.intake = "before_booking"
    db.session.commit()
    return massage


@pytest.fixture
def called(make: Make, asked: Treatment, ada: Client) -> Appointment:
    """Booked by staff for a caller, nine days ahead, at 09:00 UTC."""
    return make.appointment(of=asked, who=ada, starts_at=make.NOW + 9 * DAY, booked_by="staff")


# The health questions


def test_who_was_booked_by_staff_is_invited_once_and_nudged_once(
    called: Appointment, run: Pass, now: datetime
) -> None:
    run(now)
    run(now + HOUR)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]
    for hours in (49, 48, 47, 3):
        run(called.starts_at - hours * HOUR)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first", "nudge"]


def test_the_nudge_waits_a_day_after_the_first_letter(
    make: Make, asked: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    visit = make.appointment(of=asked, who=ada, starts_at=now + 30 * HOUR, booked_by="staff")
    run(now)
    run(now + 23 * HOUR)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]
    run(now + 25 * HOUR)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first", "nudge"]
    assert visit.state == State.BOOKED


def test_who_answered_is_neither_invited_nor_nudged(
    make: Make, called: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    make.submission(who=ada, submitted_at=now - DAY)
    run(now)
    run(called.starts_at - 47 * HOUR)
    assert occasions(MessageKind.INTAKE_INVITATION) == []


def test_answers_older_than_half_a_year_are_asked_for_again(
    make: Make, called: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    make.submission(who=ada, submitted_at=now - 184 * DAY)
    run(now)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]


def test_who_booked_online_answered_before_and_is_not_invited(
    make: Make, asked: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    make.appointment(of=asked, who=ada)
    run(now)
    assert occasions(MessageKind.INTAKE_INVITATION) == []


def test_a_treatment_that_asks_only_before_the_visit_invites_whoever_booked(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    massage.intake = "before_visit"
    make.appointment(of=massage, who=ada)
    run(now)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]


def test_of_several_visits_only_the_next_one_invites(
    make: Make, asked: Treatment, called: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    make.appointment(of=asked, who=ada, starts_at=called.starts_at + 7 * DAY, booked_by="staff")
    run(now)
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]


def test_an_invitation_in_the_night_waits_for_the_morning(
    make: Make, asked: Treatment, ada: Client, run: Pass
) -> None:
    at = berlin("2031-03-04T23:00")
    make.appointment(of=asked, who=ada, starts_at=at + 5 * DAY, booked_by="staff", booked_at=at)
    run(at)
    run(berlin("2031-03-05T07:59"))
    assert occasions(MessageKind.INTAKE_INVITATION) == []
    run(berlin("2031-03-05T08:00"))
    assert occasions(MessageKind.INTAKE_INVITATION) == ["first"]


def test_a_cancelled_visit_invites_nobody(called: Appointment, run: Pass, now: datetime) -> None:
    with transaction():
        changes.cancel(called.id, revision=1, actor="system", now=now)
    run(now + HOUR)
    assert MessageKind.INTAKE_INVITATION not in kinds()


# To come again


@pytest.fixture
def came(make: Make, massage: Treatment, ada: Client) -> Callable[..., Appointment]:
    """A visit of Ada's that took place, at 10:00 UTC."""
    return lambda **columns: make.appointment(
        **{"of": massage, "who": ada, "starts_at": make.NOW - DAY, "state": State.DONE, **columns}
    )


def agreed(ada: Client, now: datetime) -> None:
    with transaction():
        preferences.agree_to_news(ada.id, actor="system", now=now)


def test_who_asked_for_it_is_invited_again_after_the_practices_number_of_days(
    make: Make,
    came: Callable[..., Appointment],
    ada: Client,
    run: Pass,
    postbox: Postbox,
    now: datetime,
) -> None:
    make.practice(rebooking_after_days=30)
    visit = came()
    agreed(ada, now)
    run(visit.ends_at + 30 * DAY - HOUR)
    assert occasions(MessageKind.REBOOKING) == []
    run(visit.ends_at + 30 * DAY)
    run(visit.ends_at + 31 * DAY)
    assert occasions(MessageKind.REBOOKING) == ["visit"]
    assert postbox.subjects[-1] == "Time for another session at Alder Lane?"


def test_who_never_asked_for_it_is_not_invited(came: Callable[..., Appointment], run: Pass) -> None:
    run(came().ends_at + 29 * DAY)
    assert MessageKind.REBOOKING not in kinds()


def test_who_withdrew_the_yes_is_not_invited(
    came: Callable[..., Appointment], ada: Client, run: Pass, now: datetime
) -> None:
    visit = came()
    agreed(ada, now)
    with transaction():
        preferences.unsubscribe(ada.contacts[0], Topic.REBOOKING, now)
    run(visit.ends_at + 29 * DAY)
    assert MessageKind.REBOOKING not in kinds()


@pytest.mark.parametrize("state", [State.BOOKED, State.REQUESTED, State.DONE])
def test_who_has_come_or_comes_again_is_not_invited(
    came: Callable[..., Appointment], ada: Client, run: Pass, now: datetime, state: State
) -> None:
    first = came()
    agreed(ada, now)
    came(starts_at=first.starts_at + 40 * DAY, state=state, request_reason="plain")
    run(first.ends_at + 29 * DAY)
    assert occasions(MessageKind.REBOOKING) == []


def test_a_visit_cancelled_later_does_not_count_as_coming_again(
    came: Callable[..., Appointment], ada: Client, run: Pass, now: datetime
) -> None:
    first = came()
    agreed(ada, now)
    came(starts_at=first.starts_at + 40 * DAY, state=State.CANCELLED)
    run(first.ends_at + 29 * DAY)
    assert occasions(MessageKind.REBOOKING) == ["visit"]


def test_nobody_is_invited_about_a_visit_long_ago(
    came: Callable[..., Appointment], ada: Client, run: Pass, now: datetime
) -> None:
    visit = came(starts_at=now - 100 * DAY)
    agreed(ada, now)
    run(now)
    assert visit.state == State.DONE
    assert occasions(MessageKind.REBOOKING) == []


# Reminders as a client wishes them


def test_a_client_may_choose_other_reminders_than_the_practices(
    visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    with transaction():
        preferences.set_reminders(ada.contacts[0], [60, 24 * 60], now=now)
    for hours in (48, 24, 2, 1):
        run(visit.starts_at - hours * HOUR)
    assert occasions(MessageKind.REMINDER) == ["r1/1440", "r1/60"]


def test_a_client_may_choose_no_reminder_and_then_the_practices_again(
    visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    with transaction():
        preferences.set_reminders(ada.contacts[0], [], now=now)
    run(visit.starts_at - 48 * HOUR)
    assert occasions(MessageKind.REMINDER) == []
    with transaction():
        preferences.set_reminders(ada.contacts[0], None, now=now)
    run(visit.starts_at - 2 * HOUR)
    assert occasions(MessageKind.REMINDER) == ["r1/120"]


@pytest.mark.parametrize("minutes", [[1], [14 * 24 * 60 + 1], [15, 30, 45, 60, 75, 90]])
def test_reminders_that_cannot_be_are_refused_and_change_nothing(
    ada: Client, now: datetime, minutes: list[int]
) -> None:
    with pytest.raises(preferences.NoSuchReminder), transaction():
        preferences.set_reminders(ada.contacts[0], minutes, now=now)
    assert ada.contacts[0].reminder_offsets_minutes is None
