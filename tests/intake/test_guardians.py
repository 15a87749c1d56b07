"""Nobody under 18 is booked before a parent or guardian has agreed by a link of their own."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts.models import AuditEntry, Client, Contact, Relation
from clinic.booking import admission
from clinic.booking import services as booking
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db
from clinic.intake import guardians, queries
from clinic.intake import services as intake
from clinic.intake.models import GuardianConsent, Submission
from clinic.messaging import due
from clinic.messaging.kinds import health_questions
from clinic.plans import services as plans
from clinic.practice.models import IntakeRule, Treatment
from tests.intake import walk
from tests.intake.walk import BROWSER, OTHER_BROWSER
from tests.make import Make

AGE = {"age_years": ["16"], "clinician_seen": ["yes_cleared"]}
PARENT = "parent@client.example"
Booked = Callable[..., Appointment]


@pytest.fixture
def massage(make: Make) -> Treatment:
    make.practice()
    sold: Treatment = make.treatment(therapists=[make.therapist(make.location())], intake="before_booking")
    return sold


@pytest.fixture
def book(massage: Treatment, make: Make, now: datetime) -> Booked:
    """Hold a time and book it, as the pages do, for a new client."""

    def booked(
        browser: bytes = BROWSER, *, who: Client | None = None, plain: bool = False, day: int = 1
    ) -> Appointment:
        start = now + timedelta(days=day)
        kept = booking.hold(SearchCriteria(massage.id), start, browser=browser, client_id=None, now=now)
        client = who or make.client(mail="young@client.example")
        intake.adopt(browser, client.id, now)
        return booking.book(kept.id, browser=browser, client=client, actor="visitor", now=now, plain=plain)

    return booked


def agreed(submission: Submission, now: datetime, mail: str = PARENT) -> GuardianConsent:
    row = guardians.ask(submission, mail, now)
    given = guardians.agree(row.id, now)
    assert given is not None
    return given


@pytest.mark.parametrize("said", ["yes", "no"])
def test_a_minor_is_not_booked_whatever_they_say_about_their_guardian(
    book: Booked, now: datetime, said: str
) -> None:
    walk.sent(now, guardian_consent=[said], **AGE)
    with pytest.raises(admission.GuardianNeeded):
        book()


def test_nor_by_a_plain_request_or_for_a_treatment_without_questions(
    book: Booked, massage: Treatment, now: datetime
) -> None:
    walk.sent(now, **AGE)
    with pytest.raises(admission.GuardianNeeded):
        book(plain=True)
    db.session.rollback()
    massage.intake = IntakeRule.BEFORE_VISIT
    db.session.commit()
    with pytest.raises(admission.GuardianNeeded):
        book()


def test_asking_is_not_agreeing(book: Booked, now: datetime) -> None:
    guardians.ask(walk.sent(now, **AGE), PARENT, now)
    with pytest.raises(admission.GuardianNeeded):
        book()


def test_after_the_guardians_yes_the_minor_may_ask_for_a_time(book: Booked, now: datetime) -> None:
    agreed(walk.sent(now, **AGE), now)
    visit = book()
    assert visit.state == State.REQUESTED
    guardian = db.session.scalars(
        sa.select(Contact).where(Contact.client_id == visit.client_id, Contact.relation == Relation.GUARDIAN)
    ).one()
    assert (guardian.normalised, guardian.verified_at) == (PARENT, now)


def test_an_address_given_as_ones_own_becomes_the_guardians(book: Booked, now: datetime) -> None:
    agreed(walk.sent(now, **AGE), now, mail="young@client.example")
    visit = book()
    assert visit.client is not None
    assert [one.relation for one in visit.client.contacts] == [Relation.GUARDIAN]


def test_a_client_who_has_a_guardians_yes_needs_no_second_one(
    book: Booked, make: Make, now: datetime
) -> None:
    agreed(walk.sent(now, **AGE), now)
    visit = book()
    again = walk.sent(now + timedelta(minutes=1), browser=OTHER_BROWSER, **AGE)
    again.client_id = visit.client_id
    db.session.commit()
    standing = queries.safety_standing(
        browser=None, client_id=visit.client_id, now=now + timedelta(minutes=2), zone="UTC"
    )
    assert standing.submission is again
    assert not standing.needs_guardian


def test_the_yes_goes_with_a_visitor_who_books_again_and_with_answers_given_anew(
    book: Booked, now: datetime
) -> None:
    agreed(walk.sent(now, **AGE), now)
    walk.sent(now, **AGE)
    book()
    assert book(day=2).state == State.REQUESTED


def test_the_yes_of_one_browser_is_not_that_of_another(book: Booked, now: datetime) -> None:
    agreed(walk.sent(now, **AGE), now)
    walk.sent(now, browser=OTHER_BROWSER, **AGE)
    with pytest.raises(admission.GuardianNeeded):
        book(OTHER_BROWSER)


def test_a_therapists_clearance_of_the_age_rule_is_no_guardians_yes(
    book: Booked, make: Make, now: datetime
) -> None:
    submission = walk.sent(now, **AGE)
    plans.clear(
        submission,
        rules=["T16"],
        reason="seen",
        by=make.user(),
        until=now + timedelta(days=30),
        now=now,
    )
    with pytest.raises(admission.GuardianNeeded):
        book()


def test_from_eighteen_on_nobody_else_is_asked(book: Booked, now: datetime) -> None:
    submission = walk.sent(now, age_years=["18"])
    assert book().state == State.BOOKED
    with pytest.raises(guardians.NoGuardianNeeded):
        guardians.ask(submission, PARENT, now)


def test_an_address_that_cannot_be_one_is_refused(massage: Treatment, now: datetime) -> None:
    with pytest.raises(accounts.UnreadableAddress):
        guardians.ask(walk.sent(now, **AGE), "not an address", now)


def owed(now: datetime) -> list[str]:
    """The occasions on which letters to guardians are owed."""
    rules = due.rules(now)
    assert rules is not None
    return [one.occasion for one in due.find(health_questions.guardians_asked, rules, now)]


def test_a_letter_is_owed_for_each_asking_until_the_yes(massage: Treatment, now: datetime) -> None:
    row = guardians.ask(walk.sent(now, **AGE), PARENT, now)
    assert owed(now) == ["r1"]
    guardians.ask_again(row.id, now + timedelta(seconds=10))
    assert owed(now) == ["r1"]
    guardians.ask_again(row.id, now + timedelta(minutes=5))
    assert owed(now + timedelta(minutes=5)) == ["r2"]
    guardians.agree(row.id, now + timedelta(minutes=6))
    assert owed(now + timedelta(minutes=6)) == []
    guardians.ask_again(row.id, now + timedelta(minutes=9))
    assert owed(now + timedelta(minutes=9)) == []


def test_the_yes_is_kept_with_its_text_and_recorded_without_values(massage: Treatment, now: datetime) -> None:
    row = agreed(walk.sent(now, **AGE), now)
    assert row.text_version == "2026-11"
    assert PARENT.encode() not in row.mail_sealed
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "guardian")).one()
    assert (entry.actor, entry.action, entry.subject_id, entry.fields) == (
        "guardian",
        "agree",
        row.id,
        ["agreed_at"],
    )
